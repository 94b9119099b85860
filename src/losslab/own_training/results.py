"""What the user's function returns, read strictly: metrics by split. Also the names of metrics.

A name without a split counts as a test metric, so that nothing that may be one can be tuned on.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from losslab.errors import UserError
from losslab.records.record import MetricValue

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "eval", "dev"), VALIDATION),
    "test": TEST,
}
RIGHT = 'return a dict of metrics such as {"test/accuracy": 0.93}, or one number'
Metrics = dict[str, dict[str, MetricValue]]  # split -> metric -> value


@dataclasses.dataclass(frozen=True)
class Metric:
    """The metric that is judged, or tuned on: `key` as the user wrote it, read as a split and a name."""

    key: str
    split: str
    name: str
    higher_is_better: bool

    @classmethod
    def of(cls, key: str, lower_is_better: bool) -> Metric:
        if not isinstance(key, str) or not key:
            raise UserError(f"metric={key!r} is wrong: give a key of the dict that train returns")
        return cls(key, *split_and_name(key, default=TEST), not lower_is_better)

    def value(self, metrics: Metrics) -> float | None:
        found = metrics.get(self.split, {}).get(self.name)
        return found if isinstance(found, float) else None

    def missing(self, metrics: Metrics) -> UserError:
        known = [f"{split}/{name}" for split, found in metrics.items() for name in found]
        return UserError(
            f"train returned no {self.key!r}; the metrics are: {', '.join(known) or 'none'}. The run is "
            "kept: the same call with one of these metrics does not repeat it"
        )


def split_and_name(key: str, default: str) -> tuple[str, str]:
    """("validation", "accuracy") for "val/accuracy" or "val_accuracy"; without a split it is the default."""
    for separator in ("/", "_"):
        word, _, name = key.partition(separator)
        if name and word.lower() in _WORDS:
            return _WORDS[word.lower()], name
    return default, key


def read(returned: Any, metric: Metric, tuning: bool) -> Metrics:
    """The metrics that `train` returned: {"test/accuracy": …}, {"test": {"accuracy": …}}, or a number.

    A number is the value of `metric`. With `tuning`, test metrics are dropped before anything reads them.

    Raises UserError for anything else.
    """
    if not isinstance(returned, Mapping):
        if tuning:
            raise UserError(
                f"with tune, train returns a dict with {metric.key!r} in it, so that tuning never sees a "
                f"test metric; it returned {_shown(returned)}"
            )
        what = f"train returned {_shown(returned)}: {RIGHT}"
        return {metric.split: {metric.name: number(returned, what, whole=True)}}
    found: Metrics = {}
    for split, name, value in _entries(returned):
        if tuning and split == TEST:
            continue
        if name in found.get(split, {}):
            raise UserError(f"train returned two values for {split} {name}: return one of them")
        found.setdefault(split, {})[name] = number(value, f"train returned {name!r}")
    return found


def number(value: Any, what: str, whole: bool = False) -> float:
    """A number, tensor or array of one element. Raises UserError: `what` and the value, or `what` alone."""
    if not isinstance(value, str | bytes | bool):
        try:
            return float(value.detach() if isinstance(value, Tensor) else value)
        except (TypeError, ValueError, RuntimeError):
            pass
    raise UserError(what if whole else f"{what} as {_shown(value)}, which is not a number")


def _entries(returned: Mapping[Any, Any]) -> list[tuple[str, str, Any]]:
    entries: list[tuple[str, str, Any]] = []
    for key, value in returned.items():
        if not isinstance(key, str):
            raise UserError(f"train returned a dict with the key {key!r}: {RIGHT}")
        if isinstance(value, Mapping):
            if key.lower() not in _WORDS:
                raise UserError(
                    f"train returned a dict under {key!r}: use 'train', 'val' or 'test', or {RIGHT}"
                )
            entries += [(_WORDS[key.lower()], str(name), inner) for name, inner in value.items()]
        else:
            entries.append((*split_and_name(key, default=TEST), value))
    return entries


def finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
