"""What the function of a check claim gives back."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Table:
    """Numbers for the report, as measured: they may be infinite or NaN."""

    title: str
    columns: list[str]
    rows: list[list[str | float | int | bool]]


@dataclasses.dataclass
class CheckResult:
    """A check's measurements.

    Attributes:
        quantities: what predictions speak of, all finite; yes and no are 1.0 and 0.0; a list holds repeated
            measurements, at least 5.
        tables: what else was measured.
        notes: whole sentences that a reader of the verdict must know.
    """

    quantities: dict[str, float | list[float]]
    tables: list[Table]
    notes: list[str]
