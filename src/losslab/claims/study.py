"""A claim from its file to its verdict: check, tuning stage, choice, reporting stage, judgement.

The caller passes in how the runs of a stage are made (`Stage`), see `conduct.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from losslab.claims import judge, measures, schema, stages
from losslab.claims.check_run import Measured, load_function, run_check
from losslab.claims.schema import Claim
from losslab.claims.stages import REPORTING, TUNING, Cell, ClaimRun, Point
from losslab.claims.verdict import ArmMetric, ArmResult, TunedPoint, Verdict, save
from losslab.errors import UserError
from losslab.records import DIVERGED, FINISHED
from losslab.records.comparable import mixtures
from losslab.records.frame import read_runs
from losslab.records.record import Environment

# Makes the runs of a stage that have no record yet; returns each run's folder.
Stage = Callable[[str, Sequence[ClaimRun]], dict[ClaimRun, Path]]


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
        whole = schema.parse(plain, self.where)
        self.quick = quick
        self.claim: Claim = whole.in_quick() if quick else whole
        self.quick_overrides = whole.quick.overrides if quick else []
        self.given = list(given)
        self.folder = folder
        if not self.claim.predictions:
            raise UserError(f"{self.where}: claim.quick leaves no prediction: name conditions that have some")
        if self.claim.check is not None:
            load_function(self.claim.check, self.file)

    def rehearsal(self) -> list[ClaimRun]:
        """One run of every cell, composed and built but not trained, to find mistakes before any run."""
        seen: dict[Cell, ClaimRun] = {}
        for run in stages.reporting_runs(self.claim, {}, self.given, self.quick_overrides):
            seen.setdefault(run.cell, run)
        return list(seen.values())

    def check_metrics(self, of_tasks: Sequence[set[str]]) -> None:
        """Raises UserError if a prediction names a metric that no task of the claim has."""
        for place, prediction in enumerate(self.claim.predictions):
            if prediction.metric is None or any(measures.is_metric(prediction.metric, of) for of in of_tasks):
                continue
            known = [*sorted(set().union(*of_tasks)), *measures.own_names()]
            raise UserError(
                f"{self.where}: claim.predictions.{place}.metric: there is no metric {prediction.metric}; "
                f"there are: {', '.join(known)}"
            )

    def conduct(self, stage: Stage, command: str) -> Verdict:
        """Checks, tunes, chooses, reports and judges; writes and returns the verdict."""
        check = self._measured()
        tuning = _read(stage, TUNING, stages.tuning_runs(self.claim, self.given, self.quick_overrides))
        tuned = self._tuned(tuning)
        chosen = {
            cell: best
            for cell, points in tuned.items()
            if (best := _best(points, _of(cell, tuning))) is not None
        }
        planned = stages.reporting_runs(self.claim, chosen, self.given, self.quick_overrides)
        reported = _read(stage, REPORTING, planned)
        verdict = self._judge(check, tuning, tuned, chosen, reported, command)
        save(verdict, self.folder)
        return verdict

    def _measured(self) -> Measured | None:
        """The check's result. Raises UserError if a prediction names a quantity that it lacks."""
        if self.claim.check is None:
            return None
        check = run_check(self.claim.check, self.file, self.quick, self.folder)
        known = check.result.quantities
        for place, prediction in enumerate(self.claim.predictions):
            if prediction.quantity is not None and prediction.quantity not in known:
                raise UserError(
                    f"{self.where}: claim.predictions.{place}.quantity: the check does not measure "
                    f"{prediction.quantity}; it measures: {', '.join(known)}"
                )
        return check

    def _tuned(self, tuning: pd.DataFrame) -> dict[Cell, dict[Point, TunedPoint]]:
        """The result of each point of a tuned cell's grid."""
        found: dict[Cell, dict[Point, TunedPoint]] = {}
        for cell in stages.cells(self.claim):
            points = stages.points(self.claim, cell.condition, self.given)
            if len(points) > 1:
                runs = _of(cell, tuning)
                found[cell] = {point: _point(point, runs) for point in points}
        return found

    def _judge(
        self,
        check: Measured | None,
        tuning: pd.DataFrame,
        tuned: Mapping[Cell, Mapping[Point, TunedPoint]],
        chosen: Mapping[Cell, Point],
        reported: pd.DataFrame,
        command: str,
    ) -> Verdict:
        by_cell = {cell: _of(cell, reported) for cell in stages.cells(self.claim)}
        predictions = judge.judge(self.claim, by_cell, check.result.quantities if check else {})
        arms = [
            self._arm(cell, runs, list(tuned.get(cell, {}).values()), chosen.get(cell))
            for cell, runs in by_cell.items()
        ]
        timings = [*tuning["timing"], *reported["timing"]]
        seconds = sum(timing.get("processor", 0.0) for timing in timings)
        return Verdict(
            claim=self.name,
            statement=self.claim.statement,
            source=self.claim.source,
            note=self.claim.note,
            quick=self.quick,
            outcome=judge.overall(predictions),
            summary=judge.summary(predictions),
            predictions=predictions,
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
            condition="" if cell.condition == schema.ALL_IN_ONE else cell.condition,
            arm=cell.arm,
            overrides=[*self._condition_overrides(cell), *self.claim.arms[cell.arm]],
            chosen=dict(best or (stages.points(self.claim, cell.condition, self.given) or [()])[0]),
            at_edge=[] if best is None else self._at_edge(cell, best),
            tuning=tuning,
            primary=str(runs["metric"].iloc[0]) if len(runs) else "",
            higher_is_better=bool(runs["higher_is_better"].iloc[0]) if len(runs) else True,
            metrics=self._metrics(runs),
            finished=finished,
            diverged=diverged,
            failed=len(self.claim.seeds) - finished - diverged,
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
        for metrics in runs["metrics"]:
            wanted.update({name: (name, None) for name in _single_numbers(metrics.get("test", {}))})
        return {
            name: judge.arm_metric(metric, target, measures.outcomes_of(runs, metric, target))
            for name, (metric, target) in {**wanted, **dict(sorted(steps.items()))}.items()
        }

    def _condition_overrides(self, cell: Cell) -> list[str]:
        conditions = self.claim.conditions
        return conditions[cell.condition].overrides if cell.condition in conditions else []

    def _at_edge(self, cell: Cell, best: Point) -> list[str]:
        """Tuned keys whose best value is the first or last of at least three: better ones may lie beyond."""
        grid = self.claim.grid(cell.condition)
        return [
            key
            for key, value in best
            if len(grid.get(key, [])) >= 3 and value in (grid[key][0], grid[key][-1])
        ]

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
            "seeds reported": _range(self.claim.seeds),
        }
        if tuned:
            protocol["tuned on validation data"] = (
                tuned.pop()
                if len(tuned) == 1
                else "; ".join(f"{name}: {grid}" for name, grid in grids.items() if grid)
            )
            protocol["seeds for tuning"] = _range(self.claim.tuning_seeds)
        protocol["runs"] = f"{tuning} to tune, {len(reported)} reported"
        protocol["network's parameters"] = next(map(str, reported["parameters"].dropna()), "unknown")
        protocol["precision"] = str(trainers[0]["precision"])
        protocol["activation"] = chosen("activation")
        return protocol


def _read(stage: Stage, name: str, planned: Sequence[ClaimRun]) -> pd.DataFrame:
    """Launches a stage: the frame of its runs that left a record, by seed, with their `cell` and `point`."""
    folders = stage(name, planned) if planned else {}
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


def _of(cell: Cell, runs: pd.DataFrame) -> pd.DataFrame:
    return runs.loc[np.array([each == cell for each in runs["cell"]], dtype=bool)]


def _point(point: Point, runs: pd.DataFrame) -> TunedPoint:
    """The primary validation metric of a cell's tuning runs at a point."""
    runs = runs.loc[np.array([each == point for each in runs["point"]], dtype=bool)]
    values = []
    if len(runs):
        counted = measures.outcomes_of(runs, f"validation.{runs['metric'].iloc[0]}")
        values = counted.number.dropna().tolist()
    return TunedPoint(
        point=dict(point),
        mean=float(np.mean(values)) if values else None,
        values=values,
        diverged=int((runs["status"] == DIVERGED).sum()),
    )


def _best(points: Mapping[Point, TunedPoint], runs: pd.DataFrame) -> Point | None:
    """The best mean, in the direction of the runs' metric; the first of equals; None if no point has one."""
    means = {point: tuned.mean for point, tuned in points.items() if tuned.mean is not None}
    best = max if runs["higher_is_better"].all() else min
    return best(means, key=lambda point: means[point], default=None)


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
        name = f"{arm.arm} ({arm.condition})" if arm.condition else arm.arm
        if arm.failed:
            problems.append(f"{arm.failed} runs of {name} failed and are missing.")
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
