"""Hydra's way into `losslab/cli/sweeps.py`. Hydra takes sweepers only from this namespace.

Nothing heavy is imported until a sweep really starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


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
        self.launcher = Plugins.instance().instantiate_launcher(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> None:
        from losslab.cli.job import preflight
        from losslab.cli.sweeps import run_claim, run_sweep
        from losslab.config import settings
        from losslab.config.overrides import combinations
        from losslab.sweep.conduct import Setup
        from losslab.sweep.launchers import ThroughHydra
        from losslab.terminal import console

        where = self.config.hydra.runtime.choices["hydra/launcher"]
        setup = Setup(
            compose=lambda overrides: self.config_loader.load_sweep_config(self.config, overrides),
            launcher=ThroughHydra(self.launcher, in_this_process=where == "basic"),
            console=console(),
            preflight=preflight if where in ("basic", "joblib") else None,  # elsewhere may be other data
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
