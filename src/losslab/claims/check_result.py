"""What the function of a check claim gives back. `check_run.py` looks at it before anything is made of it."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import pydantic
from pydantic import BeforeValidator

from losslab.records.stored import CONFIG, Cell

FEWEST_REPEATED = 5
# a result may have been changed since it was made, so it is looked at as a whole
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
        quantities: what predictions speak of, all finite; yes and no are 1.0 and 0.0; a list holds repeated
            measurements, at least 5.
        tables: what else was measured.
        notes: whole sentences that a reader of the verdict must know.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _CONFIG
    quantities: dict[str, Annotated[float | list[float], BeforeValidator(_as_quantity)]]
    tables: list[Table]
    notes: list[str]
