"""Fetches what tasks need a network for; scripts/download_data calls it.

A task's own source does the work: what is there already is read, the rest is downloaded and resumed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from losslab.config.hydra_setup import package_folder, register
from losslab.errors import UserError
from losslab.tasks import load_task


def main(arguments: Sequence[str]) -> int:
    """Download the named tasks, or all that read files; 0 if all are there in the end, else 1."""
    register()
    with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
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
                task = load_task(known[name], name)
                sizes = ", ".join(f"{len(split):,} {part}" for part, split in task.splits.items())
                print(f"{name}: {sizes} samples", flush=True)
            except UserError as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                failed = 1
    return failed


def _with_files() -> dict[str, dict[str, Any]]:
    """Name -> resolved config of each task whose source reads from the data folder."""
    found = {}
    for file in sorted((package_folder("conf") / "task").glob("*.yaml")):
        raw = OmegaConf.to_container(OmegaConf.load(file))
        if isinstance(raw, dict) and _reads_files(raw["source"]):
            cfg = compose("config", overrides=[f"task={file.stem}"])
            config = OmegaConf.to_container(cfg.task, resolve=True)
            assert isinstance(config, dict)
            found[file.stem] = {str(key): value for key, value in config.items()}
    return found


def _reads_files(source: Any) -> bool:
    """Whether a source, or one within it, has a `root`."""
    return isinstance(source, Mapping) and ("root" in source or any(map(_reads_files, source.values())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
