"""`losslab.check` and `losslab.parametrize_with_checks`: examine a loss from Python, and in a test suite."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from losslab.config.settings import SingleLossSettings, SumSettings
from losslab.errors import UserError
from losslab.losses.expectations import PREDICTIONS, known_expectation
from losslab.soundness.compose import compose_settings
from losslab.soundness.examine import EXAMINERS, Examination, examine, give, usable
from losslab.soundness.examples import KINDS
from losslab.soundness.given import Given
from losslab.soundness.mark import NOT_APPLICABLE, UNSOUND, Examiner
from losslab.soundness.subject import Subject, for_kind, make_subject

if TYPE_CHECKING:
    import pytest

Loss = Any  # a name or dotted path, a module, a class, or a function of (prediction, target)
# Every form of targets, first those that are the usual one of some kind.
_USUAL = [kind.forms[0] for kind in KINDS.values()]
_FORMS = list(dict.fromkeys([*_USUAL, *(form for kind in KINDS.values() for form in kind.forms)]))


def check(
    loss: Loss,
    kind: str | None = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    output_activation: str | None = None,
    targets: str | Sequence[str] | None = None,
    expects: str | None = None,
    machine_code: bool = False,
) -> Examination:
    """Examine a loss on small made-up batches, as `losslab-check` does.

    Args:
        loss: a class, or a function of (prediction, target); a module (an instance), which is copied; or the
            name of a loss in the catalogue, or a dotted path, as on the command line.
        kind: of the targets: multiclass (N,) class indices with outputs (N, 4); binary (N, 1) and multilabel
            (N, 4) of 0 and 1; regression (N, 1); segmentation (N, 1, 8, 7) masks of 0 and 1. By default what
            suits the loss. Outputs are logits, in regression values, all float32.
        arguments: of the class or function.
        output_activation: what to apply to the outputs first: sigmoid, softmax or log_softmax; by default
            identity, or what the catalogue says.
        targets: the form in which the loss takes them: class_index, one_hot, multi_hot, signed, mask, values;
            by default the usual one of the kind.
        expects: what the loss takes for a prediction: logits, probabilities, log_probabilities, values
            (numbers like the targets) or log_values.
        machine_code: also compile with torch's default backend, which takes some seconds.

    Returns an Examination: `.verdict` (sound, weak, unsound), `.marks`, and `.raise_if_unsound()`.
    Raises UserError if the loss cannot be made or does not take such targets.
    """
    subject = _subject(loss, kind, arguments, output_activation, targets, expects)
    return examine(subject, machine_code=machine_code)


def parametrize_with_checks(
    losses: Sequence[Loss], kind: str | None = None, **options: Any
) -> pytest.MarkDecorator:
    """A pytest decorator for a test of `loss` and `check`: one test for each loss and each mark.

        @losslab.parametrize_with_checks([MyLoss, "focal"], kind="binary")
        def test_sound(loss, check):
            check(loss)

    `check(loss)` raises AssertionError if the mark is unsound, and skips the test if it is not applicable.
    Marks that are only weak pass.

    Args:
        losses, kind: as for `check`.
        options: further arguments of `check`, for all the losses.

    As scikit-learn's decorator of this name:
    https://scikit-learn.org/stable/modules/generated/sklearn.utils.estimator_checks.parametrize_with_checks.html
    """
    import pytest  # only test suites have it

    examiners = [examiner for examiner in EXAMINERS if examiner.when != "request"]
    cases = [
        pytest.param(loss, SingleCheck(examiner, kind, options), id=f"{name}-{examiner.name}")
        for loss, name in zip(losses, _names(losses), strict=True)
        for examiner in examiners
    ]
    return pytest.mark.parametrize(("loss", "check"), cases)


@dataclasses.dataclass(frozen=True)
class SingleCheck:
    """One mark as a test of a loss."""

    examiner: Examiner
    kind: str | None
    options: Mapping[str, Any]

    def __call__(self, loss: Loss) -> None:
        """Raises AssertionError if the mark is unsound."""
        import pytest

        subject = _subject(loss, self.kind, **self.options)
        if self.examiner.when != "always" and not usable(subject):
            pytest.skip("the loss does not return a scalar with a gradient")
        mark = give(self.examiner, subject)
        if mark.verdict == NOT_APPLICABLE:
            pytest.skip(mark.numbers)
        assert mark.verdict != UNSOUND, f"{mark.name}: {mark.numbers}"


def _subject(
    loss: Loss,
    kind: str | None,
    arguments: Mapping[str, Any] | None = None,
    output_activation: str | None = None,
    targets: str | Sequence[str] | None = None,
    expects: str | None = None,
) -> Subject:
    arguments = arguments or {}
    told = {"output_activation": output_activation, "targets": targets, "expects": expects}
    told = {key: value for key, value in told.items() if value is not None}
    if isinstance(loss, str):
        settings = compose_settings(loss)
        if isinstance(settings, SumSettings):
            if arguments or told:
                raise UserError(f"loss={loss} is a sum: its arguments are those of its terms")
            return make_subject(settings, loss, kind)
        changes = {"loss": settings.loss.with_arguments(**arguments), **told}
        return make_subject(settings.model_copy(update=changes), loss, kind)
    if not callable(loss):
        raise UserError(f"{loss!r} is not a loss: give a module, a class, a function or a name")
    if expects is not None and expects not in PREDICTIONS:
        raise UserError(f"expects={expects} does not exist: choose one of {', '.join(PREDICTIONS)}")
    given = Given(loss, arguments)
    settings = SingleLossSettings.model_validate(
        {"loss": {"_target_": given.name}, "output_activation": "identity", "targets": _FORMS, **told}
    )
    expected = expects or known_expectation(given.definition)
    return for_kind(Subject(given.name, settings, KINDS["regression"], expected, given), kind)


def _names(losses: Sequence[Loss]) -> list[str]:
    """Names, numbered where two are the same: instances of one class with different arguments."""
    plain = [loss if isinstance(loss, str) else Given(loss, {}).name for loss in losses]
    return [
        name if plain.count(name) == 1 else f"{name}{plain[:place].count(name) + 1}"
        for place, name in enumerate(plain)
    ]
