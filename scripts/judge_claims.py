"""How often a claim gets the wrong word: claims about arms of which the truth is known, on real runs.

`judge_studies.py` trains the runs and prints what is said here.
"""

from __future__ import annotations

import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from stacked_runs import Configuration, Results

from losslab import records
from losslab.claims.judge import judge
from losslab.claims.parse import parse
from losslab.claims.schema import Claim
from losslab.claims.stages import Cell
from losslab.claims.verdict import BORDERLINE, CONFIRMED, REFUTED, TOO_CLOSE, UNDECIDED
from losslab.judgement.evidence import share_interval
from losslab.records import FINISHED, Record, Target
from losslab.records.frame import read_runs

DEALS = 4  # of the brittle arm's runs into comparisons
WORDS = (CONFIRMED, TOO_CLOSE, REFUTED, BORDERLINE, UNDECIDED)


def claims_study(
    equal: Results,
    on_margin: Results,
    brittle: tuple[Results, Results, Results],
    configuration: Configuration,
    margin: float,
) -> list[str]:
    """The blocks of a section of docs/method.md.

    Args:
        equal: sweeps of equal arms, (sweeps, arms, seeds); the first arm is the one that others are beside.
        on_margin: the same, moved so that the others' true difference from the first is the margin.
        brittle: the runs of an arm that sometimes misses the target, of the same arm with other seeds, and
            of an arm that never does and is far quicker.
        configuration: of all runs.
        margin: of the accuracy.
    """
    steps, every = configuration.steps, configuration.settings.trainer.eval_every
    frames, slow_frames = (
        _Frames(configuration.target, factor * steps, longest * every) for factor, longest in ((1, 1), (4, 5))
    )
    sweeps, sweeps_on_margin = _arms(equal), _arms(on_margin)
    again, first, quick = (_dealt(one, equal.test.shape[2], place) for place, one in enumerate(brittle))
    pairs = list(zip(again, first, strict=True))
    undealt = [
        [one[start : start + equal.test.shape[2]] for one in brittle[:2]]
        for start in range(0, len(brittle[0].test), equal.test.shape[2])
    ]
    # by 5/4, so that the ratio is the margin; where 5 times the steps are too many, the target is not reached
    slowed = [(_slower(one, 5, 4 * steps), _slower(other, 4, 4 * steps)) for one, other in pairs]
    higher, lower_steps = {"metric": "accuracy", "expect": "higher"}, {"expect": "lower"}
    lower_steps |= {"metric": "steps_to_target", "target": configuration.target}  # type: ignore[dict-item]
    no_lower = {"metric": "accuracy", "expect": "not_lower"}
    no_more_steps = {**lower_steps, "expect": "not_higher"}
    censored, slow_censored = (
        np.mean([np.isnan(one.steps).mean() for some in pairs_of for one in some])
        for pairs_of in (pairs, slowed)
    )
    decided, fails = (CONFIRMED, REFUTED, TOO_CLOSE), (REFUTED, TOO_CLOSE)
    cases = [
        ("One of two equal arms is better", higher, _of_two(sweeps), (CONFIRMED,), frames),
        ("It is no worse", no_lower, _of_two(sweeps), fails, frames),
        ("Both of two arms are better than an equal third", higher, sweeps, (CONFIRMED,), frames),
        ("Both are no worse", no_lower, sweeps, fails, frames),
        ("An arm that is better by exactly the margin is better", higher, _of_two(sweeps_on_margin), decided,
         frames),
        ("The brittle arm is better than itself", higher, undealt, (CONFIRMED,), frames),
        (f"The brittle arm needs fewer steps than itself ({censored:.0%} of its runs never get there)",
         lower_steps, pairs, (CONFIRMED,), frames),
        ("It needs no more steps than itself", no_more_steps, pairs, fails, frames),
        (f"It needs fewer steps than itself slowed down onto the margin ({slow_censored:.0%})", lower_steps,
         slowed, decided, slow_frames),
        ("Cross-entropy alone, more than twice as quick, needs fewer", lower_steps,
         list(zip(first, quick, strict=True)), fails, frames),
    ]  # fmt: skip
    rows = "\n".join(
        _row(says, _words(prediction, arms, of), wrong) for says, prediction, arms, wrong, of in cases
    )
    return [
        filled(f"""
            **Claims.** The same runs as claims with one core prediction, about one arm or two, judged by the
            code that judges the articles' claims, with its own margins (accuracy {margin}, steps 25%). How
            often each word was given; bold: a wrong one. On the margin every decided word is wrong. The
            comparisons of that row share runs, dealt 2 times, and those about steps share runs dealt {DEALS}
            times.
        """),
        f"| claim | {' | '.join(WORDS)} | wrong |\n"
        f"| :--- | {' | '.join('---:' for _ in WORDS)} | :--- |\n{rows}",
    ]


def filled(text: str) -> str:
    """A paragraph in lines of the manual's width."""
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def _row(says: str, words: Counter[str], wrong: Sequence[str]) -> str:
    cells = [f"**{words[word]}**" if word in wrong else str(words[word]) for word in WORDS]
    errors, of = sum(words[word] for word in wrong), sum(words.values())
    share = share_interval([1] * errors + [0] * (of - errors))
    return f"| {says} | {' | '.join(cells)} | {share.mean:.1%} [{share.low:.1%}, {share.high:.1%}] |"


def _arms(sweeps: Results) -> list[list[Results]]:
    """The arms of each sweep, of results (sweeps, arms, seeds)."""
    return [[sweeps[sweep, arm] for arm in range(sweeps.test.shape[1])] for sweep in range(len(sweeps.test))]


def _dealt(runs: Results, seeds: int, salt: int) -> list[Results]:
    """Independent runs as arms of so many seeds each, DEALS times in another order."""
    generator = np.random.default_rng(salt)
    orders = [generator.permutation(len(runs.test)).reshape(-1, seeds) for _ in range(DEALS)]
    return [runs[places] for places in np.concatenate(orders)]


def _slower(runs: Results, factor: int, budget: int) -> Results:
    """Runs that take `factor` times the steps to the target; beyond the budget it is not reached."""
    steps = factor * runs.steps
    return Results(runs.test, runs.validation, np.where(steps <= budget, steps, np.nan))


def _of_two(sweeps: Iterable[Sequence[Results]]) -> list[list[Results]]:
    """Every arm of every sweep beside the first."""
    return [[first, other] for first, *others in sweeps for other in others]


def _words(
    prediction: Mapping[str, object], arms: Iterable[Sequence[Results]], frames: _Frames
) -> Counter[str]:
    found: Counter[str] = Counter()
    for reference, *others in arms:
        claim = _claim(prediction, len(others))
        runs = {Cell(claim.condition_names[0], "reference"): frames.of(reference, claim)}
        for place, other in enumerate(others):
            runs[Cell(claim.condition_names[0], f"arm_{place}")] = frames.of(other, claim)
        found[judge(claim, runs, {}).outcome] += 1
    return found


def _claim(prediction: Mapping[str, object], others: int) -> Claim:
    names = [f"arm_{place}" for place in range(others)]
    core = {"says": "It is so.", "why": "To see.", "role": "core", "arm": names, "against": "reference"}
    plain = {
        "statement": "It is so.",
        "source": "scripts/judge_claims.py",
        "arms": dict.fromkeys(["reference", *names], "loss=cross_entropy"),
        "predictions": [{**core, **prediction}],
    }
    return parse(plain, "scripts/judge_claims.py")


class _Frames:
    """Makes the frame of an arm's runs, as their records would give it."""

    def __init__(self, target: float, steps: int, every: int) -> None:
        self.target = target
        evaluations = {"every": every}
        record = Record(
            identity="run", arm_identity="arm", task_identity="task", name="run", seed=0, choices={},
            overrides=[], config={}, status=FINISHED, metric="accuracy", steps=steps, planned_steps=steps,
            evaluations=evaluations,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            empty = pd.DataFrame(columns=records.CURVE_COLUMNS)
            records.save(record, empty, Path(folder))
            self.template, _ = read_runs([Path(folder)])

    def of(self, results: Results, claim: Claim) -> pd.DataFrame:
        """One row per seed, indexed by the claim's seeds."""
        seeds = claim.seeds(len(results.test))
        frame = self.template.iloc[[0] * len(seeds)].reset_index(drop=True)
        frame["seed"] = seeds
        frame["metrics"] = pd.Series([{"test": {"accuracy": float(value)}} for value in results.test])
        frame["targets"] = pd.Series(
            [[Target(self.target, None if np.isnan(step) else int(step))] for step in results.steps]
        )
        return frame.set_index("seed", drop=False)
