"""What the function of a check claim gives back. Wrong numbers in it are refused where it is made."""

from __future__ import annotations

from typing import Annotated

import pydantic
from pydantic import AllowInfNan, Field

from losslab.records.stored import CONFIG, Cell, Number

Finite = Annotated[Number, AllowInfNan(False)]
Repeated = Annotated[list[Finite], Field(min_length=5)]
_CHECKED = pydantic.ConfigDict(**{**CONFIG, "revalidate_instances": "always"})


@pydantic.dataclasses.dataclass(config=_CHECKED)
class Table:
    """Numbers for the report, as measured: they may be infinite or NaN."""

    title: str
    columns: list[str]
    rows: list[list[Cell]]


@pydantic.dataclasses.dataclass(config=_CHECKED)
class CheckResult:
    """A check's measurements.

    Attributes:
        quantities: what predictions speak of, all finite; yes and no are 1.0 and 0.0; a list holds repeated
            measurements, at least 5.
        tables: what else was measured.
        notes: whole sentences that a reader of the verdict must know.

    Raises pydantic.ValidationError for a quantity that is no finite number.
    """

    quantities: dict[str, Finite | Repeated]
    tables: list[Table]
    notes: list[str]
