"""Hydra's way into `losslab/cli/sweeps.py`. Hydra takes sweepers only from this namespace.

Nothing heavy is imported until a sweep really starts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from losslab.sweep.launchers import Launcher
    from losslab.sweep.plan import Preflight


class LosslabSweeper(Sweeper):
    """Makes a `Setup` of what Hydra gives, and passes it on.

    Args:
        params: what an experiment sweeps, {key: values}.
    """

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config = config
        self.config_loader = hydra_context.config_loader
        self.where = config.hydra.runtime.choices["hydra/launcher"]
        if self.where != "joblib":
            instantiate = Plugins.instance().instantiate_launcher
            self.launcher = instantiate(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> None:
        from losslab.cli.sweeps import run_claim, run_sweep
        from losslab.config import settings
        from losslab.config.overrides import combinations
        from losslab.support.terminal import console
        from losslab.sweep.conduct import Setup

        launcher, preflight = self._launcher()
        setup = Setup(
            compose=lambda overrides: self.config_loader.load_sweep_config(self.config, overrides),
            launcher=launcher,
            console=console(),
            preflight=preflight,
            retry_failed=settings.read_command(self.config).retry_failed,
        )
        folder = Path(self.config.hydra.sweep.dir)
        if self.config.claim is None:
            swept = [f"{key}={values}" for key, values in self.params.items()]
            batch = combinations([*swept, *arguments], self.config_loader)
            run_sweep(batch, folder, setup, settings.read_command(self.config).decide)
        else:
            sources = self.config.hydra.runtime.config_sources
            own = [Path(source.path) for source in sources if source.provider == "command-line"]
            run_claim(self.config, arguments, folder, setup, own[0] if own else None)

    def _launcher(self) -> tuple[Launcher, Preflight | None]:
        """Where runs run; and what tries them before, which must be on this machine."""
        from losslab.cli.job import preflight, preflight_for_workers, train_planned
        from losslab.sweep.launchers import SideBySide, ThroughHydra

        if self.where == "joblib":
            return SideBySide(
                train_planned, _processes(self.config.hydra.launcher.n_jobs)
            ), preflight_for_workers
        here = self.where == "basic"
        return ThroughHydra(self.launcher, in_this_process=here), preflight if here else None


def _processes(wanted: Any) -> int:
    """The value of `hydra.launcher.n_jobs` as a number of processes."""
    from losslab.errors import UserError

    if wanted == -1:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0:
        return wanted
    raise UserError(
        f"hydra.launcher.n_jobs={wanted} is wrong: give a number of processes, or -1 for one on each core"
    )
