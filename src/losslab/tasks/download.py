"""Downloads the data of tasks; scripts/download_data calls it.

It only loads the tasks: their sources read the files that exist and download the others, or resume.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from losslab.config import catalogue
from losslab.config.compose import compose_run
from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError
from losslab.tasks import load_task


def main(arguments: Sequence[str]) -> int:
    """Download the named tasks, or all that read files; returns 0 if all can be loaded in the end, else 1."""
    known = _with_files()
    if unknown := sorted(set(arguments) - set(known)):
        print(
            f"download_data: {unknown[0]} has nothing to download: choose from {', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    failed = 0
    for name in arguments or known:
        try:
            task = load_task(compose_run(f"task={name}").task, name)
            sizes = ", ".join(f"{len(split):,} {part}" for part, split in task.splits.items())
            print(f"{name}: {sizes} samples", flush=True)
        except UserError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = 1
    return failed


def _with_files() -> list[str]:
    """The names of the tasks whose source reads from the data folder, and needs nothing from the user."""
    folders = [package_folder("conf")]
    sources = {
        name: catalogue.load("task", name, folders)["source"] for name in catalogue.names("task", folders)
    }
    return [name for name, source in sources.items() if _reads_files(source) and "???" not in source.values()]


def _reads_files(source: Any) -> bool:
    """Whether a source, or one inside it, has a `root`."""
    return isinstance(source, Mapping) and ("root" in source or any(map(_reads_files, source.values())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
