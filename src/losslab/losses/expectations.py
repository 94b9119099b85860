"""Which kind of prediction a loss expects, and what goes wrong if it gets another.

A loss's YAML file declares it with `expects:`. For the classes and functions of torch and torchvision, and
for classes derived from them, it is known here. `misuse.py` compares it with what a loss is given.
"""

from __future__ import annotations

import inspect
from typing import Any

from losslab.config.settings import SingleLossSettings
from losslab.errors import UserError
from losslab.losses.make import find_target

# The values of `expects:`.
LOGITS = "logits"  # any real numbers: the loss applies its own softmax or sigmoid, or expects scores
PROBABILITIES = "probabilities"  # in [0, 1]
LOG_PROBABILITIES = "log_probabilities"  # at most 0
VALUES = "values"  # numbers on the scale of the targets
LOG_VALUES = "log_values"  # logarithms of numbers on the scale of the targets
PREDICTIONS = (LOGITS, PROBABILITIES, LOG_PROBABILITIES, VALUES, LOG_VALUES)

# What an output activation gives.
GIVES = {
    "identity": LOGITS,
    "sigmoid": PROBABILITIES,
    "softmax": PROBABILITIES,
    "log_softmax": LOG_PROBABILITIES,
    "first_half": VALUES,
}

# (what the loss expects, what it is given) -> what is wrong. Pairs that are not listed fit.
MISUSE = {
    (LOGITS, PROBABILITIES): (
        "applies its own softmax or sigmoid and is fed probabilities, which squashes them twice and "
        "lets the gradient of confident mistakes vanish: set loss.output_activation=identity"
    ),
    (LOGITS, LOG_PROBABILITIES): (
        "applies its own softmax or sigmoid and is fed log-probabilities: set loss.output_activation=identity"
    ),
    (PROBABILITIES, LOGITS): (
        "expects probabilities in [0, 1] and is fed raw outputs: set loss.output_activation=sigmoid "
        "(softmax where each sample has one class)"
    ),
    (PROBABILITIES, LOG_PROBABILITIES): (
        "expects probabilities and is fed their logarithms: set loss.output_activation=softmax"
    ),
    (LOG_PROBABILITIES, PROBABILITIES): (
        "expects log-probabilities and is fed probabilities without the log, "
        "so that a certain prediction costs no less than -1: set loss.output_activation=log_softmax"
    ),
    (LOG_PROBABILITIES, LOGITS): (
        "expects log-probabilities and is fed raw outputs, which are unbounded: "
        "set loss.output_activation=log_softmax"
    ),
    (LOG_VALUES, PROBABILITIES): (
        "expects logarithms of the predicted values and is fed probabilities: "
        "set loss.output_activation=identity"
    ),
    (LOG_VALUES, LOG_PROBABILITIES): (
        "expects logarithms of the predicted values and is fed log-probabilities: "
        "set loss.output_activation=identity"
    ),
}

_MODULE = "torch.nn.modules.loss"
_FUNCTION = "torch.nn.functional"
_KNOWN = {
    LOGITS: (
        f"{_MODULE}.CrossEntropyLoss",
        f"{_MODULE}.BCEWithLogitsLoss",
        f"{_MODULE}.MultiMarginLoss",
        f"{_MODULE}.SoftMarginLoss",
        f"{_MODULE}.MultiLabelMarginLoss",
        f"{_MODULE}.MultiLabelSoftMarginLoss",
        f"{_MODULE}.HingeEmbeddingLoss",
        f"{_FUNCTION}.cross_entropy",
        f"{_FUNCTION}.binary_cross_entropy_with_logits",
        f"{_FUNCTION}.multi_margin_loss",
        f"{_FUNCTION}.soft_margin_loss",
        f"{_FUNCTION}.multilabel_soft_margin_loss",
        "torchvision.ops.focal_loss.sigmoid_focal_loss",
    ),
    PROBABILITIES: (f"{_MODULE}.BCELoss", f"{_FUNCTION}.binary_cross_entropy"),
    LOG_PROBABILITIES: (
        f"{_MODULE}.NLLLoss",
        f"{_MODULE}.KLDivLoss",
        f"{_FUNCTION}.nll_loss",
        f"{_FUNCTION}.kl_div",
    ),
    VALUES: (
        f"{_MODULE}.MSELoss",
        f"{_MODULE}.L1Loss",
        f"{_MODULE}.SmoothL1Loss",
        f"{_MODULE}.HuberLoss",
        f"{_FUNCTION}.mse_loss",
        f"{_FUNCTION}.l1_loss",
        f"{_FUNCTION}.smooth_l1_loss",
        f"{_FUNCTION}.huber_loss",
    ),
}
_EXPECTED_BY = {name: word for word, names in _KNOWN.items() for name in names}

# These compare element by element: the two shapes must be equal, or torch broadcasts them.
_ELEMENTWISE = {
    *_KNOWN[VALUES],
    *_KNOWN[PROBABILITIES],
    f"{_MODULE}.BCEWithLogitsLoss",
    f"{_MODULE}.SoftMarginLoss",
    f"{_FUNCTION}.binary_cross_entropy_with_logits",
    f"{_FUNCTION}.soft_margin_loss",
    "torchvision.ops.focal_loss.sigmoid_focal_loss",
}


def expected_by(settings: SingleLossSettings, name: str) -> str | None:
    """What a loss declares, or else is known, to expect: one of PREDICTIONS; None if unknown.

    Args:
        settings: of one loss.
        name: of the loss, for messages.

    Raises UserError if `expects:` is not one of PREDICTIONS, or if the loss does not exist.
    """
    declared = settings.expects
    if declared is not None and declared not in PREDICTIONS:
        raise UserError(
            f"loss.expects={declared} of loss={name} does not exist: choose one of {', '.join(PREDICTIONS)}"
        )
    return declared or known_expectation(find_target(settings.loss, name))


def known_expectation(loss: Any) -> str | None:
    """What a class or function of torch or torchvision, or one derived from it, expects; None if unknown."""
    return next((_EXPECTED_BY[name] for name in _names(loss) if name in _EXPECTED_BY), None)


def is_elementwise(loss: Any) -> bool:
    """Whether a class or function is known to need a prediction and a target of one shape."""
    return any(name in _ELEMENTWISE for name in _names(loss))


def _names(loss: Any) -> list[str]:
    """Dotted names of a function, or of a class and those that it derives from."""
    owners = inspect.getmro(loss) if inspect.isclass(loss) else (loss,)
    return [f"{getattr(owner, '__module__', '')}.{getattr(owner, '__qualname__', '')}" for owner in owners]
