"""Reads a table of results that other programs wrote: CSV, TSV, JSON lines or Parquet."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.errors import UserError, first_line

SEPARATORS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}
# What counts as no value in the column of the metric; an arm may well be called None or NA.
MISSING = ["", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "null", "NULL", "None", "-"]


def read_results(path: Path, names: Sequence[str], metric: str, separator: str | None = None) -> pd.DataFrame:
    """The table, with the columns `names` as text.

    Args:
        names: of arms, seeds and data sets, which are compared as they are written: 1 and 1.0 differ.
        metric: the column of numbers.
        separator: of a text file's columns; by default a comma, in a .tsv file a tab.

    Raises UserError if the file cannot be read as a table.
    """
    readers: dict[str, Callable[[], pd.DataFrame]] = {
        ".csv": lambda: _separated(path, separator or ",", names, metric),
        ".txt": lambda: _separated(path, separator or ",", names, metric),
        ".tsv": lambda: _separated(path, separator or "\t", names, metric),
        ".jsonl": lambda: _json_lines(path),
        ".ndjson": lambda: _json_lines(path),
        ".parquet": lambda: _parquet(path),
    }
    if path.suffix.lower() not in readers:
        raise UserError(f"{path} is not a table that can be read: give one that ends in {', '.join(readers)}")
    try:
        table = readers[path.suffix.lower()]()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or first_line(error)}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8: byte {error.start} cannot be read") from error
    if table.columns.empty or table.empty:
        raise UserError(f"{path} has no rows: give a header and one row per run")
    for column in set(names) & set(table.columns):
        table[column] = table[column].map(str, na_action="ignore")
    return table


def _separated(path: Path, separator: str, names: Sequence[str], metric: str) -> pd.DataFrame:
    missing = {**{name: [""] for name in names}, metric: MISSING}
    try:
        with warnings.catch_warnings():
            # pandas would cut off what goes beyond the header
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=separator,
                encoding="utf-8-sig",
                dtype=dict.fromkeys(names, str),
                keep_default_na=False,
                na_values=missing,
                index_col=False,
            )
    except pd.errors.EmptyDataError:
        raise UserError(f"{path} is empty: give a header and one row per run") from None
    except pd.errors.ParserWarning:
        raise UserError(f"{path} has rows with more cells than its header (a decimal comma?)") from None
    except (pd.errors.ParserError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise UserError(
            f"{path} is not a table separated by {_named(separator)}: {first_line(error)}"
        ) from None
    table.columns = table.columns.str.strip()
    if len(table.columns) == 1:
        (header,) = table.columns
        if other := next((sign for sign in SEPARATORS if sign != separator and sign in header), None):
            raise UserError(
                f"{path} has one column, {header!r}: it is separated by {_named(other)}, not by "
                f"{_named(separator)}: add --separator {'tab' if other == chr(9) else repr(other)}"
            )
    return table


def _json_lines(path: Path) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UserError(f"{path}, line {number} is not JSON: {first_line(error)}") from None
            if not isinstance(row, dict):
                raise UserError(f'{path}, line {number} is not an object like {{"arm": "mse", "seed": 0}}')
            rows.append(row)
    return pd.DataFrame(rows)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError:
        raise UserError(f"{path}: reading Parquet needs pyarrow: pip install pyarrow") from None
    except ValueError as error:  # what pyarrow raises for a file that is no Parquet
        raise UserError(f"{path} is not a Parquet file: {first_line(error)}") from None


def _named(separator: str) -> str:
    return SEPARATORS.get(separator, repr(separator))
