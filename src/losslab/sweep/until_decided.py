"""A sweep in stages: seeds are added for as long as an arm is open, and to open arms only.

The caller passes in what is decided; this file only derives the runs from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from losslab.errors import RunsFailed
from losslab.sweep.conduct import Conducted, Ending, Setup, conduct


class Judged(Protocol):
    """The results so far, judged."""

    def open_arms(self) -> set[str]:
        """Identities of the arms that are not decided, and of those that they are compared with."""
        ...

    def progress(self) -> str:
        """What is decided and what is open, in one sentence."""
        ...


def until_decided(
    arms: Sequence[Sequence[str]],
    folder: Path,
    setup: Setup,
    stages: Iterable[int],
    look: Callable[[], Judged],
    ending: Ending,
    make: Callable[[Sequence[Sequence[str]], Path, Setup], Conducted] = conduct,
) -> RunsFailed | None:
    """Makes the runs of each stage that `folder` lacks, until no arm is open or no stage is left.

    Args:
        arms: overrides of each arm, without a seed.
        stages: numbers of seeds, rising; seeds count from 0.
        look: judges the results so far.
        ending: called with the folder at the end, also after an interruption.
        make: makes the runs of a batch of overrides that `folder` lacks.

    Returns the error that names the failed runs, None if none failed; a failure ends the stages.
    """
    identities: list[str] = []
    wanted = set(range(len(arms)))
    conducted: Conducted | None = None
    try:
        for seeds in stages:
            batch = [[*arms[place], f"seed={seed}"] for seed in range(seeds) for place in sorted(wanted)]
            conducted = make(batch, folder, setup)
            if not identities:
                identities = [run.arm_identity for run in conducted.runs[: len(arms)]]
            judged = look()
            setup.console.print(
                f"After {seeds} seeds: {judged.progress()}", highlight=False, markup=False, soft_wrap=True
            )
            still_open = judged.open_arms()
            wanted = {place for place, identity in enumerate(identities) if identity in still_open}
            if conducted.failed or not wanted:
                break
    finally:
        ending(folder)
    return conducted.failed if conducted else None
