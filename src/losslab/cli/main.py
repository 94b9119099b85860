"""`losslab`: the Hydra application. Heavy imports stay inside the functions."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from losslab.cli import warnings_policy
from losslab.config.hydra_errors import as_sentences
from losslab.config.hydra_setup import package_folder, register
from losslab.errors import RunsFailed, SweepStopped, UserError
from losslab.terminal import console

register()  # at import: a launcher's worker processes import this module, but do not call main()


def job(cfg: DictConfig) -> str:
    """One run, as Hydra calls it; returns its status."""
    from pytorch_lightning.utilities.rank_zero import rank_zero_only

    from losslab import records
    from losslab.config import settings
    from losslab.sweep.progress import QUIET
    from losslab.train.run import run
    from losslab.train.summary import print_run

    hydra_config = HydraConfig.get()
    _make_importable(Path(hydra_config.runtime.cwd))
    folder = Path(hydra_config.runtime.output_dir)
    in_sweep = hydra_config.mode == hydra.types.RunMode.MULTIRUN
    if not in_sweep and cfg.claim is not None:
        name = hydra_config.runtime.choices["experiment"]
        raise UserError(f"{name} is a claim, which is many runs: losslab -m +experiment={name}")
    another_writes = bool(getattr(rank_zero_only, "rank", 0))  # another process of trainer=ddp
    quiet = another_writes or (in_sweep and QUIET in os.environ)
    if in_sweep:
        _free_earlier_runs()
    if not in_sweep and (folder / records.RECORD_FILE).exists():
        raise UserError(f"folder={folder} holds a finished run already: choose another folder, or delete it")
    overrides = [str(override) for override in hydra_config.overrides.task]
    try:
        chosen = settings.read(cfg).model_copy(update={"folder": str(folder)})
        record = run(chosen, overrides, folder, None if quiet else console())
    except UserError:
        _remove_if_empty(folder)
        raise
    if not quiet:
        print_run(console(), record, folder, brief=in_sweep)
    if record.status == records.FAILED and (chosen.fail_fast or not in_sweep):
        assert record.error is not None
        first_line = record.error["message"].splitlines()[0] if record.error["message"] else ""
        sentence = (
            f"failed with {record.error['type']}: {first_line}; the traceback is in "
            f"{folder / records.RECORD_FILE}"
        )
        if not in_sweep:
            raise RunsFailed(f"the run {sentence}")
        raise SweepStopped(
            f"{folder.name} {sentence}. fail_fast=true ended the sweep there: what was finished is kept, "
            "retry_failed=true runs it again"
        )
    return record.status


def _free_earlier_runs() -> None:
    """Lightning's trainer and learner refer to each other, so that only the garbage collector ends them.

    What is there before the first run, libraries above all, is set aside: then looking takes 20 ms, not 300.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
        atexit.register(gc.unfreeze)  # else libraries complain at the end about objects that are still there
    gc.collect()


def _job(cfg: DictConfig) -> str:
    """`job`, with sentences carried past Hydra, which prints lines of its own for each exception."""
    try:
        with warnings_policy.for_people():
            return job(cfg)
    except OSError as error:
        if not _disk_is_unusable(error):
            raise
        raise _Ended(_no_room(error)) from None  # the other runs would be trained for nothing
    except UserError as error:
        in_sweep = HydraConfig.get().mode == hydra.types.RunMode.MULTIRUN
        if in_sweep and not isinstance(error, SweepStopped):
            raise  # the sweeper collects them
        raise _Ended(error) from None


class _Ended(SystemExit):
    """A UserError on its way through Hydra."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.exit_status)
        self.error = error

    def __reduce__(self) -> tuple[type[_Ended], tuple[UserError]]:
        return _Ended, (self.error,)  # it may come from a worker process


def main() -> None:
    """Entry point of the command `losslab`."""
    try:
        application(sys.argv[1:])
    except UserError as error:
        _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        _fail("interrupted: what was finished is kept", 130)


def application(arguments: list[str]) -> None:
    """What the command does with these arguments.

    Raises UserError for whatever is wrong with them, also where Hydra found it.
    """
    # Hydra then raises instead of printing, and the sentences below are ours.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    _make_importable(Path.cwd())
    sys.argv[1:] = overrides_first(arguments)
    hydra_main = hydra.main(
        version_base="1.3", config_path=str(package_folder("conf")), config_name="config"
    )(_job)
    try:
        with warnings_policy.for_people(), as_sentences():
            hydra_main()
    except _Ended as ended:
        raise ended.error from None
    except OSError as error:
        if _disk_is_unusable(error):
            raise _no_room(error) from None
        if os.environ.get("LOSSLAB_DEBUG") or error.filename is None:
            raise
        raise UserError(
            f"{error.filename}: {error.strerror}; set folder=FOLDER to a place that can be written"
        ) from None


def _disk_is_unusable(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def _no_room(error: OSError) -> UserError:
    where = f"{error.filename}: " if error.filename else ""
    return UserError(
        f"{where}{error.strerror}: what was finished is kept; make room, and the same command with the same "
        "folder=FOLDER goes on, or set folder=FOLDER to a place that can be written"
    )


def summarise_sweep(folder: Path) -> None:
    """Print and save the comparison of the sweep in `folder`, if it has any record yet."""
    from losslab import records

    if records.find([folder]):
        from losslab.report.comparison import summarise

        summarise(folder, console())


def overrides_first(arguments: list[str]) -> list[str]:
    """The same command line with all key=value in front: Hydra refuses them on both sides of an option."""
    from hydra._internal.utils import get_args_parser

    overrides = get_args_parser().parse_intermixed_args(arguments).overrides
    options = list(arguments)
    for override in overrides:
        options.remove(override)
    return [*overrides, *options]


def _fail(sentence: str, status: int) -> None:
    print(f"losslab: {sentence}", file=sys.stderr)
    sys.exit(status)


def _make_importable(folder: Path) -> None:
    """A person's own modules in the working folder, after everything installed."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return


if __name__ == "__main__":
    main()
