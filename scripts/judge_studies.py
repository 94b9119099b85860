#!/usr/bin/env python
"""Judges the judge: how often it reports a difference that is not there, and how soon it detects a real one.

    python scripts/judge_studies.py            both studies, 4 minutes on one core; into docs/method.md
    python scripts/judge_studies.py --print    the same, but only printed

A/A study: two identical arms. Each side has its own seeds, since with the same seeds their runs would be
equal to the last bit (this is checked, too). Power study: an arm with wrong training labels. All values come
from real training by `losslab.train.run`, all decisions from `losslab.judgement.evidence`.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import math
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from losslab.config.compose import compose_run
from losslab.judgement import evidence as inference
from losslab.judgement.intervals import CONFIDENCE
from losslab.records import FINISHED
from losslab.train.run import run

warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

METHOD = Path(__file__).parents[1] / "docs" / "method.md"
START, END = "<!-- judge_studies:start -->", "<!-- judge_studies:end -->"
ALPHA = 1 - CONFIDENCE
TRAINING = [
    *("task=digits", "model=linear", "optimizer=adam", "optimizer.lr=1e-2", "loss=cross_entropy"),
    *("trainer.max_epochs=2", "trainer.batch_size=64", "trainer.eval_every=1000", "trainer.accelerator=cpu"),
    *("diagnostics=off", "pictures=null"),
]
WRONG_LABELS = 0.25  # share of the handicapped arm's training labels
OTHER_SIDE = 10_000  # seeds of an A/A study's second arm begin here

A_A_SEEDS = 5
COMPARISONS = 200
POOL = A_A_SEEDS * COMPARISONS  # runs a side: no run is in two comparisons
POWER_RUNS = 160  # pairs
POWER_SEEDS = (2, 3, 5, 8, 13, 20)
DRAWS = 2000


def accuracies(seeds: Sequence[int], *overrides: str) -> np.ndarray:
    """Test accuracy of one real training a seed."""
    settings = compose_run(*TRAINING, *overrides)
    values = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            record = run(settings.model_copy(update={"seed": int(seed)}), [], Path(folder))
        assert record.status == FINISHED, record.error
        values.append(float(record.metrics["test"]["accuracy"]))
    return np.array(values)


def differs(differences: np.ndarray) -> bool:
    """Whether a claim with these differences would say that one arm is better, either way round."""
    found = inference.evidence(differences, low=0.0, high=None)
    return min(found.holds, found.fails) <= ALPHA


def disjoint_draws(pool: int, size: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """`count` draws of `size` places in a pool, without repetition within a draw.

    The pool is shuffled and cut into disjoint draws, again and again until there are enough. Every draw is a
    sample of independent runs, so the rate over all of them is unbiased; draws of one shuffle share no run.
    """
    draws: list[np.ndarray] = []
    while len(draws) < count:
        order = generator.permutation(pool)
        draws += np.split(order[: pool // size * size], pool // size)
    return np.stack(draws[:count])


@dataclasses.dataclass
class Rate:
    """A share of decisions with its Clopper-Pearson interval."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        found = stats.binomtest(self.hits, self.of).proportion_ci(CONFIDENCE, method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.hits} of {self.of}: {self.share:.1%} [{low:.1%}, {high:.1%}]"


@dataclasses.dataclass
class FalseAlarms:
    """The A/A study: `rate` as claims are judged, `by_seeds` for other numbers of seeds."""

    rate: Rate
    by_seeds: dict[int, float]
    spread: float
    equal_when_paired: bool


def a_a_study(generator: np.random.Generator) -> FalseAlarms:
    first = accuracies(range(POOL))
    second = accuracies(range(OTHER_SIDE, OTHER_SIDE + POOL))
    differences = first - second
    rate = Rate(sum(differs(part) for part in np.split(differences, COMPARISONS)), COMPARISONS)
    # the same runs in other groups: any run of one side may be compared with any of the other
    by_seeds = {}
    for seeds in (2, 3, 5, 10):
        hits = [
            differs(first[generator.permutation(POOL)[:seeds]] - second[generator.permutation(POOL)[:seeds]])
            for _ in range(DRAWS)
        ]
        by_seeds[seeds] = float(np.mean(hits))
    again = accuracies(range(5))
    return FalseAlarms(
        rate, by_seeds, float(np.std([*first, *second], ddof=1)), bool((again == first[:5]).all())
    )


@dataclasses.dataclass
class Power:
    """The power study.

    Attributes:
        effect, error: the handicap measured over all pairs, and its standard error.
        spread, unpaired_spread: standard deviation of a pair's difference; of one between different seeds.
        detected, expected: seeds -> share of draws that detect the handicap; the same by the noncentral t.
        unpaired: the same draws, paired with other seeds.
        beyond_half: the margin is half of the handicap.
    """

    effect: float
    error: float
    spread: float
    unpaired_spread: float
    detected: dict[int, float]
    expected: dict[int, float]
    unpaired: dict[int, float]
    beyond_half: dict[int, float]


def power_study(generator: np.random.Generator) -> Power:
    seeds = range(POWER_RUNS)
    sound = accuracies(seeds)
    handicapped = accuracies(seeds, f"task.corruption.share={WRONG_LABELS}")
    differences = sound - handicapped
    effect = float(differences.mean())
    shifts = [np.roll(handicapped, shift) for shift in range(1, POWER_RUNS)]
    unpaired_spread = float(np.std([sound - other for other in shifts], ddof=1))
    study = Power(
        effect,
        float(stats.sem(differences)),
        float(differences.std(ddof=1)),
        unpaired_spread,
        {}, {}, {}, {},
    )  # fmt: skip
    for n in POWER_SEEDS:
        draws = disjoint_draws(POWER_RUNS, n, DRAWS, generator)
        study.detected[n] = float(np.mean([_better(differences[draw], 0.0) for draw in draws]))
        study.beyond_half[n] = float(np.mean([_better(differences[draw], effect / 2) for draw in draws]))
        study.unpaired[n] = float(
            np.mean(
                [
                    _better(sound[draw] - handicapped[generator.permutation(POWER_RUNS)[:n]], 0.0)
                    for draw in draws
                ]
            )
        )
        shift = effect / study.spread * math.sqrt(n)
        study.expected[n] = float(stats.nct.sf(stats.t.ppf(1 - ALPHA / 2, n - 1), n - 1, shift))
    return study


def _better(differences: np.ndarray, margin: float) -> bool:
    return inference.evidence(differences, low=margin, high=None).holds <= ALPHA


def as_markdown(alarms: FalseAlarms, power: Power, seconds: float) -> str:
    """Both studies as docs/method.md shows them."""
    promise = "within" if alarms.rate.interval[0] <= ALPHA else "beyond"
    checked = "checked here again" if alarms.equal_when_paired else "NOT SO HERE"
    saved = 1 - (power.spread / power.unpaired_spread) ** 2
    return f"""\
Measured by `python scripts/judge_studies.py` (torch {torch.__version__.partition("+")[0]}, {
        seconds:.0f} s of one
core). Every value is the test accuracy of a real training (`{" ".join(TRAINING[:5])}`,
2 epochs), every decision is made by the code that judges claims.

**A/A: two arms that are the same.** {COMPARISONS} comparisons of {A_A_SEEDS} seeds a side, {2 * POOL:,} runs,
none of them in two comparisons. Each side has seeds of its own: with the same seeds the runs are equal to the
last bit ({checked}) and there would be nothing to judge. "Differs" in **{alarms.rate}**
(Clopper-Pearson, 95 %): {promise} the 5 % promised. The accuracy of a run has a standard deviation of
{alarms.spread:.4f}. The same runs in {DRAWS:,} random groupings, for other numbers of seeds:

| seeds a side | differs |
| ---: | ---: |
{_lines(f"| {seeds} | {share:.1%} |" for seeds, share in alarms.by_seeds.items())}

**Power: an arm with a handicap.** {WRONG_LABELS:.0%} of its training labels are wrong. Over all {
        POWER_RUNS
    } pairs of
runs this costs {power.effect:.4f} ± {
        power.error:.4f} (standard error) in test accuracy. A pair's difference has a
standard deviation of {power.spread:.4f}, one between different seeds of {
        power.unpaired_spread:.4f}: pairing saves
{saved:.0%} of the variance. How often the handicap is detected, in {DRAWS:,} draws of as many pairs:

| seeds | detected | by theory | without pairing | by more than half of it |
| ---: | ---: | ---: | ---: | ---: |
{
        _lines(
            f"| {n} | {power.detected[n]:.0%} | {power.expected[n]:.0%} | {power.unpaired[n]:.0%} "
            f"| {power.beyond_half[n]:.0%} |"
            for n in POWER_SEEDS
        )
    }

By theory: the noncentral t distribution with the effect and spread above, for normal differences. By more
than half of it: with half of the true handicap as the margin; this shows what margins cost. Pairs are
shuffled and cut into disjoint groups, again and again: each group is a sample of independent pairs, so the
shares are unbiased; groups of different shuffles overlap, so their uncertainty is that of {POWER_RUNS} pairs,
not of {DRAWS:,} draws."""


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(rows)


def write_into(path: Path, text: str) -> None:
    """Replace what stands between the markers."""
    page = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        sys.exit(f"{path} needs one place between {START} and {END}")
    path.write_text(pattern.sub(lambda _: f"{START}\n\n{text}\n\n{END}", page), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--print", action="store_true", help="print only; leave docs/method.md as it is")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    started = time.process_time()
    generator = np.random.default_rng(0)
    alarms = a_a_study(generator)
    power = power_study(generator)
    text = as_markdown(alarms, power, time.process_time() - started)
    print(text)
    if not arguments.print:
        write_into(METHOD, text)


if __name__ == "__main__":
    main()
