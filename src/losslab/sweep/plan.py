"""A sweep before and after its runs: checks and names all runs, leaves out finished ones, and lists failures.

`launch.py` launches the runs, `conduct.py` has the order of all steps.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from losslab import records
from losslab.config.identity import folder_name, identities, is_own_name, named_folder
from losslab.config.settings import RunSettings, read
from losslab.errors import RunsFailed, SweepStopped, UserError
from losslab.records import PLAN_FILE, Record
from losslab.records.plan import Judging, Plan, load_plan, save_plan
from losslab.records.plan import PlannedRun as Entry
from losslab.records.stored import Unreadable

LOCK_FILE = ".lock"
_PLAIN_SEED = re.compile(r"seed=(0|[1-9][0-9]{0,9})")
Preflight = Callable[[RunSettings], Any]


@dataclasses.dataclass
class PlannedRun:
    """One run of a sweep: what it is, and the name of its folder.

    Attributes:
        overrides: its differences from the defaults.
        settings: for making the run without composing it again; None if not needed.
        empty_record: what is recorded if its worker is killed; None: it follows from the settings.
    """

    overrides: list[str]
    folder: str
    identity: str
    arm_identity: str
    task_identity: str
    seed: int
    settings: RunSettings | None = dataclasses.field(default=None, repr=False)
    empty_record: Record | None = dataclasses.field(default=None, repr=False)

    def entry(self) -> Entry:
        """Its entry in `sweep.json`."""
        return Entry(
            folder=self.folder,
            identity=self.identity,
            name=self.folder,
            overrides=self.overrides,
            arm_identity=self.arm_identity,
            task_identity=self.task_identity,
            seed=self.seed,
        )

    def place(self, sweep: Path) -> Path:
        """Its folder, which losslab may write and remove: directly in `sweep`, with a name that `plan` gives.

        Raises UserError if it is not: `sweep.json` may have been edited, a link may lead elsewhere.
        """
        place = sweep / self.folder
        own = is_own_name(self.folder, self.identity)
        if not own or place.resolve() != sweep.resolve() / self.folder:
            raise UserError(
                f"{sweep / PLAN_FILE} puts a run into {self.folder!r}, not a folder that losslab made: "
                "it must lie directly in the sweep's folder and keep the name that it was given"
            )
        return place


def plan(
    batch: Sequence[Sequence[str]],
    compose: Callable[[list[str]], DictConfig],
    preflight: Preflight | None = None,
    names: Sequence[str] | None = None,
) -> list[PlannedRun]:
    """Composes and checks every run of `batch` before the first one starts.

    Args:
        batch: overrides of each run.
        compose: from overrides to a composed config.
        preflight: called with the settings of the first run of each arm, to load its data and build it, so
            that errors are found before training.
        names: the readable part of each run's folder; by default made from the overrides.

    Returns one entry for each of `batch`: the same object if two are the same run ("seed=0,0").
    Raises UserError that names the run and the error in it.
    """
    differing = _differing(batch)
    compose = _seeds_together(compose)
    planned: list[PlannedRun] = []
    known: dict[str, PlannedRun] = {}
    arms: dict[str, tuple[str, RunSettings]] = {}
    for place, overrides in enumerate(batch):
        cfg = compose(list(overrides))
        try:
            settings = read(cfg)
            if settings.trainer.strategy == "ddp":
                raise UserError(
                    "trainer=ddp starts this command, and so the whole sweep, again in each process: "
                    "run one command per run, without -m; or sweep with trainer=default, in "
                    "parallel with hydra/launcher=joblib"
                )
            ids = identities(settings)
        except UserError as error:
            raise UserError(f"{' '.join(overrides)}: {error}") from None
        arms.setdefault(ids["arm_identity"], (" ".join(overrides), settings))
        if names is None:
            own = [override for override in overrides if override in differing]
            folder = folder_name(own, ids["identity"])
        else:
            folder = named_folder(names[place], ids["identity"])
        run = PlannedRun(list(overrides), folder, seed=settings.seed, settings=settings, **ids)
        planned.append(known.setdefault(run.identity, run))
    if preflight is not None:  # takes seconds, so after all that is refused at once
        for words, settings in arms.values():
            try:
                preflight(settings)
            except UserError as error:
                raise UserError(f"{words}: {error}") from None
    return planned


def _seeds_together(compose: Callable[[list[str]], DictConfig]) -> Callable[[list[str]], DictConfig]:
    """`compose`, called once for runs that differ only in their seed, because Hydra takes 0.1 s per call.

    The returned config is valid until the next call.
    """

    @functools.lru_cache(maxsize=64)
    def composed_once(shared: tuple[str, ...]) -> DictConfig:
        return compose(list(shared))

    def composed(overrides: list[str]) -> DictConfig:
        naming_seed = [override for override in overrides if "seed" in override.partition("=")[0]]
        if len(naming_seed) != 1 or not _PLAIN_SEED.fullmatch(naming_seed[0]):
            return compose(overrides)
        config = composed_once(tuple(override for override in overrides if override != naming_seed[0]))
        config.seed = int(naming_seed[0].partition("=")[2])
        return config

    return composed


def once_each(planned: Iterable[PlannedRun]) -> list[PlannedRun]:
    """Every run once, in the order of `plan`."""
    return list({run.identity: run for run in planned}.values())


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Locks the folder for one sweep at a time; the lock of a process that has ended is ignored.

    https://py-filelock.readthedocs.io
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"another sweep is running in {folder}: wait for it, or choose another folder=FOLDER"
        ) from None
    try:
        yield
    finally:
        lock.release()


def check_locked(folder: Path) -> None:
    """Raises SweepStopped if the folder of a running sweep, or its lock, is no longer where it was."""
    if not (folder / LOCK_FILE).exists():
        raise SweepStopped(
            f"{folder} was moved or removed while the sweep ran, or its {LOCK_FILE} was: the sweep "
            "ended there; what was finished is kept, and the same command with folder=FOLDER continues"
        )


def outstanding(planned: Iterable[PlannedRun], folder: Path, retry_failed: bool) -> list[PlannedRun]:
    """Runs without a record of their own; with `retry_failed` also failed runs."""
    return [run for run in planned if not _is_done(run.place(folder), run.identity, retry_failed)]


def write_plan(planned: Sequence[PlannedRun], folder: Path, judging: Judging | None = None) -> None:
    """Writes `sweep.json`: all runs ever planned in this folder, in order. Earlier ones stay.

    A run that was planned here before keeps its folder, even if the sweep has changed. Results that were
    judged in stages stay so, also if seeds are given later.

    Raises UserError, and writes nothing, if the plan that is there is not valid, or puts a run into a folder
    that is none of this sweep.
    """
    found = _earlier_plan(folder)
    entries = {entry.identity: entry for entry in found.runs}
    for run in planned:
        if run.identity in entries:
            run.folder = entries[run.identity].folder
        else:
            entries[run.identity] = run.entry()
        run.place(folder)
    earlier = found.judging
    if judging is None:
        judging = earlier
    elif earlier is not None and not judging.stages:
        judging = judging.model_copy(update={"stages": earlier.stages})
    save_plan(Plan(runs=list(entries.values()), judging=judging), folder)


def _earlier_plan(folder: Path) -> Plan:
    if not (folder / PLAN_FILE).exists():
        return Plan()
    try:
        return load_plan(folder)
    except Unreadable as error:
        raise UserError(f"{error}; delete it to have it made again from this sweep") from None


def failures(planned: Iterable[PlannedRun], folder: Path) -> RunsFailed | None:
    """The error that ends a sweep with failed runs and names them; None if none failed."""
    failed = []
    total = 0
    for run in planned:
        total += 1
        try:
            record = records.load(folder / run.folder)
        except records.RecordError:
            failed.append((run.folder, "it left no record"))
            continue
        if record.status == records.FAILED:
            error = record.error or {}
            failed.append((run.folder, f"{error.get('type')}: {error.get('message')}".splitlines()[0]))
    if not failed:
        return None
    named = "; ".join(f"{name} ({reason})" for name, reason in failed[:5])
    more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
    return RunsFailed(
        f"{len(failed)} of {total} runs failed: {named}{more}. "
        f"The tracebacks are in {folder}/*/{records.RECORD_FILE}; the other runs are compared. "
        "retry_failed=true runs them again."
    )


def _differing(batch: Sequence[Sequence[str]]) -> set[str]:
    """Overrides that not every run of the sweep has."""
    if len(batch) < 2:
        return {override for overrides in batch for override in overrides if override.startswith("seed=")}
    common = set.intersection(*(set(overrides) for overrides in batch))
    return {override for overrides in batch for override in overrides} - common


def _is_done(folder: Path, identity: str, retry_failed: bool) -> bool:
    try:
        record = records.load(folder)
    except records.RecordError:
        return False
    return record.identity == identity and not (retry_failed and record.status == records.FAILED)
