"""Any table of OpenML by its number, through scikit-learn, which keeps it and verifies its checksum."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from losslab.errors import UserError, first_line
from losslab.tasks.sources.raw import Raw
from losslab.tasks.sources.table import Options, from_frame

FOLDER = "openml"


def openml(
    root: str,
    data_id: int,
    target: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    missing: str = "fill",
    categories: str | Sequence[str] | None = "auto",
    positive: Any = None,
) -> Raw:
    """All rows of a table, by its number at https://www.openml.org, which stands for one fixed version.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.fetch_openml.html

    Args:
        root: the data folder; scikit-learn keeps the table below `root/openml`.
        target: null for the table's default target.
        features, missing, categories, positive: as in `table.csv`.

    Raises UserError if the table cannot be had.
    """
    from sklearn.datasets import fetch_openml

    if isinstance(data_id, bool) or not isinstance(data_id, int) or data_id < 1:
        raise UserError(f"task.source.data_id={data_id} is wrong: give the table's number at openml.org")
    name = f"OpenML table {data_id}"
    try:
        found = fetch_openml(
            data_id=data_id,
            data_home=str(Path(root) / FOLDER),
            target_column="default-target" if target is None else target,
            as_frame=True,
        )
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or first_line(error)
        raise UserError(
            f"no {name} below {root}/{FOLDER}, and it could not be downloaded ({reason}): check "
            "task.source.data_id and task.source.target, and run it with network access"
        ) from None
    if not found.target_names:
        raise UserError(
            f"{name} names no target: set task.source.target to one of {', '.join(found.feature_names[:20])}"
        )
    targets = found.target_names[0] if len(found.target_names) == 1 else found.target_names
    return from_frame(found.frame, name, Options(targets, features, missing, categories, positive))
