"""Tables: the user's own CSV file, and what any table goes through on its way to features and targets.

Where other tables come from is in `public_table.py` and `openml.py`, how features become numbers in
`columns.py`.
"""

from __future__ import annotations

import csv as csv_module
import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from losslab.errors import UserError
from losslab.tasks.sources.columns import Columns
from losslab.tasks.sources.raw import LARGEST, Raw, named

if TYPE_CHECKING:
    import pandas as pd

MISSING = ("error", "drop", "fill")
MOST_COLUMNS = 20_000  # pandas needs minutes for many more, and no network here takes them


def csv(
    path: str,
    target: str | Sequence[str],
    features: Sequence[str] | None = None,
    missing: str = "error",
    categories: str | Sequence[str] | None = None,
    positive: Any = None,
    read: Mapping[str, Any] | None = None,
) -> Raw:
    """One row per sample, after a line of column names. https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html

    Args:
        target: column to predict, or several. A single column of words is taken as classes, in alphabetical
            order (with two classes the second is 1).
        features: columns that are the input, in this order; null for all others.
        missing: what to do with missing values: "error"; "drop" leaves out their rows; "fill" gives numbers
            the median of the training rows, and makes missing categories a category. Rows without a target
            are never filled.
        categories: columns whose values are names, not amounts, or "auto" for all columns of words. Each
            value becomes a column of 0 and 1; the values of a target become classes.
        positive: the target's value that is class 1; all others are 0.
        read: options of pandas.read_csv, such as {sep: ;}.

    Raises UserError that names file, column and rows if the table is wrong.
    """
    table = read_table(Path(path).expanduser(), f"task.source.path={path}", read)
    options = Options(target, features, missing, categories, positive)
    return from_frame(table, path, options, first_line=2)


@dataclasses.dataclass
class Options:
    """Which columns of a table are what; see `csv`."""

    target: str | Sequence[str]
    features: Sequence[str] | None = None
    missing: str = "error"
    categories: str | Sequence[str] | None = None
    positive: Any = None


def read_table(path: Path, where: str, read: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """The file's table, with text for column names. Raises UserError if it cannot be read."""
    import pandas as pd

    options = dict(read or {})
    try:
        if "header" not in options and "names" not in options:
            _check_header(path, options.get("sep", ","), where)
        table = pd.read_csv(path, **options)
    except (OSError, ValueError, TypeError, csv_module.Error) as error:  # pandas' own errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise UserError(f"{where} cannot be read as a CSV file: {reason}") from None
    table.columns = table.columns.map(str)
    return table


def from_frame(table: pd.DataFrame, name: str, options: Options, first_line: int = 0) -> Raw:
    """Features and targets of a table.

    Args:
        name: of the table, for messages.
        first_line: the number of its first row, for messages.
    """
    import pandas as pd

    if options.missing not in MISSING:
        raise UserError(f"task.source.missing={options.missing} is wrong: choose one of {', '.join(MISSING)}")
    table = table.set_axis(pd.RangeIndex(first_line, first_line + len(table)))
    targets = _list(options.target)
    every = options.features is None
    inputs = (
        [column for column in table.columns if column not in targets] if every else _list(options.features)
    )
    _check_names(table, name, {"target": targets, "features": inputs})
    if both := sorted(set(inputs) & set(targets)):
        raise UserError(f"{name}: column {both[0]} is both a feature and the target")
    if not inputs or not targets or table.empty:
        raise UserError(
            f"{name} has {len(table)} rows, {len(inputs)} feature columns: it needs at least one each"
        )
    named_ones = _categories(table, name, options.categories, inputs)
    classes = _are_classes(table, targets, named_ones, options.positive)
    numeric = [column for column in inputs if column not in named_ones]
    numbers = _numbers(table[numeric + ([] if classes else targets)], name)
    texts = table[[column for column in inputs if column in named_ones]].astype("object")
    kept = _rows_to_keep(numbers, texts, table[targets], name, options.missing)
    numbers, texts, labels = numbers[kept], texts[kept], table.loc[kept, targets]
    if not len(labels):
        raise UserError(f"{name}: every row has missing values, so task.source.missing=drop leaves none")
    for column in texts:
        _refuse_identifier(texts[column], name)
    features = Columns(numbers[numeric], texts.where(texts.isna(), texts.astype(str)).fillna("missing"))
    if classes:
        values, class_names = _classes(labels[targets[0]], name, options.positive)
        return Raw(None, values, class_names=class_names, columns=features)
    chosen = numbers[targets[0]] if len(targets) == 1 else numbers[targets]
    values = torch.tensor(chosen.to_numpy())
    whole = bool((values == values.round()).all())
    return Raw(None, values.long() if whole else values.float(), columns=features)


def _list(names: Any) -> list[str]:
    return [str(names)] if isinstance(names, str | int) else [str(name) for name in names]


def _check_header(path: Path, separator: str, where: str) -> None:
    """Refuses what pandas would change silently (the same name twice), or take minutes to read."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        line = file.readline()
    if line.count(separator) >= MOST_COLUMNS:
        raise UserError(
            f"{where} has {line.count(separator) + 1:,} columns, and at most {MOST_COLUMNS:,} are read: "
            "give a file with fewer, or return an array from a function of your own (task=custom)"
        )
    if len(separator) == 1:
        names = next(csv_module.reader([line], delimiter=separator), [])
        if twice := sorted({column for column in names if names.count(column) > 1}):
            raise UserError(f"{where} has several columns named {twice[0]!r}: rename all but one")


def _check_names(table: pd.DataFrame, name: str, chosen: Mapping[str, Sequence[str]]) -> None:
    there = set(table.columns)
    for key, columns in chosen.items():
        for column in columns:
            if column in there:
                continue
            near = difflib.get_close_matches(column, list(there), n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UserError(
                f"task.source.{key}: {name} has no column {column}{hint}; its columns are "
                f"{', '.join(table.columns[:20])}{', ...' if len(table.columns) > 20 else ''}"
            )


def _categories(table: pd.DataFrame, name: str, asked: Any, inputs: Sequence[str]) -> set[str]:
    import pandas as pd

    if asked is None:
        return set()
    if asked == "auto":
        return {column for column in inputs if not pd.api.types.is_numeric_dtype(table[column])}
    chosen = _list(asked)
    _check_names(table, name, {"categories": chosen})
    return set(chosen)


def _are_classes(table: pd.DataFrame, targets: Sequence[str], named_ones: set[str], positive: Any) -> bool:
    """Whether the target has names of classes. Raises UserError for several targets that should have."""
    import pandas as pd

    if len(targets) == 1:
        words = not pd.api.types.is_numeric_dtype(table[targets[0]])
        return words or positive is not None or targets[0] in named_ones
    if positive is not None or named_ones & set(targets):
        raise UserError(
            f"task.source.target names {len(targets)} columns, but task.source.positive and categories that "
            "name a target are for a single one"
        )
    return False


def _numbers(columns: pd.DataFrame, name: str) -> pd.DataFrame:
    """As float64, with NaN for infinite values; refuses words, and numbers that float32 cannot hold."""
    import pandas as pd

    numbers = columns.copy()
    for column in columns.select_dtypes(exclude=["number", "bool"]):
        numbers[column] = pd.to_numeric(columns[column].astype("object"), errors="coerce")
        wrong = columns.index[numbers[column].isna() & columns[column].notna()]
        if len(wrong):
            raise UserError(
                f"{name}: column {column} must hold numbers, but {len(wrong)} of {len(columns)} rows do not: "
                f"{_lines(wrong)}, the first is {columns[column][wrong[0]]!r}; give it numbers, leave it "
                "out of task.source.features, or set task.source.categories=auto if these are names"
            )
    values = numbers.to_numpy(dtype=float, na_value=np.nan, copy=True)
    values[np.isinf(values)] = np.nan
    large = np.abs(values) > LARGEST
    if large.any():
        rows, where = large.any(axis=1), numbers.columns[large.any(axis=0)][0]
        raise UserError(
            f"{name}: column {where} has numbers beyond {LARGEST:.1e}, the largest of float32: "
            f"{_lines(numbers.index[rows])}; give it in another unit"
        )
    return pd.DataFrame(values, columns=numbers.columns, index=numbers.index)


def _rows_to_keep(
    numbers: pd.DataFrame, texts: pd.DataFrame, targets: pd.DataFrame, name: str, missing: str
) -> pd.Series:
    """Which rows are used, (N,) bool. Raises UserError for missing values that the options do not allow."""
    without_target = targets.isna().any(axis=1)
    without_target |= numbers[[column for column in targets if column in numbers]].isna().any(axis=1)
    empty = numbers.isna().any(axis=1) | texts.isna().any(axis=1) | without_target
    if missing == "drop":
        return ~empty
    refused = without_target if missing == "fill" else empty
    if not refused.any():
        return ~refused
    gaps = [str(column) for part in (numbers, texts, targets) for column in part if part[column].isna().any()]
    where = [column for column in dict.fromkeys(gaps) if missing != "fill" or column in targets]
    raise UserError(
        f"{name}: {int(refused.sum())} of {len(refused)} rows have missing values in "
        f"{', '.join(where[:10])}: {_lines(refused.index[refused])}; leave them out with "
        "task.source.missing=drop"
        + ("" if missing == "fill" else ", or fill in features with task.source.missing=fill")
    )


def _refuse_identifier(column: pd.Series, name: str) -> None:
    different = column.nunique()
    if len(column) >= 20 and different > 0.9 * len(column):
        raise UserError(
            f"{name}: column {column.name} has {different:,} different values in {len(column):,} rows, so it "
            "names rows, not categories: leave it out of task.source.features"
        )


def _classes(column: pd.Series, name: str, positive: Any) -> tuple[Tensor, list[str]]:
    """Class indices (N,) in the order of the sorted values, and the classes' names."""
    codes = column.astype("category").cat.remove_unused_categories().cat
    names = [str(value) for value in codes.categories]
    if positive is None:
        return torch.tensor(codes.codes.to_numpy(), dtype=torch.int64), names
    wanted = [index for index, value in enumerate(codes.categories) if _same(value, positive)]
    if not wanted:
        raise UserError(
            f"task.source.positive={positive}: {name} has no such value in column {column.name}, it has "
            f"{', '.join(names[:10])}{', ...' if len(names) > 10 else ''}"
        )
    others = [other for index, other in enumerate(names) if index != wanted[0]]
    labels = torch.tensor(codes.codes.to_numpy() == wanted[0]).long()
    return labels, [others[0] if len(others) == 1 else "rest", names[wanted[0]]]


def _same(value: Any, asked: Any) -> bool:
    return bool(value == asked) or str(value) == str(asked)


def _lines(rows: pd.Index) -> str:
    """Rows by their number, that of their line in the file if it is known."""
    return f"line {named([int(row) for row in rows])}"
