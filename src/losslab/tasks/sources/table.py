"""Tables of numbers in a CSV file."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from losslab.errors import UserError
from losslab.tasks.sources.raw import Raw, named

if TYPE_CHECKING:
    import pandas as pd


def csv(
    path: str, target: str | Sequence[str], features: Sequence[str] | None = None, missing: str = "error"
) -> Raw:
    """One row per sample, after a line of column names. https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html

    Args:
        target: column to predict, or several. A single column of words is taken as classes, in alphabetical
            order (with two classes the second is 1).
        features: columns that are the input, in this order; null for all others.
        missing: what to do with rows that have missing values in these columns, "error" or "drop".

    Raises UserError that names file, column and rows if the table is wrong.
    """
    import pandas as pd

    if missing not in ("error", "drop"):
        raise UserError(f"task.source.missing={missing} is wrong: choose error or drop")
    try:
        table = pd.read_csv(Path(path).expanduser())
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise UserError(f"task.source.path={path} cannot be read as a CSV file: {reason}") from None
    targets = [target] if isinstance(target, str) else list(target)
    inputs = [name for name in table.columns if name not in targets] if features is None else list(features)
    for key, names in (("target", targets), ("features", inputs)):
        for name in names:
            _check_there(name, table, path, key)
    if both := sorted(set(inputs) & set(targets)):
        raise UserError(f"{path}: column {both[0]} is both a feature and the target")
    if not inputs or not targets or table.empty:
        raise UserError(
            f"{path} has {len(table)} rows, {len(inputs)} feature columns: it needs at least one each"
        )
    used = table[[*inputs, *targets]]
    words = len(targets) == 1 and not pd.api.types.is_numeric_dtype(used[targets[0]])
    for name in [*inputs, *([] if words else targets)]:
        _check_numbers(used[name], path)
    used = _without_missing(used, path, missing)
    classes: list[str] | None = None
    if words:
        codes = used[targets[0]].astype("category").cat
        classes = [str(name) for name in codes.categories]
        values = torch.tensor(codes.codes.to_numpy(), dtype=torch.int64)
    else:
        chosen = used[targets[0]] if len(targets) == 1 else used[targets]
        values = torch.tensor(chosen.astype(float).to_numpy())
        whole = bool((values == values.round()).all())
        values = values.long() if whole else values.float()
    return Raw(torch.tensor(used[inputs].astype(float).to_numpy()).float(), values, class_names=classes)


def _check_there(name: str, table: pd.DataFrame, path: str, key: str) -> None:
    if name in table.columns:
        return
    near = difflib.get_close_matches(name, [str(column) for column in table.columns], n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise UserError(
        f"task.source.{key}: {path} has no column {name}{hint}; its columns are "
        f"{', '.join(str(column) for column in table.columns)}"
    )


def _check_numbers(column: pd.Series, path: str) -> None:
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column.index[numbers.isna() & column.notna()]
    if len(wrong):
        raise UserError(
            f"{path}: column {column.name} must hold numbers, but {len(wrong)} of {len(column)} rows do not: "
            f"{_lines(wrong)}, the first is {column[wrong[0]]!r}; leave the column out of "
            "task.source.features or give it numbers"
        )


def _without_missing(used: pd.DataFrame, path: str, missing: str) -> pd.DataFrame:
    numeric = used.select_dtypes("number")
    empty = used.isna().any(axis=1) | numeric.isin([float("inf"), float("-inf")]).any(axis=1)
    if not empty.any():
        return used
    if missing == "drop":
        return used[~empty]
    where = [str(name) for name in used.columns if used[name].isna().any()]
    raise UserError(
        f"{path}: {int(empty.sum())} of {len(used)} rows have missing values"
        f"{' in ' + ', '.join(where) if where else ''}: {_lines(used.index[empty])}; fill them in, or "
        "leave them out with task.source.missing=drop"
    )


def _lines(rows: pd.Index) -> str:
    """Rows by their line number in the file, where line 1 has the column names."""
    return f"line {named([int(row) + 2 for row in rows])}"
