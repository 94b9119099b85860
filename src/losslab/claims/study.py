"""A claim from its file to its verdict: check, tuning, choice, reported runs in stages, judgement.

The caller passes in how runs are made (`Stage`), see `conduct.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.claims import answer, judge, measures, stages
from losslab.claims import tuning as tuning_of
from losslab.claims.check_run import Measured, load_function, run_check
from losslab.claims.conditions import spoken
from losslab.claims.judge import Judgement
from losslab.claims.parse import parse
from losslab.claims.samples import slots
from losslab.claims.schema import CORE, Claim
from losslab.claims.stages import REPORTING, TUNING, Cell, ClaimRun, Point
from losslab.claims.verdict import OWN, PARTS, ArmMetric, ArmResult, TunedPoint, Verdict, save
from losslab.errors import UserError
from losslab.records import DIVERGED, FAILED, FINISHED
from losslab.records.comparable import mixtures
from losslab.records.frame import read_runs
from losslab.records.record import Environment

# Makes the runs that have no record yet; returns each run's folder.
Stage = Callable[[str, Sequence[ClaimRun]], dict[ClaimRun, Path]]
Progress = Callable[[str], None]  # prints a line


class Study:
    """One claim with the settings of its command line.

    Args:
        name: the claim's name, that of its file.
        plain: the section `claim:` of its config.
        given: overrides of the command line that go into every run.
        folder: everything is written below it.
        file: the claim's YAML file.
    """

    def __init__(
        self, name: str, plain: Any, quick: bool, given: Sequence[str], folder: Path, file: Path
    ) -> None:
        self.name = name
        self.where = str(file)
        self.file = file
        whole = parse(plain, self.where)
        self.quick = quick
        self.claim: Claim = whole.in_quick() if quick else whole
        self.quick_overrides = whole.quick.overrides if quick else []
        self.given = list(given)
        self.folder = folder
        if not self.claim.of_role(CORE):
            raise UserError(
                f"{self.where}: claim.quick leaves no core prediction: name conditions that have one"
            )
        if self.claim.check is not None:
            load_function(self.claim.check, self.file)

    def rehearsal(self) -> list[ClaimRun]:
        """Runs that are composed and built but not trained, to find mistakes before any run.

        One of every cell at its grid's first point, last in the list, and one of every other point."""
        first = self.claim.seeds(1)
        every = stages.reporting_runs(self.claim, {}, self.given, self.quick_overrides, first)
        return [*self._other_points(first), *every]

    def _other_points(self, first: Sequence[int]) -> list[ClaimRun]:
        """The points of each grid after its first, once: all arms under a condition share the grid."""
        by_condition = {cell.condition: cell for cell in reversed(stages.tuned_cells(self.claim, self.given))}
        return [
            run
            for cell in by_condition.values()
            for point in stages.points(self.claim, cell.condition, self.given)[1:]
            for run in stages.reporting_runs(
                self.claim, {cell: point}, self.given, self.quick_overrides, first, [cell]
            )
        ]

    def check_metrics(self, of_tasks: Sequence[set[str]]) -> None:
        """Raises UserError if the claim names a metric that none of its tasks has."""
        named = [
            (f"predictions.{place}.metric", one.metric) for place, one in enumerate(self.claim.predictions)
        ]
        named += [("answer", metric) for metric in answer.metrics(self.claim)]
        for key, metric in [*named, ("tune_by", self.claim.tune_by)]:
            if metric is None or any(measures.is_metric(metric, of) for of in of_tasks):
                continue
            known = [*sorted(set().union(*of_tasks)), *measures.own_names()]
            raise UserError(
                f"{self.where}: claim.{key}: there is no metric {metric}; there are: {', '.join(known)}"
            )

    def conduct(self, stage: Stage, command: str, progress: Progress) -> Verdict:
        """Checks, tunes, chooses, adds seeds until all is decided; writes and returns the verdict."""
        check = self._measured()
        runs = stages.tuning_runs(self.claim, self.given, self.quick_overrides)
        tuning = _read(stage(TUNING, runs) if runs else {})
        tuned = tuning_of.results(self.claim, self.given, tuning)
        chosen = tuning_of.chosen(self.claim, tuned, tuning)
        quantities = check.result.quantities if check else {}
        made: dict[ClaimRun, Path] = {}
        wanted = set(stages.cells(self.claim))
        for seeds in self.claim.stages:
            planned = stages.reporting_runs(
                self.claim, chosen, self.given, self.quick_overrides, self.claim.seeds(seeds), wanted
            )
            if missing := [run for run in planned if run not in made]:
                made |= stage(REPORTING, missing)
            reported = _read(made)
            judgement = judge.judge(self.claim, self._by_cell(reported), quantities)
            wanted = judgement.open_cells
            if self.claim.arms and len(self.claim.stages) > 1:
                progress(f"After {seeds} seeds: {_decided(judgement)}")
            if not wanted or FAILED in set(reported["status"]):
                break
        verdict = self._verdict(check, judgement, tuning, tuned, chosen, reported, command)
        save(verdict, self.folder)
        return verdict

    def _by_cell(self, reported: pd.DataFrame) -> dict[Cell, pd.DataFrame]:
        return {cell: tuning_of.of_cell(cell, reported) for cell in stages.cells(self.claim)}

    def _measured(self) -> Measured | None:
        """The check's result. Raises UserError if a prediction names a quantity that it lacks."""
        if self.claim.check is None:
            return None
        check = run_check(self.claim.check, self.file, self.quick, self.folder)
        known = check.result.quantities
        named = [
            (f"predictions.{place}.quantity", slot.quantity)
            for place, prediction in enumerate(self.claim.predictions)
            for slot in slots(self.claim, prediction)
            if prediction.quantity is not None
        ]
        for key, name in [*named, *(("answer", name) for name in answer.quantities(self.claim))]:
            if name not in known:
                raise UserError(
                    f"{self.where}: claim.{key}: the check does not measure {name}; "
                    f"it measures: {', '.join(known)}"
                )
        return check

    def _verdict(
        self,
        check: Measured | None,
        judgement: Judgement,
        tuning: pd.DataFrame,
        tuned: Mapping[Cell, Mapping[Point, TunedPoint]],
        chosen: Mapping[Cell, Point],
        reported: pd.DataFrame,
        command: str,
    ) -> Verdict:
        predictions = judgement.predictions
        arms = [
            self._arm(
                cell, runs, list(tuned.get(cell, {}).values()), chosen.get(stages.tuned_as(self.claim, cell))
            )
            for cell, runs in self._by_cell(reported).items()
        ]
        timings = [*tuning["timing"], *reported["timing"]]
        seconds = sum(timing.get("processor", 0.0) for timing in timings)
        return Verdict(
            claim=self.name,
            statement=self.claim.statement,
            source=self.claim.source,
            part=self.file.parent.name if self.file.parent.name in PARTS else OWN,
            reported=self.claim.reported,
            note=self.claim.note,
            tags=list(self.claim.tags),
            quick=self.quick,
            outcome=judgement.outcome,
            where=judgement.where,
            conditions=judgement.conditions,
            answer=answer.filled(self.claim, predictions, arms, check.result.quantities if check else {}),
            summary=judge.summary(predictions),
            predictions=predictions,
            collapsed=judgement.collapsed,
            arms=arms,
            check=check.result if check else None,
            protocol=self._protocol(len(tuning), reported),
            problems=[*mixtures(reported), *_problems(arms)],
            command=command,
            environment=next(iter(reported["environment"]), Environment()),
            seconds=seconds + (check.seconds if check else 0.0),
        )

    def _arm(self, cell: Cell, runs: pd.DataFrame, tuning: list[TunedPoint], best: Point | None) -> ArmResult:
        statuses = runs["status"].value_counts()
        finished, diverged = int(statuses.get(FINISHED, 0)), int(statuses.get(DIVERGED, 0))
        return ArmResult(
            condition=cell.condition,
            arm=cell.arm,
            overrides=[*self.claim.condition(cell.condition).overrides, *self.claim.arms[cell.arm]],
            chosen=dict(best or (stages.points(self.claim, cell.condition, self.given) or [()])[0]),
            at_edge=[]
            if best is None or not tuning
            else tuning_of.at_edge(self.claim.grid(cell.condition), best),
            tuning=tuning,
            tuned_by=self.claim.tune_by or "",
            primary=str(runs["metric"].iloc[0]) if len(runs) else "",
            higher_is_better=bool(runs["higher_is_better"].iloc[0]) if len(runs) else True,
            metrics=self._metrics(runs),
            finished=finished,
            diverged=diverged,
            failed=int(statuses.get(FAILED, 0)),
            findings=dict(Counter(rule for found in runs["findings"] for rule in _rules(found))),
            runs=[str(folder.relative_to(self.folder)) for folder in runs["folder"]],
        )

    def _metrics(self, runs: pd.DataFrame) -> dict[str, ArmMetric]:
        """Every metric and measure of the predictions, and every final test metric that is one number."""
        wanted: dict[str, tuple[str, float | None]] = {}
        steps: dict[str, tuple[str, float | None]] = {}
        for prediction in self.claim.predictions:
            if prediction.metric == measures.STEPS:
                steps[f"steps to {prediction.target:.10g}"] = (measures.STEPS, prediction.target)
            elif prediction.metric is not None:
                wanted[prediction.metric] = (prediction.metric, None)
        wanted |= {metric: (metric, None) for metric in answer.metrics(self.claim)}
        for metrics in runs["metrics"]:
            wanted.update({name: (name, None) for name in _single_numbers(metrics.get("test", {}))})
        return {
            name: judge.arm_metric(
                metric, target, measures.outcomes_of(runs, metric, target, self.claim.margins)
            )
            for name, (metric, target) in {**wanted, **dict(sorted(steps.items()))}.items()
        }

    def _protocol(self, tuning: int, reported: pd.DataFrame) -> dict[str, str]:
        if not len(reported):
            return {}
        grids = {
            name: ", ".join(f"{key} in {values}" for key, values in self.claim.grid(name).items())
            for name in self.claim.condition_names
        }
        tuned = {grid for grid in grids.values() if grid}
        trainers = [config["trainer"] for config in reported["config"]]

        def chosen(group: str) -> str:
            return _listed(choices.get(group, "") for choices in reported["choices"])

        protocol = {
            "task": chosen("task"),
            "model": chosen("model"),
            "optimizer": chosen("optimizer"),
            "epochs": _listed(trainer["max_epochs"] for trainer in trainers),
            "batch size": _listed(trainer["batch_size"] for trainer in trainers),
            "seeds reported": f"{self.claim.first_seed} to {int(reported.index.max())}, judged at "
            + _listed(self.claim.stages),
        }
        if tuned:
            by = f", by {self.claim.tune_by.replace('_', ' ')}" if self.claim.tune_by else ""
            protocol["tuned on validation data"] = (
                tuned.pop()
                if len(tuned) == 1
                else "; ".join(f"{name}: {grid}" for name, grid in grids.items() if grid)
            ) + by
            protocol["seeds for tuning"] = _range(self.claim.tuning_seeds)
        protocol["runs"] = f"{tuning} to tune, {len(reported)} reported"
        protocol["network's parameters"] = next(map(str, reported["parameters"].dropna()), "unknown")
        protocol["precision"] = str(trainers[0]["precision"])
        protocol["activation"] = chosen("activation")
        return protocol


def _decided(judgement: Judgement) -> str:
    """ "3 of 8 conditions are decided"; for a single one its word."""
    if len(judgement.conditions) == 1:
        return "open" if judgement.open_cells else judgement.outcome
    undecided = {cell.condition for cell in judgement.open_cells}
    decided = sum(1 for one in judgement.conditions if one.condition not in undecided)
    return f"{decided} of {len(judgement.conditions)} conditions are decided"


def _read(folders: Mapping[ClaimRun, Path]) -> pd.DataFrame:
    """The frame of the runs that left a record, by seed, with their `cell` and `point`."""
    # two cells may share a run; runs without a record are named at the end of the sweep
    runs, _ = read_runs(dict.fromkeys(folders.values()))
    known = set(runs["folder"])
    found = [(run, folder) for run, folder in folders.items() if folder in known]
    frame = runs.set_index("folder", drop=False).loc[[folder for _, folder in found]]
    frame = frame.set_index(pd.Index([run.seed for run, _ in found], dtype=int))
    for column in ("cell", "point"):
        values = [getattr(run, column) for run, _ in found]
        frame[column] = pd.Series(values, dtype=object).array
    return frame


def _single_numbers(test: Mapping[str, Any]) -> list[str]:
    """Names of test metrics that are one number; losses of different arms are not a metric."""
    return [name for name, value in test.items() if name != "loss" and isinstance(value, float)]


def _rules(findings: Sequence[Mapping[str, Any]]) -> set[str]:
    return {finding["rule"] for finding in findings}


def _listed(values: Iterable[Any]) -> str:
    """Each item once, in order."""
    return ", ".join(dict.fromkeys(str(value) for value in values))


def _problems(arms: Sequence[ArmResult]) -> list[str]:
    problems = []
    for arm in arms:
        name = f"{arm.arm} ({spoken(arm.condition)})" if arm.condition else arm.arm
        if arm.failed:
            runs = "1 run" if arm.failed == 1 else f"{arm.failed} runs"
            problems.append(f"{runs} of {name} failed and {'is' if arm.failed == 1 else 'are'} missing.")
        for key in arm.at_edge:
            problems.append(
                f"The best {key} of {name}, {arm.chosen[key]}, lies at the edge of its grid: "
                "it might do better beyond."
            )
    return problems


def _range(seeds: Sequence[int]) -> str:
    seeds = list(seeds)
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
