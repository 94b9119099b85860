"""The peak memory of a process and its descendants; used by benchmark.py. Linux only."""

from __future__ import annotations

import threading
from pathlib import Path


class PeakMemory:
    """Peak memory (MiB, shared pages counted once) of a process and its descendants, sampled by a thread.

    Linux only: https://docs.kernel.org/filesystems/proc.html (smaps_rollup).
    """

    def __init__(self, root: int) -> None:
        self.root, self.peak, self._ended = root, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self.peak

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            self.peak = max(self.peak, sum(map(_proportional, _tree(self.root))))


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _proportional(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
