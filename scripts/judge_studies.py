#!/usr/bin/env python
"""Judges the judge on real trainings: how often it decides wrongly, and how soon it decides.

    python scripts/judge_studies.py                    about 12 minutes on one core; into docs/method.md
    python scripts/judge_studies.py --print            the same, but only printed
    python scripts/judge_studies.py --runs FILE        keeps the trained runs in FILE, or uses those there

Runs are trained by `stacked_runs.py`, which gives what `losslab` gives, and judged by the code that judges
sweeps (`losslab.judgement.judge`) and claims (`judge_claims.py`). Drawn numbers are in `decision_study.py`.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from judge_claims import claims_study, filled
from stacked_runs import Configuration, Results

from losslab.judgement.evidence import share_interval
from losslab.judgement.judge import judge
from losslab.judgement.sequential import BETTER, EQUAL, OPEN, STAGES, WORSE

METHOD = Path(__file__).parents[1] / "docs" / "method.md"
START, END = "<!-- judge_studies:start -->", "<!-- judge_studies:end -->"
TRAINING = [
    *("task=digits", "model=mlp", "model.hidden=[32]", "optimizer=adam", "trainer.max_epochs=3"),
    *("trainer.batch_size=64", "trainer.eval_every=5", "trainer.accelerator=cpu"),
    *("diagnostics=off", "pictures=null", "task.targets=[0.8]"),
]
TARGET = 0.8  # of the steps: most runs of the brittle arm reach it, but not all
MARGIN = 0.01
RATES = (3e-3, 1e-2, 3e-2)
SWEEPS, ARMS, TUNING_SEEDS, SEEDS = 200, 3, 2, STAGES[-1]
FIRST_TUNING_SEED = 1_000_000
PAIRS = 100  # disjoint comparisons of the second study
SHUFFLES = 2  # of their runs into comparisons
DEALS = 4  # of the equal arms' runs into sweeps, where their true difference is the margin
TRUE = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03)


# ---- runs


@dataclasses.dataclass
class Pool:
    """All runs.

    Attributes:
        rates: (sweeps, arms), what tuning chose.
        equal: of the arms that are the same, (sweeps, arms, seeds).
        plain, square: of two losses over the same seeds, (seeds of the second study,).
        brittle, brittle_again: of an arm whose runs often collapse, and of the same arm with other seeds.
    """

    rates: np.ndarray
    equal: Results
    plain: Results
    square: Results
    brittle: Results
    brittle_again: Results


RESULTS = [field.name for field in dataclasses.fields(Pool) if field.name != "rates"]
PARTS = [field.name for field in dataclasses.fields(Results)]


def trained(configuration: Configuration) -> Pool:
    rates = _tuned(configuration)
    shape = (SWEEPS, ARMS, SEEDS)
    equal = Results(*(np.full(shape, np.nan) for _ in dataclasses.fields(Results)))
    seeds = np.arange(np.prod(shape)).reshape(shape)
    for rate in RATES:
        there = rates == rate
        if not there.any():
            continue
        found = configuration.train("cross_entropy", rate, seeds[there].ravel().tolist())
        for field in dataclasses.fields(Results):
            getattr(equal, field.name)[there] = getattr(found, field.name).reshape(-1, SEEDS)
    first = list(range(PAIRS * SEEDS))
    second = [seed + len(first) for seed in first]
    pairs = [
        configuration.train("cross_entropy", RATES[2], first),
        configuration.train("mse_softmax", RATES[2], first),
        configuration.train("cross_entropy_on_softmax", RATES[1], first),
        configuration.train("cross_entropy_on_softmax", RATES[1], second),
    ]
    return Pool(rates, equal, *pairs)


def _tuned(configuration: Configuration) -> np.ndarray:
    """For each arm of each sweep the rate with the best mean validation accuracy, over seeds of its own."""
    count = SWEEPS * ARMS * TUNING_SEEDS
    means = []
    for place, rate in enumerate(RATES):
        start = FIRST_TUNING_SEED + place * count
        found = configuration.train("cross_entropy", rate, list(range(start, start + count)))
        means.append(found.validation.reshape(SWEEPS, ARMS, TUNING_SEEDS).mean(2))
    return np.array(RATES)[np.argmax(means, axis=0)]


def save(pool: Pool, path: Path) -> None:
    arrays = {f"{name}.{part}": getattr(getattr(pool, name), part) for name in RESULTS for part in PARTS}
    np.savez(path, rates=pool.rates, **arrays)


def load(path: Path) -> Pool:
    saved = np.load(path)
    results = (Results(*(saved[f"{name}.{part}"] for part in PARTS)) for name in RESULTS)
    return Pool(saved["rates"], *results)


# ---- sweeps


@dataclasses.dataclass
class Rate:
    """A share of cases with its exact interval."""

    hits: int
    of: int

    def __str__(self) -> str:
        found = share_interval([1] * self.hits + [0] * (self.of - self.hits))
        return f"{self.hits} of {self.of}: {found.mean:.1%} [{found.low:.1%}, {found.high:.1%}]"


def swept(arms: Mapping[str, np.ndarray], margin: float | None) -> dict[str, tuple[str, int]]:
    """The decision about each arm beside the first, and its seeds: as `losslab -m ... decide.margin` goes.

    Args:
        arms: name -> the metric of each seed, in order; all of the same length.
    """
    reference, *others = arms
    wanted, seeds = set(others), dict.fromkeys(arms, 0)
    decisions = dict.fromkeys(others, OPEN)
    for stage in STAGES:
        seeds.update(dict.fromkeys([reference, *wanted], stage))
        frame = pd.concat(
            [
                pd.DataFrame({"arm": name, "seed": range(n), "metric": arms[name][:n]})
                for name, n in seeds.items()
            ]
        )
        found = judge(frame, metric="metric", reference=reference, margin=margin, stages=STAGES)
        decisions = {row.arm: row.decision for row in found.rows}
        wanted = {name for name, decision in decisions.items() if decision == OPEN}
        if not wanted:
            break
    return {name: (decisions[name], seeds[name]) for name in others}


@dataclasses.dataclass
class Tally:
    """Decisions of many comparisons."""

    decisions: Counter[str] = dataclasses.field(default_factory=Counter)
    seeds: list[int] = dataclasses.field(default_factory=list)
    sweeps_with_an_error: int = 0
    sweeps: int = 0

    def add(self, found: Mapping[str, tuple[str, int]], right: Callable[[str], bool]) -> None:
        self.decisions.update(decision for decision, _ in found.values())
        self.seeds += [seeds for _, seeds in found.values()]
        self.sweeps += 1
        self.sweeps_with_an_error += any(not right(decision) for decision, _ in found.values())

    def wrong(self, right: Callable[[str], bool]) -> Rate:
        of = sum(self.decisions.values())
        return Rate(sum(n for decision, n in self.decisions.items() if not right(decision)), of)


def same(decision: str) -> bool:
    """Right about arms that are equal."""
    return decision in (EQUAL, OPEN)


def undecided(decision: str) -> bool:
    """Right about a difference that lies on the margin itself."""
    return decision == OPEN


def right_about(true: float) -> Callable[[str], bool]:
    if true == MARGIN:
        return undecided
    decision = BETTER if true > MARGIN else EQUAL
    return lambda found: found in (decision, OPEN)


def equal_arms(pool: Pool) -> dict[str, tuple[Tally, Callable[[str], bool]]]:
    """The A/A study: sweeps of three tuned arms that are the same, with seeds of their own."""
    at_margin, alike, exactly = Tally(), Tally(), Tally()
    for rates, values in zip(pool.rates, pool.equal.test, strict=True):
        arms = {f"arm {place}": accuracy for place, accuracy in enumerate(values)}
        at_margin.add(swept(arms, MARGIN), same)
        # tuned to different rates, arms do differ a little: without a margin that would be no error
        same_rate = {name: arms[name] for place, name in enumerate(arms) if rates[place] == rates[0]}
        if len(same_rate) > 1:
            alike.add(swept(same_rate, None), same)
    for values in on_margin(pool, DEALS).test:
        arms = {f"arm {place}": accuracy for place, accuracy in enumerate(values)}
        exactly.add(swept(arms, MARGIN), undecided)
    return {
        f"equal, margin {MARGIN}": (at_margin, same),
        "equal, no margin (same rate chosen)": (alike, same),
        f"shifted onto the margin of {MARGIN}": (exactly, undecided),
    }


def on_margin(pool: Pool, deals: int) -> Results:
    """The equal arms, moved so that each one's true difference from the first of its sweep is the margin.

    Arms with different rates differ by themselves. This is taken away: the truth is the mean of all runs with
    a rate. In each deal the runs with a rate are distributed anew over the arms with that rate.

    Returns (deals · sweeps, arms, seeds).
    """
    generator = np.random.default_rng(0)
    places = np.arange(pool.equal.test.size).reshape(pool.equal.test.shape)
    found = []
    for deal in range(deals):
        order = places.copy()
        for rate in np.unique(pool.rates) if deal else ():
            order[pool.rates == rate] = generator.permutation(places[pool.rates == rate].ravel()).reshape(
                -1, SEEDS
            )
        dealt = Results(*(getattr(pool.equal, part).ravel()[order] for part in PARTS))
        for rate in np.unique(pool.rates):
            dealt.test[pool.rates == rate] -= pool.equal.test[pool.rates == rate].mean()
        dealt.test[:, 1:] += MARGIN
        dealt.test += pool.equal.test.mean()
        found.append(dealt)
    return Results.joined(found)


def known_differences(arm: Results, reference: Results) -> dict[float, Tally]:
    """Real paired runs, shifted so that the true difference is known: true difference -> decisions."""
    generator = np.random.default_rng(0)
    centre = float((arm.test - reference.test).mean())
    found = {true: Tally() for true in TRUE}
    for _ in range(SHUFFLES):
        for places in np.split(generator.permutation(len(arm.test)), PAIRS):
            for true, tally in found.items():
                arms = {"reference": reference.test[places], "arm": arm.test[places] - centre + true}
                tally.add(swept(arms, MARGIN), right_about(true))
    return found


# ---- page


def as_markdown(pool: Pool, configuration: Configuration, agreement: tuple[int, int]) -> str:
    """The studies as docs/method.md shows them.

    Args:
        agreement: how many runs are the same as losslab's own, and of how many.
    """
    runs = pool.equal.test.size + 4 * pool.plain.test.size + SWEEPS * ARMS * TUNING_SEEDS * len(RATES)
    chosen = ", ".join(f"{rate:g} in {np.mean(pool.rates == rate):.0%}" for rate in RATES)
    tallies = equal_arms(pool)
    exactly, _ = tallies[f"shifted onto the margin of {MARGIN}"]
    equal = "\n".join(
        f"| {name} | {tally.decisions[EQUAL]} | {tally.decisions[OPEN]} | "
        f"{tally.decisions[BETTER] + tally.decisions[WORSE]} | {tally.wrong(right)} | "
        f"{Rate(tally.sweeps_with_an_error, tally.sweeps)} |"
        for name, (tally, right) in tallies.items()
    )
    paired = (pool.square.test - pool.plain.test).std(ddof=1)
    unpaired = np.hypot(pool.square.test.std(ddof=1), pool.plain.test.std(ddof=1))
    lowest, best = pool.brittle.test.min(), pool.brittle.test.max()
    stages = f"{', '.join(map(str, STAGES[:-1]))} and {SEEDS}"
    version = torch.__version__.partition("+")[0]
    known = [_known(pool.square, pool.plain), _known(pool.brittle_again, pool.brittle)]
    at_worst = round(exactly.sweeps_with_an_error / DEALS)
    worst = str(Rate(at_worst, SWEEPS)).partition(": ")[2]
    claims = claims_study(
        pool.equal,
        on_margin(pool, DEALS // 2),
        (pool.brittle_again, pool.brittle, pool.plain),
        configuration,
        MARGIN,
    )
    blocks = [
        filled(f"""
            Measured by `python scripts/judge_studies.py` (torch {version}). All
            {runs:,} runs are real trainings: digits, a network with 32 hidden units, Adam, 3 epochs. Many
            seeds are trained at once as one stacked model, which gives what `losslab` gives: test accuracy
            and steps to the target agree in {agreement[0]} of {agreement[1]} runs.
        """),
        filled(f"""
            **Arms that are the same.** {SWEEPS} sweeps of {ARMS} equal arms are {SWEEPS * (ARMS - 1)}
            comparisons; no run is in two sweeps. Each arm has its own seeds, because with the same seeds
            equal arms give equal runs. Each is tuned on {TUNING_SEEDS} other seeds (rates chosen: {chosen}),
            then judged after {stages} seeds, as a sweep is. In the last row the arms were moved so that their
            true difference (by the mean of all runs with a rate) is the margin, where every decision is
            wrong. For this row the same runs were dealt into sweeps {DEALS} times, so that
            {DEALS * SWEEPS} sweeps share {pool.equal.test.size:,} runs. Two sweeps of different deals have
            {(ARMS * SEEDS) ** 2 / pool.equal.test.size:.1f} of {ARMS * SEEDS} runs in common on average, so
            that its intervals are hardly too narrow. If the later deals said nothing new, the last one would
            be {worst}.
        """),
        "| arms | equal | open | better or worse | wrong comparisons | sweeps with a wrong one |\n"
        f"| :--- | ---: | ---: | ---: | ---: | ---: |\n{equal}",
        filled(f"""
            **Differences that are known.** Real runs, moved by a constant so that the true difference is
            known. Margin {MARGIN}: where the true difference is the margin, every decision is wrong.
            {PAIRS} disjoint comparisons of {SEEDS} seeds, shuffled {SHUFFLES} times: the runs are real and
            independent, but the {PAIRS * SHUFFLES} comparisons of a row share them.
        """),
        filled(f"""
            Softmax with squared error beside cross-entropy, over the same seeds. A pair's difference has a
            standard deviation of {paired:.4f}, one between different seeds of {unpaired:.4f}: pairing saves
            {1 - (paired / unpaired) ** 2:.0%} of the variance.
        """),
        known[0],
        filled(f"""
            A softmax in front of cross-entropy, whose runs often miss whole classes (accuracies from
            {lowest:.2f} to {best:.2f}), beside itself with other seeds:
        """),
        known[1],
        *claims,
    ]
    return "\n\n".join(blocks)


def _known(arm: Results, reference: Results) -> str:
    rows = ["| true difference | decided | wrong | seeds |", "| ---: | ---: | ---: | ---: |"]
    for true, tally in known_differences(arm, reference).items():
        total = sum(tally.decisions.values())
        wrong = tally.wrong(right_about(true)).hits / total
        decided = 1 - tally.decisions[OPEN] / total
        rows.append(f"| {true:g} | {decided:.0%} | {wrong:.1%} | {np.mean(tally.seeds):.0f} |")
    return "\n".join(rows)


def write_into(path: Path, text: str) -> None:
    """Replaces what stands between the markers."""
    page = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        sys.exit(f"{path} needs one place between {START} and {END}")
    path.write_text(pattern.sub(lambda _: f"{START}\n\n{text}\n\n{END}", page), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--print", action="store_true", help="print only; leave docs/method.md as it is")
    parser.add_argument("--runs", type=Path, metavar="FILE", help="where to keep the trained runs (.npz)")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    configuration = Configuration(TRAINING, TARGET)
    if arguments.runs is not None and arguments.runs.exists():
        pool = load(arguments.runs)
    else:
        pool = trained(configuration)
        if arguments.runs is not None:
            save(pool, arguments.runs)
    compared = list(range(8))
    equal, _ = configuration.agreement("cross_entropy", RATES[1], compared)
    text = as_markdown(pool, configuration, (equal, len(compared)))
    print(text)
    if not arguments.print:
        write_into(METHOD, text)


if __name__ == "__main__":
    main()
