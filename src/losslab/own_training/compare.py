"""`losslab.compare`: reads its arguments, has the missing runs made, and judges all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from losslab.errors import UserError
from losslab.judgement.rows import Margin
from losslab.judgement.sequential import STAGES, Stages
from losslab.own_training import tuning
from losslab.own_training.arms import Arm, printable_name, read_losses, read_seeds
from losslab.own_training.conducting import Conductor
from losslab.own_training.results import TEST, Metric
from losslab.own_training.run import Run
from losslab.own_training.study import Study, study_of
from losslab.records.plan import Judging
from losslab.sweep.until_decided import until_decided

UNTIL_DECIDED = "until decided"


def compare(
    train: Callable[[Run], Any],
    losses: Mapping[str, Any],
    *,
    metric: str,
    margin: float | str | None = None,
    lower_is_better: bool = False,
    reference: str | None = None,
    seeds: int | Iterable[int] | Literal["until decided"] = 5,
    tune: Mapping[str, Iterable[Any]] | None = None,
    tune_on: str | None = None,
    tuning_seeds: int | Iterable[int] = tuning.TUNING_SEEDS,
    folder: str | Path | None = None,
    n_jobs: int = 1,
) -> Study:
    """Trains with every loss and every seed, and says which loss is better.

    Python, NumPy and torch are seeded before each call of `train`, and torch's global settings are restored
    after it. Every run leaves a record in `folder`; the next call makes only the runs that are missing there,
    or failed, or whose code, data in global variables, parameters or seed changed.

    Args:
        train: the user's function. It gets a `Run` (`run.loss`, `run.seed`, `run.params`, `run.log(step,
            loss=…)`) and returns a dict of metrics, such as {"val/accuracy": 0.91, "test/accuracy": 0.90}, or
            one number. A metric that is NaN or infinite means that the run diverged.
        losses: name -> a module, a class (made for every run without arguments), or a function.
        metric: the key of the test metric that is judged.
        margin: the smallest difference that matters: a number in the metric's unit, or a ratio like "5%".
            None: any difference counts, and nothing is equal.
        lower_is_better: for errors and seconds.
        reference: the loss that the others are compared with; by default the first.
        seeds: a number, the seeds themselves, or "until decided": then seeds are added at 8, 12, 18, 27 and
            40, to the losses that are still open, with intervals that stay valid under that looking.
        tune: parameter -> values, for `run.params`. Every loss gets the same grid and the same tuning seeds,
            and the values with the best mean validation metric.
        tune_on: the key of that validation metric; by default `metric` on validation data. Test metrics of
            tuning runs are dropped before anything reads them.
        tuning_seeds: must not be among `seeds`. Their runs are in FOLDER-tuning.
        folder: by default runs/NAME, with the name of `train`.
        n_jobs: how many runs at a time, in processes of their own; -1: one a core.

    Raises UserError, in one sentence, for wrong arguments, if `train` returns something that cannot be
    compared, or if every run failed. Raises KeyboardInterrupt at Ctrl-C. What was finished before is kept in
    all cases.

    Examples:
        >>> study = losslab.compare(train, {"ce": nn.CrossEntropyLoss, "brier": brier}, metric="accuracy")
        >>> print(study)
    """
    if not callable(train):
        raise UserError(f"train={train!r} is wrong: give a function that takes a run and returns its metrics")
    known = read_losses(losses)
    judged = Metric.of(metric, lower_is_better)
    if judged.split != TEST:
        raise UserError(
            f"metric={metric!r} is a {judged.split} metric, and results are judged on test data: if nothing "
            f"was tuned on these data, return it as {judged.name!r}"
        )
    if reference is not None and reference not in known:
        raise UserError(f"reference={reference!r} is not among the losses: {', '.join(known)}")
    bound, in_stages = Margin.parse(margin), isinstance(seeds, str) and seeds == UNTIL_DECIDED
    if in_stages and bound is None:
        raise UserError(f"seeds={UNTIL_DECIDED!r} needs a margin: the smallest difference that matters")
    given = list(range(STAGES[-1])) if in_stages else read_seeds(seeds, "seeds", fewest=2)
    where = Path(folder) if folder is not None else Path("runs") / printable_name(train)
    jobs = _read_jobs(n_jobs)
    arms = [Arm(name, loss, {}) for name, loss in known.items()]
    if tune is not None:
        arms = tuning.tuned(
            train,
            arms,
            tuning.read_grid(tune),
            tuning.read_metric(tune_on, judged),
            tuning.read_seeds_apart(tuning_seeds, given),
            where.with_name(f"{where.name}-tuning"),
            jobs,
        )
    elif tune_on is not None:
        raise UserError(
            f"tune_on={tune_on!r} without tune: say what to tune, such as tune={{'lr': [0.1, 0.01]}}"
        )
    judging = Judging(
        margin=None if bound is None else str(bound),
        reference=reference,
        stages=list(STAGES) if in_stages else [],
    )
    conductor = Conductor(train, arms, judged, where, jobs, judging=judging)
    stages = Stages(STAGES) if in_stages else None

    def study() -> Study:
        found, problems = conductor.read(given, only_made=in_stages)
        return study_of(where, found, problems, reference or arms[0].name, bound, stages, arms)

    if in_stages:
        until_decided(
            [arm.overrides for arm in arms],
            where,
            conductor.setup,
            STAGES,
            look=lambda: study().comparison,
            ending=lambda folder: None,
            make=conductor.make,
        )
    else:
        conductor.make(
            [[*arm.overrides, f"seed={seed}"] for seed in given for arm in arms], where, conductor.setup
        )
    return study()


def _read_jobs(n_jobs: Any) -> int:
    if not isinstance(n_jobs, int) or isinstance(n_jobs, bool) or (n_jobs < 1 and n_jobs != -1):
        raise UserError(f"n_jobs={n_jobs!r} is wrong: give a number from 1, or -1 for one a core")
    return n_jobs if n_jobs > 0 else os.cpu_count() or 1
