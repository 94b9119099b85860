"""`losslab`: the Hydra application. Heavy imports stay inside the functions."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from losslab.cli import warnings_policy
from losslab.cli.job import (
    files_as_sentences,
    make_importable,
    no_empty_folder,
    raise_lost_interrupts,
    run_alone,
    run_in_sweep,
)
from losslab.config._hydra import overrides_first
from losslab.config.hydra_errors import as_sentences
from losslab.config.hydra_setup import package_folder, register
from losslab.errors import UserError
from losslab.support import _torchmetrics
from losslab.support.terminal import forgive_output

raise_lost_interrupts()
register()  # both at import: a launcher's worker processes import this module, but do not call main()


def main() -> None:
    """Entry point of the command `losslab`."""
    forgive_output()
    sys.argv[1:] = overrides_first(sys.argv[1:])  # hydra.main reads it
    try:
        application()
    except UserError as error:
        _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        _fail("interrupted: what was finished is kept", 130)


def application() -> None:
    """Runs the command with the arguments in `sys.argv`.

    Raises UserError if they are wrong, even if Hydra found the error.
    """
    # Hydra then raises instead of printing, and losslab reports the error.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    make_importable(Path.cwd())
    start = hydra.main(version_base="1.3", config_path=str(package_folder("conf")), config_name="config")
    try:
        with files_as_sentences(), warnings_policy.for_people(), as_sentences(), _help_in_short_lines():
            start(job)()
    except _Ended as ended:
        raise ended.error from None


def job(cfg: DictConfig) -> str | Exception:
    """One run, called by Hydra; returns its status, or in a sweep the exception that escaped from it.

    A UserError that ends the command is carried past Hydra, which would print its own lines about an
    exception.
    """
    try:
        with warnings_policy.for_people(), no_empty_folder(Path(HydraConfig.get().runtime.output_dir)):
            return _job(cfg)
    except UserError as error:
        raise _Ended(error) from None


def _job(cfg: DictConfig) -> str | Exception:
    from losslab.config import settings

    hydra_config = HydraConfig.get()
    make_importable(Path(hydra_config.runtime.cwd))
    folder = Path(hydra_config.runtime.output_dir)
    in_sweep = hydra_config.mode == hydra.types.RunMode.MULTIRUN
    if not in_sweep and cfg.claim is not None:
        name = hydra_config.runtime.choices["experiment"]
        raise UserError(f"{name} is a claim, which is many runs: losslab -m +experiment={name}")
    if not in_sweep and hydra_config.sweeper.params and "experiment" in hydra_config.runtime.choices:
        name = hydra_config.runtime.choices["experiment"]
        raise UserError(f"{name} is a sweep, which is many runs: losslab -m +experiment={name}")
    run_settings = settings.read(cfg)
    _torchmetrics.import_quickly()
    from pytorch_lightning.utilities.rank_zero import rank_zero_only  # takes seconds, so after refusals

    another_writes = bool(getattr(rank_zero_only, "rank", 0))  # another process of trainer=ddp
    overrides = [str(override) for override in hydra_config.overrides.task]
    return (run_in_sweep if in_sweep else run_alone)(
        run_settings.model_copy(update={"folder": str(folder)}),
        [override for override in overrides if not override.startswith("quiet=")],
        folder,
        quiet=another_writes or settings.read_command(cfg).quiet,
    )


@contextlib.contextmanager
def _help_in_short_lines() -> Iterator[None]:
    """Wraps Hydra's lists of names, where --help prints them: the one of losses has 774 characters."""
    if not {"-h", "--help"} & set(sys.argv[1:]):
        yield
        return
    width = shutil.get_terminal_size((100, 24)).columns
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:  # Hydra ends with sys.exit
        for line in printed.getvalue().splitlines():
            is_list = len(line) > width and line.count(", ") > 3
            print(textwrap.fill(line, width, subsequent_indent="    ") if is_list else line)


class _Ended(SystemExit):
    """A UserError on its way through Hydra."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.exit_status)
        self.error = error

    def __reduce__(self) -> tuple[type[_Ended], tuple[UserError]]:
        return _Ended, (self.error,)  # it may come from a worker process


def _fail(sentence: str, status: int) -> None:
    print(f"losslab: {sentence}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
