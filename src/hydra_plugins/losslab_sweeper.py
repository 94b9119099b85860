"""Hydra's basic sweeper with losslab's before and after. Hydra only takes sweepers from this namespace.

What it does is in `losslab/sweep/`, and for an experiment that is a claim in `losslab/claims/study.py`;
nothing heavy is imported until a sweep really starts.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from omegaconf import DictConfig, OmegaConf

if TYPE_CHECKING:
    from losslab.claims.stages import ClaimRun
    from losslab.config.settings import RunSettings
    from losslab.sweep.plan import PlannedRun, Preflight

# What of a claim's command line says where and how its runs are made, and nothing about them.
_NOT_REPEATED = {"experiment", "folder", "quick", "retry_failed", "fail_fast", "data_dir"}


class LosslabSweeper(BasicSweeper):
    """Checks every run before the first starts, runs what is missing, ends with the comparison.

    An experiment that is a claim is swept in two stages, tuning and reporting, and ends with its verdict.
    """

    def sweep(self, arguments: list[str]) -> Any:
        from losslab.cli.main import summarise_sweep
        from losslab.sweep import plan

        assert self.config is not None
        if self.config.claim is not None:
            return self._sweep_claim(arguments)
        folder = Path(self.config.hydra.sweep.dir)
        batch = [overrides for part in self._batches(arguments) for overrides in part]
        planned = plan.once_each(plan.plan(batch, self._compose, preflight=self._preflight()))
        with plan.locked(folder):
            try:
                self._run_missing(planned, folder)
            finally:
                summarise_sweep(folder)
        if error := plan.failures(planned, folder):
            raise error

    def _sweep_claim(self, arguments: list[str]) -> None:
        from losslab.claims.study import Study
        from losslab.config import settings
        from losslab.errors import UserError
        from losslab.report.claims.console import print_verdict
        from losslab.sweep import plan
        from losslab.terminal import console

        assert self.config is not None
        folder = Path(self.config.hydra.sweep.dir)
        for override in self._parsed(arguments):
            if override.is_sweep_override():
                raise UserError(
                    f"{override.input_line} sweeps, but a claim says itself what it compares: "
                    "give one value, or write a claim of your own"
                )
        name = str(self.config.hydra.runtime.choices.experiment)
        plain = OmegaConf.to_container(self.config.claim, resolve=True)
        quick = settings.read_sweep(self.config).quick
        study = Study(name, plain, quick, arguments, folder, self._claim_file(name))
        build = self._preflight()
        known_metrics: list[set[str]] = []

        def preflight(run: RunSettings) -> None:
            if build is not None:
                known_metrics.append(set(build(run).task.kind.metrics(final=True).names()))

        plan.plan([list(run.overrides) for run in study.rehearsal()], self._compose, preflight)
        if known_metrics:
            study.check_metrics(known_metrics)
        everything: list[tuple[Sequence[PlannedRun], Path]] = []

        def stage(stage_name: str, runs: Sequence[ClaimRun]) -> dict[ClaimRun, Path]:
            below = folder / stage_name
            planned = plan.plan(
                [list(run.overrides) for run in runs], self._compose, names=[run.name for run in runs]
            )
            everything.append((plan.once_each(planned), below))
            self._run_missing(*everything[-1])
            return {run: below / place.folder for run, place in zip(runs, planned, strict=True)}

        with plan.locked(folder):
            verdict = study.conduct(stage, command=self._command(name, study.quick, arguments))
        print_verdict(verdict, console())
        for planned, below in everything:
            if error := plan.failures(planned, below):
                raise error

    def _claim_file(self, name: str) -> Path:
        from losslab.claims.catalogue import claim_file

        assert self.config is not None
        sources = self.config.hydra.runtime.config_sources
        own = [Path(source.path) for source in sources if source.provider == "command-line"]
        return claim_file(name, own[0] if own else None)

    def _command(self, name: str, quick: bool, arguments: list[str]) -> str:
        """What gives the same verdict again, wherever its folder is."""
        assert self.config is not None
        words = ["losslab-reproduce", name, *(["--quick"] if quick else [])]
        for source in self.config.hydra.runtime.config_sources:
            if source.provider == "command-line":
                words += ["--config-dir", source.path]
        for argument in arguments:
            if argument.lstrip("+").partition("=")[0] not in _NOT_REPEATED:
                words += ["--override", argument]
        return shlex.join(words)

    def _run_missing(self, planned: Sequence[PlannedRun], folder: Path) -> None:
        """Launch what has no record yet. Raises what escaped from a run: a bug, or a UserError."""
        from losslab.config import settings
        from losslab.sweep import plan, progress
        from losslab.terminal import console

        assert self.config is not None and self.launcher is not None
        folder.mkdir(parents=True, exist_ok=True)
        plan.write_plan(planned, folder)
        todo = plan.outstanding(planned, folder, settings.read_sweep(self.config).retry_failed)
        progress.note_present(len(planned) - len(todo))
        already = f", {len(planned) - len(todo)} done already" if len(todo) < len(planned) else ""
        console().print(f"{len(planned)} runs in {folder}{already}", highlight=False, markup=False)
        if todo:
            from losslab.sweep.launch import launch

            launch(self.launcher, todo, folder)

    def _batches(self, arguments: list[str]) -> Sequence[Sequence[Sequence[str]]]:
        """Overrides of all runs: those of the experiment first, then those of the command line."""
        return self.split_arguments(self._parsed([*self._parse_config(), *arguments]), self.max_batch_size)

    def _parsed(self, overrides: list[str]) -> list[Any]:
        from hydra.core.override_parser.overrides_parser import OverridesParser

        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        return list(parser.parse_overrides(overrides))

    def _compose(self, overrides: list[str]) -> DictConfig:
        assert self.hydra_context is not None and self.config is not None
        return self.hydra_context.config_loader.load_sweep_config(self.config, overrides)

    def _preflight(self) -> Preflight | None:
        """Loads and builds what a run consists of; None where runs do not share this machine's data."""
        from losslab.train.run import build

        assert self.config is not None
        name = str(self.config.hydra.launcher._target_)
        return build if name.endswith(("BasicLauncher", "JoblibLauncher")) else None
