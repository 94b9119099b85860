"""Fetches what tasks need a network for; scripts/download_data calls it.

Loading a task does the work: its source reads the files that exist and downloads or resumes the others.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf

from losslab.config.compose import compose_run
from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError
from losslab.tasks import load_task


def main(arguments: Sequence[str]) -> int:
    """Download the named tasks, or all that read files; 0 if all are there in the end, else 1."""
    folder = package_folder("conf") / "task"
    raw = {file.stem: OmegaConf.to_container(OmegaConf.load(file)) for file in sorted(folder.glob("*.yaml"))}
    known = [name for name, task in raw.items() if isinstance(task, dict) and _reads_files(task["source"])]
    if unknown := sorted(set(arguments) - set(known)):
        print(
            f"download_data: {unknown[0]} has nothing to download: choose from {', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    failed = 0
    for name in arguments or known:
        config, _ = compose_run(f"task={name}")
        try:
            task = load_task(config["task"], name)
        except UserError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = 1
            continue
        sizes = ", ".join(f"{len(split):,} {part}" for part, split in task.splits.items())
        print(f"{name}: {sizes} samples", flush=True)
    return failed


def _reads_files(source: Any) -> bool:
    """Whether a source, or one within it, has a `root`."""
    return isinstance(source, Mapping) and ("root" in source or any(map(_reads_files, source.values())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
