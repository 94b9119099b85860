"""A claim from its file to its verdict: check, tuning stage, choice, reporting stage, judgement.

How the runs of a stage are made is handed in (`Stage`), see `conduct.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from losslab import records
from losslab.claims import judge, measures, schema, stages
from losslab.claims.check_run import load_function, run_check
from losslab.claims.measures import Run
from losslab.claims.schema import Claim
from losslab.claims.stages import REPORTING, TUNING, Cell, ClaimRun, Point
from losslab.claims.verdict import ArmResult, TunedPoint, Verdict, save
from losslab.errors import UserError
from losslab.records import DIVERGED, FAILED, FINISHED, RecordError

# Makes the runs of a stage that have no record yet; returns each run's folder.
Stage = Callable[[str, Sequence[ClaimRun]], dict[ClaimRun, Path]]


class Study:
    """One claim with what the command line says about it.

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
        """One run of every cell, to be composed and built, not trained: a slip shows before anything runs."""
        seen: dict[Cell, ClaimRun] = {}
        for run in stages.reporting_runs(self.claim, {}, self.given, self.quick_overrides):
            seen.setdefault(run.cell, run)
        return list(seen.values())

    def check_metrics(self, of_tasks: Sequence[set[str]]) -> None:
        """Raises UserError where a prediction names a metric that no task of the claim has."""
        for place, prediction in enumerate(self.claim.predictions):
            if prediction.metric is None or any(measures.is_metric(prediction.metric, of) for of in of_tasks):
                continue
            known = [*sorted(set().union(*of_tasks)), "steps_to_target", *measures.MEASURES]
            raise UserError(
                f"{self.where}: claim.predictions.{place}.metric: there is no metric {prediction.metric}; "
                f"there are: {', '.join(known)}"
            )

    def conduct(self, stage: Stage, command: str) -> Verdict:
        """Check, tune, choose, report, judge; writes and returns the verdict."""
        check = None
        if self.claim.check is not None:
            check = run_check(self.claim.check, self.file, self.quick, self.folder)
        tuning, tuned = self._tune(stage)
        chosen = {cell: best for cell, points in tuned.items() if (best := self._best(points)) is not None}
        runs = stages.reporting_runs(self.claim, chosen, self.given, self.quick_overrides)
        reported = _read(stage(REPORTING, runs)) if runs else {}
        verdict = self._judge(check, tuning, tuned, chosen, reported, command)
        save(verdict, self.folder)
        return verdict

    def _tune(self, stage: Stage) -> tuple[dict[ClaimRun, Run], dict[Cell, dict[Point, list[Run]]]]:
        planned = stages.tuning_runs(self.claim, self.given, self.quick_overrides)
        read = _read(stage(TUNING, planned)) if planned else {}
        tuned: dict[Cell, dict[Point, list[Run]]] = {}
        for planned_run in planned:
            points = tuned.setdefault(planned_run.cell, {}).setdefault(planned_run.point, [])
            if planned_run in read:
                points.append(read[planned_run])
        return read, tuned

    @staticmethod
    def _best(points: Mapping[Point, list[Run]]) -> Point | None:
        """The best mean of the primary validation metric; the first of equals; None where no run has one."""
        means = {point: _mean(_tuned_on(runs)) for point, runs in points.items()}
        known = {point: mean for point, mean in means.items() if not math.isnan(mean)}
        if not known:
            return None
        higher = next(run.record.higher_is_better for runs in points.values() for run in runs)
        return (max if higher else min)(known, key=lambda point: known[point])

    def _judge(
        self,
        check: dict[str, Any] | None,
        tuning: Mapping[ClaimRun, Run],
        tuned: Mapping[Cell, Mapping[Point, list[Run]]],
        chosen: Mapping[Cell, Point],
        reported: Mapping[ClaimRun, Run],
        command: str,
    ) -> Verdict:
        by_cell: dict[Cell, dict[int, Run]] = {cell: {} for cell in stages.cells(self.claim)}
        for planned, run in reported.items():
            by_cell[planned.cell][planned.seed] = run
        quantities = dict(check["quantities"]) if check else {}
        if missing := [
            prediction.quantity
            for prediction in self.claim.predictions
            if prediction.quantity is not None and prediction.quantity not in quantities
        ]:
            raise UserError(
                f"{self.where}: the check measures no {', '.join(missing)}; "
                f"it measures: {', '.join(quantities)}"
            )
        predictions = judge.judge(self.claim, by_cell, quantities)
        arms = [
            self._arm(cell, runs, tuned.get(cell, {}), chosen.get(cell)) for cell, runs in by_cell.items()
        ]
        every = [*tuning.values(), *reported.values()]
        seconds = sum(run.record.timing.get("processor", 0.0) for run in every)
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
            check={key: check[key] for key in ("quantities", "tables", "notes")} if check else None,
            protocol=self._protocol(len(tuning), by_cell),
            problems=_problems(arms),
            command=command,
            environment=next((run.record.environment for run in every), {}),
            seconds=seconds + (check["seconds"] if check else 0.0),
        )

    def _arm(
        self, cell: Cell, runs: Mapping[int, Run], points: Mapping[Point, list[Run]], best: Point | None
    ) -> ArmResult:
        first = next(iter(runs.values()), None)
        names = dict.fromkeys(
            [
                *(
                    prediction.metric
                    for prediction in self.claim.predictions
                    if prediction.metric not in (None, "steps_to_target")
                ),
                *(name for run in runs.values() for name in _single_numbers(run)),
            ]
        )
        metrics = {
            str(name): judge.describe_values(
                {seed: measures.value_of(run, str(name)).number for seed, run in runs.items()}
            )
            for name in names
        }
        targets = {
            prediction.target for prediction in self.claim.predictions if prediction.target is not None
        }
        for target in sorted(targets):
            steps = {seed: measures.value_of(run, "steps_to_target", target) for seed, run in runs.items()}
            metrics[f"steps to {target:g}"] = {
                **judge.describe_values({seed: value.number for seed, value in steps.items()}),
                "censored": sum(value.censored for value in steps.values()),
            }
        return ArmResult(
            condition="" if cell.condition == schema.ALL_IN_ONE else cell.condition,
            arm=cell.arm,
            overrides=[*self._condition_overrides(cell), *self.claim.arms[cell.arm]],
            chosen=dict(best or (stages.points(self.claim, cell.condition, self.given) or [()])[0]),
            at_edge=[] if best is None else self._at_edge(cell, best),
            tuning=[
                TunedPoint(
                    dict(point),
                    None if math.isnan(mean := _mean(_tuned_on(tuning))) else mean,
                    _tuned_on(tuning),
                    sum(run.record.status == DIVERGED for run in tuning),
                )
                for point, tuning in points.items()
            ],
            primary=first.record.metric if first else "",
            higher_is_better=first.record.higher_is_better if first else True,
            metrics=metrics,
            finished=_count(runs, FINISHED),
            diverged=_count(runs, DIVERGED),
            failed=len(self.claim.seeds) - _count(runs, FINISHED) - _count(runs, DIVERGED),
            findings=dict(Counter(rule for run in runs.values() for rule in _rules(run))),
            runs=[str(run.folder.relative_to(self.folder)) for run in runs.values()],
        )

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

    def _protocol(self, tuning: int, by_cell: Mapping[Cell, Mapping[int, Run]]) -> dict[str, str]:
        first = next((run.record for runs in by_cell.values() for run in runs.values()), None)
        if first is None:
            return {}
        trainer, choices = first.config["trainer"], first.choices
        grids = {
            name: ", ".join(f"{key} in {values}" for key, values in self.claim.grid(name).items())
            for name in self.claim.condition_names
        }
        tuned = {grid for grid in grids.values() if grid}
        every = [run.record for runs in by_cell.values() for run in runs.values()]
        differing = lambda group: ", ".join(dict.fromkeys(record.choices[group] for record in every))  # noqa: E731
        protocol = {
            "task": differing("task"),
            "model": differing("model"),
            "optimizer": differing("optimizer"),
            "epochs": ", ".join(
                dict.fromkeys(str(record.config["trainer"]["max_epochs"]) for record in every)
            ),
            "batch size": ", ".join(
                dict.fromkeys(str(record.config["trainer"]["batch_size"]) for record in every)
            ),
            "seeds reported": _range(self.claim.seeds),
        }
        if tuned:
            protocol["tuned on validation data"] = (
                tuned.pop()
                if len(tuned) == 1
                else "; ".join(f"{name}: {grid}" for name, grid in grids.items() if grid)
            )
            protocol["seeds for tuning"] = _range(self.claim.tuning_seeds)
        protocol["runs"] = f"{tuning} to tune, {len(every)} reported"
        protocol["network's parameters"] = str(first.parameters)
        protocol["precision"] = str(trainer["precision"])
        protocol["activation"] = str(differing("activation") if "activation" in choices else "")
        return protocol


def _read(folders: Mapping[ClaimRun, Path]) -> dict[ClaimRun, Run]:
    """The runs that left a record of whatever kind."""
    found = {}
    for planned, folder in folders.items():
        try:
            found[planned] = Run(records.load(folder), folder)
        except RecordError:
            continue  # the sweep's end names it
    return found


def _tuned_on(runs: Sequence[Run]) -> list[float]:
    """The primary validation metric of each run; what diverged counts as its untrained network."""
    values = [
        measures.value_of(run, f"validation.{run.record.metric}").number
        for run in runs
        if run.record.status != FAILED
    ]
    return [value for value in values if not math.isnan(value)]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _single_numbers(run: Run) -> list[str]:
    """Final test metrics that are one number; losses of different arms are no metric."""
    test = run.record.metrics.get("test", {})
    return [name for name, value in test.items() if name != "loss" and isinstance(value, int | float)]


def _rules(run: Run) -> set[str]:
    return {str(finding.get("rule")) for finding in run.record.findings}


def _count(runs: Mapping[int, Run], status: str) -> int:
    return sum(run.record.status == status for run in runs.values())


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
