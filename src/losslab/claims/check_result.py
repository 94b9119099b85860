"""What a claim's check returns; `check_run.py` validates it."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import pydantic
from pydantic import BeforeValidator

from losslab.records.stored import CONFIG, Cell

FEWEST_REPEATED = 5
# a result may have been changed since it was made, so it is validated again as a whole
_CONFIG = pydantic.ConfigDict(**{**CONFIG, "revalidate_instances": "always"})


def _as_quantity(value: Any) -> Any:
    repeated = isinstance(value, list)
    if repeated and len(value) < FEWEST_REPEATED:
        raise ValueError(f"it should have at least {FEWEST_REPEATED} repeated measurements")
    for number in value if repeated else [value]:
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise ValueError(f"it should be a finite number, not {number!r}")
    return value


@dataclasses.dataclass
class Table:
    """Numbers for the report, as measured: they may be infinite or NaN."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _CONFIG
    title: str
    columns: list[str]
    rows: list[list[Cell]]


@dataclasses.dataclass
class CheckResult:
    """A check's measurements.

    Attributes:
        quantities: the numbers that predictions are about, all finite; 1.0 for yes, 0.0 for no; a list holds
            repeated measurements, at least 5.
        tables: other measurements.
        notes: whole sentences that a reader of the verdict must know.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _CONFIG
    quantities: dict[str, Annotated[float | list[float], BeforeValidator(_as_quantity)]]
    tables: list[Table]
    notes: list[str]
