"""What is examined: a criterion, the kind of targets it is examined on, and how it is called."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import torch
from torch import Tensor

from losslab.config.instantiation import make
from losslab.config.settings import LossSettings, SingleLossSettings
from losslab.errors import UserError
from losslab.losses.criterion import Criterion, build_criterion, check_criterion, matching_form
from losslab.losses.expectations import LOG_VALUES, VALUES, expected_by
from losslab.soundness.examples import KINDS, ExampleKind
from losslab.soundness.given import Given
from losslab.tasks.heads import Head


@dataclasses.dataclass
class Subject:
    """Attributes:
    name: as the user gave it.
    settings: of the loss.
    kind: the made-up data.
    expects: what the loss is declared, or known, to expect; None if unknown.
    given: the loss itself, if Python code gave it and not a config.
    """

    name: str
    settings: LossSettings
    kind: ExampleKind
    expects: str | None
    given: Given | None = None

    def criterion(self, **arguments: Any) -> Any:
        """A new criterion, with some of the loss's arguments replaced."""
        settings = self.settings
        if self.given is not None and isinstance(settings, SingleLossSettings):
            check_criterion(settings, self.kind.target_forms, self.name)
            form = matching_form(settings.forms, self.kind.target_forms)
            assert form is not None
            return Criterion(self.given.make(**arguments), settings.output_activation, form).train()
        if isinstance(settings, SingleLossSettings) and arguments:
            settings = settings.model_copy(update={"loss": settings.loss.with_arguments(**arguments)})
        kind: Any = self.kind  # it has all the needed parts of a Kind
        return build_criterion(
            settings, kind, self.name, training_targets=self._training_targets, allow_misuse=True
        ).train()

    def _training_targets(self) -> Tensor:
        """For balanced weights: every class, at different frequencies."""
        return self.targets(max(6, 3 * self.kind.shape[0] // 2))

    def targets(self, count: int = 6) -> Tensor:
        """The task's targets; counts if the loss works with logarithms of values."""
        targets = self.kind.targets(count)
        return (3 * targets.abs()).round() + 1 if self.expects == LOG_VALUES else targets

    def encoded(self, targets: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Targets in the form that the loss takes; floating-point ones in `dtype`."""
        encoded = self.kind.encode(targets, self.criterion().form)
        return encoded.to(dtype) if encoded.is_floating_point() else encoded

    def perfect(self, targets: Tensor, margin: float = 30.0) -> Tensor:
        """Raw outputs that predict the targets with the greatest certainty that the loss can ask for."""
        if self.kind.name == "regression":
            return self.kind.head.predicting(targets.log() if self.compared_with == LOG_VALUES else targets)
        if self.compared_with == VALUES:
            form = "one_hot" if self.kind.name == "multiclass" else self.criterion().form
            return self.kind.encode(targets, form)
        return margin * self.kind.signs(targets)

    @property
    def criterion_form(self) -> str | None:
        """The form in which the loss is given the kind's targets."""
        return matching_form(self.settings.parts[0].forms, self.kind.target_forms)

    @property
    def compared_with(self) -> str | None:
        """What the loss expects, if the raw outputs reach it unchanged."""
        activation = getattr(self.settings, "output_activation", "identity")  # a sum's terms have their own
        return self.expects if activation == "identity" else None

    @property
    def takes_logits(self) -> bool:
        """Whether outputs express certainty by their size, and not by being equal to the target."""
        return self.kind.name != "regression" and self.compared_with != VALUES


def value_and_gradient(criterion: Any, outputs: Tensor, targets: Tensor) -> tuple[float, Tensor]:
    """The loss as a number, and its gradient with respect to the raw outputs.

    Raises TypeError or ValueError if the loss does not return a tensor, or a scalar, or has no gradient.
    """
    outputs = outputs.detach().clone().requires_grad_()
    # clones, as a network's outputs are no leaf either; a loss that edits them is found by a mark of its own
    value = criterion(outputs.clone(), targets.clone())
    if not isinstance(value, Tensor):
        raise TypeError(f"the loss returns {type(value).__name__}, not a tensor")
    if value.ndim:
        raise ValueError(f"the loss returns shape {tuple(value.shape)}, not one number")
    if not value.requires_grad:
        raise ValueError("the loss has no gradient with respect to the prediction: something detaches it")
    (gradient,) = torch.autograd.grad(value, outputs, allow_unused=True)
    if gradient is None:
        raise ValueError("the prediction does not enter the loss")
    return float(value.detach()), gradient


def make_subject(settings: LossSettings, name: str, kind: str | None) -> Subject:
    """A subject for the given kind, else for the kind that the loss is most likely made for.

    Raises UserError if the loss cannot be made, or does not take targets of that kind.
    """
    return for_kind(Subject(name, settings, KINDS["regression"], expected_by(settings.parts[0], name)), kind)


def for_kind(subject: Subject, kind: str | None) -> Subject:
    """The subject on examples of the given kind, else of the kind that the loss is most likely made for."""
    name, settings = subject.name, subject.settings
    if settings.head is not None:
        if kind not in (None, "regression"):
            raise UserError(f"kind {kind}: loss={name} has a head, which only regression takes")
        head: Head = make(settings.head, where=f"loss={name}")
        subject = dataclasses.replace(subject, kind=KINDS["regression"].with_head(head))
        subject.criterion()
        return subject
    if kind is not None:
        if kind not in KINDS:
            raise UserError(f"kind {kind} does not exist: choose one of {', '.join(KINDS)}")
        subject = dataclasses.replace(subject, kind=KINDS[kind])
        subject.criterion()  # a loss that cannot be made is bad input, not a mark
        return subject
    candidates = [
        dataclasses.replace(subject, kind=candidate)
        for candidate in KINDS.values()
        if all(matching_form(part.forms, candidate.target_forms) for part in settings.parts)
    ]
    # First the kinds whose usual form of targets it takes: BCE also takes one-hot, but is for binary targets.
    candidates.sort(key=lambda subject: subject.criterion_form != subject.kind.forms[0])
    if not candidates:
        raise UserError(f"loss={name} takes targets of no kind that can be examined: {', '.join(KINDS)}")
    candidates[0].criterion()
    tried = [(subject, value) for subject in candidates if (value := _tried(subject)) is not None]
    finite = [subject for subject, value in tried if bool(value.isfinite().all())]
    return _most_natural(finite or [subject for subject, _ in tried] or candidates)


def _most_natural(subjects: list[Subject]) -> Subject:
    """Of the kinds that run: regression if a perfect prediction costs nothing there, else the first."""
    if subjects[0].criterion_form == "class_index":
        return subjects[0]
    for subject in subjects:
        if subject.kind.name == "regression":
            targets = subject.targets()
            with torch.no_grad():
                value = subject.criterion()(subject.perfect(targets), subject.encoded(targets))
                elsewhere = subject.criterion()(subject.perfect(targets) + 1.0, subject.encoded(targets))
            if value.sum() < elsewhere.sum() and abs(float(value.sum())) < 1e-6:
                return subject
    others = [subject for subject in subjects if subject.kind.name != "regression"]
    return (others or subjects)[0]


def _tried(subject: Subject) -> Tensor | None:
    """The loss on random outputs; None if it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.as_tensor(
                subject.criterion()(subject.kind.outputs(), subject.encoded(subject.targets()))
            )
    except Exception:
        return None
