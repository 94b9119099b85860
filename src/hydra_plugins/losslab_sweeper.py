"""Hydra's basic sweeper with losslab's before and after. Hydra only takes sweepers from this namespace.

What it does is in `losslab/sweep.py`; nothing heavy is imported until a sweep really starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from omegaconf import DictConfig


class LosslabSweeper(BasicSweeper):
    """Checks every run before the first starts, runs what is missing, ends with the comparison."""

    def sweep(self, arguments: list[str]) -> Any:
        from losslab import sweep
        from losslab.cli.console import console
        from losslab.cli.main import summarise_sweep

        assert self.config is not None and self.launcher is not None
        folder = Path(self.config.hydra.sweep.dir)
        batch = [overrides for part in self._batches(arguments) for overrides in part]
        planned = sweep.plan(batch, self._compose, preflight=self._runs_here())
        with sweep.locked(folder):
            sweep.write_plan(planned, folder)
            todo = sweep.outstanding(planned, folder, bool(self.config.retry_failed))
            already = f", {len(planned) - len(todo)} done already" if len(todo) < len(planned) else ""
            console().print(f"{len(planned)} runs in {folder}{already}", highlight=False, markup=False)
            results: Sequence[Any] = []
            try:
                if todo:
                    results = self.launcher.launch([run.hydra_overrides() for run in todo], initial_job_idx=0)
                for result in results:
                    # What escaped from a run: a bug, or a UserError. By hand, for `return_value` also prints.
                    if isinstance(result._return_value, Exception):
                        raise result._return_value
            finally:
                summarise_sweep(folder)
        if error := sweep.failures(planned, folder):
            raise error
        return results

    def _batches(self, arguments: list[str]) -> Sequence[Sequence[Sequence[str]]]:
        """Overrides of all runs: those of the experiment first, then those of the command line."""
        from hydra.core.override_parser.overrides_parser import OverridesParser

        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        return self.split_arguments(overrides, self.max_batch_size)

    def _compose(self, overrides: list[str]) -> DictConfig:
        assert self.hydra_context is not None and self.config is not None
        return self.hydra_context.config_loader.load_sweep_config(self.config, overrides)

    def _runs_here(self) -> bool:
        """Whether runs share this machine's data: only then are data and networks tried beforehand."""
        assert self.config is not None
        name = str(self.config.hydra.launcher._target_)
        return name.endswith(("BasicLauncher", "JoblibLauncher"))
