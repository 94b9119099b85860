"""Shapes and values of the reductions of torch's criteria, and of the old size_average and reduce."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from losslab.claims.check_result import CheckResult, Table

_SAMPLES, _OUTPUTS = 6, 4
_OLD = {
    "size_average=True": "mean",
    "size_average=False": "sum",
    "reduce=True": "mean",
    "reduce=False": "none",
}


def measure(quick: bool) -> CheckResult:
    """Ten criteria on 6 samples with 4 outputs each; the same if quick."""
    rows: list[list[str | float | int | bool]] = []
    scalars, means, old_equal, said = [], [], [], set()
    per_sample: dict[str, list[bool]] = {"class_indices": [], "same_shape_targets": []}
    for criterion, prediction, target in _cases():
        none, mean, total = (
            criterion(reduction=word)(prediction, target) for word in ("none", "mean", "sum")
        )
        of_kind = per_sample["same_shape_targets" if target.shape == prediction.shape else "class_indices"]
        of_kind.append(tuple(none.shape) == (_SAMPLES,))
        scalars.append(mean.ndim == 0 and total.ndim == 0)
        means.append(bool(torch.allclose(mean, none.mean())) and bool(torch.allclose(total, none.sum())))
        for old, word in _OLD.items():
            same, messages = _old_argument(criterion, old, word, prediction, target)
            old_equal.append(same)
            said |= messages
        rows.append([criterion.__name__, str(tuple(none.shape)), of_kind[-1], scalars[-1], means[-1]])
    weighted = _weighted_mean()
    return CheckResult(
        quantities={
            **{f"share_one_per_sample_{kind}": sum(of) / len(of) for kind, of in per_sample.items()},
            "share_mean_and_sum_scalar": sum(scalars) / len(scalars),
            "share_mean_of_none": sum(means) / len(means),
            "share_old_arguments_equal": sum(old_equal) / len(old_equal),
            "weighted_mean_off_plain_mean": abs(weighted["mean"] - weighted["plain mean of none"]),
            "weighted_mean_off_sum_over_weights": abs(weighted["mean"] - weighted["sum / sum of weights"]),
        },
        tables=[
            Table(
                f"Reductions on {_SAMPLES} samples with {_OUTPUTS} outputs each",
                [
                    "criterion",
                    "shape of none",
                    "one per sample",
                    "mean and sum scalar",
                    "mean and sum are none's",
                ],
                rows,
            ),
            Table(
                "CrossEntropyLoss with class weights (1, 2, 3, 4)",
                ["", "value"],
                [[name, value] for name, value in weighted.items()],
            ),
        ],
        notes=[
            "none gives one loss per sample only for class indices; criteria that compare numbers one "
            "by one give one loss per element.",
            "With class weights, mean divides by the sum of the weights of the samples' classes, not by "
            "the number of samples.",
            *(f"torch says of the old arguments: “{message}”." for message in sorted(said)),
        ],
    )


def _cases() -> list[tuple[Callable[..., nn.Module], Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    outputs, values = (torch.randn(_SAMPLES, _OUTPUTS, generator=generator) for _ in range(2))
    classes = torch.arange(_SAMPLES) % _OUTPUTS
    binary = (values > 0).float()
    return [
        (nn.CrossEntropyLoss, outputs, classes),
        (nn.NLLLoss, outputs.log_softmax(dim=1), classes),
        (nn.MultiMarginLoss, outputs, classes),
        (nn.MSELoss, outputs, values),
        (nn.L1Loss, outputs, values),
        (nn.SmoothL1Loss, outputs, values),
        (nn.BCELoss, outputs.sigmoid(), binary),
        (nn.BCEWithLogitsLoss, outputs, binary),
        (nn.PoissonNLLLoss, outputs, values.abs().round()),
        (nn.SoftMarginLoss, outputs, 2 * binary - 1),
    ]


def _old_argument(
    criterion: Callable[..., nn.Module], old: str, word: str, prediction: Tensor, target: Tensor
) -> tuple[bool, set[str]]:
    """Whether the old argument gives the same result as the word, and torch's warnings about it."""
    key, _, value = old.partition("=")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            given = criterion(**{key: value == "True"})(prediction, target)
        except TypeError as error:
            return False, {str(error)}
    expected = criterion(reduction=word)(prediction, target)
    about = {
        str(warning.message).splitlines()[0] for warning in caught if "size_average" in str(warning.message)
    }
    return given.shape == expected.shape and bool(torch.allclose(given, expected)), about


def _weighted_mean() -> dict[str, float]:
    outputs = torch.randn(_SAMPLES, _OUTPUTS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    classes = torch.arange(_SAMPLES) % _OUTPUTS
    weight = torch.arange(1.0, _OUTPUTS + 1, dtype=torch.float64)
    none = nn.CrossEntropyLoss(weight=weight, reduction="none")(outputs, classes)
    return {
        "mean": float(nn.CrossEntropyLoss(weight=weight)(outputs, classes)),
        "plain mean of none": float(none.mean()),
        "sum / sum of weights": float(none.sum() / weight[classes].sum()),
    }
