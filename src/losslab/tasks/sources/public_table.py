"""Published tables, one YAML each in conf/task: downloaded if missing, and held to a checksum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from losslab.errors import UserError
from losslab.tasks.sources.download import check, fetch
from losslab.tasks.sources.raw import Raw
from losslab.tasks.sources.table import Options, from_frame, read_table

FOLDER = "tabular"


def public_table(
    root: str,
    file: str,
    urls: Sequence[str],
    checksums: Sequence[str],
    rows: int,
    target: str,
    features: Sequence[str] | None = None,
    missing: str = "error",
    categories: str | Sequence[str] | None = None,
    positive: Any = None,
    read: Mapping[str, Any] | None = None,
) -> Raw:
    """All rows of a published table.

    Args:
        root: the data folder; the file lies at `root/tabular/file`.
        urls: where the file is published; the first address that has it is taken.
        checksums: of the file, such as "sha256:7d3dea..."; several if copies differ only in line ends.
        rows: how many the table has.
        target, features, missing, categories, positive, read: as in `table.csv`.

    Raises UserError if the file is missing and cannot be downloaded, or is not the published one.
    """
    path = Path(root) / FOLDER / file
    fetch(urls, path, file, checksums)
    check(path, checksums)
    table = read_table(path, str(path), read)
    if len(table) != rows:
        raise UserError(f"{path} has {len(table)} rows, but task.source.rows={rows}")
    return from_frame(table, str(path), Options(target, features, missing, categories, positive))
