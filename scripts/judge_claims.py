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

WORDS = (CONFIRMED, TOO_CLOSE, REFUTED, BORDERLINE, UNDECIDED)


def claims_study(
    equal: Results, brittle: tuple[Results, Results], configuration: Configuration, margin: float
) -> list[str]:
    """The blocks of a section of docs/method.md.

    Args:
        equal: sweeps of equal arms, (sweeps, arms, seeds); the first arm is the one that others are beside.
        brittle: the runs of an arm that often misses the target, and of the same arm with other seeds.
        configuration: of all runs.
        margin: of the accuracy.
    """
    frames = _Frames(configuration)
    sweeps = [
        [equal[sweep, place] for place in range(equal.test.shape[1])] for sweep in range(len(equal.test))
    ]
    seeds = equal.test.shape[2]
    pairs = [
        [one[start : start + seeds] for one in brittle] for start in range(0, len(brittle[0].test), seeds)
    ]
    higher, lower_steps = {"metric": "accuracy", "expect": "higher"}, {"expect": "lower"}
    lower_steps |= {"metric": "steps_to_target", "target": configuration.target}  # type: ignore[dict-item]
    no_lower = {"metric": "accuracy", "expect": "not_lower"}
    censored = np.mean([np.isnan(one.steps).mean() for one in brittle])
    cases = [
        ("One of two equal arms is better", higher, _of_two(sweeps), (CONFIRMED,)),
        ("It is no worse", no_lower, _of_two(sweeps), (REFUTED, TOO_CLOSE)),
        ("Both of two arms are better than an equal third", higher, sweeps, (CONFIRMED,)),
        ("Both are no worse", no_lower, sweeps, (REFUTED, TOO_CLOSE)),
        (f"A brittle arm needs fewer steps than itself ({censored:.0%} never get there)", lower_steps, pairs,
         (CONFIRMED,)),
        ("The brittle arm is better than itself", higher, pairs, (CONFIRMED,)),
    ]  # fmt: skip
    rows = "\n".join(
        _row(says, _words(prediction, arms, frames), wrong) for says, prediction, arms, wrong in cases
    )
    return [
        filled(f"""
            **Claims.** The same runs as claims with one core prediction, about one arm or two, judged by the
            code that judges the articles' claims, with its own margins (accuracy {margin}, steps 25%). How
            often each word was given; bold: a wrong one.
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

    def __init__(self, configuration: Configuration) -> None:
        self.target, steps = configuration.target, configuration.steps
        config = {"trainer": {"eval_every": configuration.settings.trainer.eval_every}}
        record = Record(
            identity="run", arm_identity="arm", task_identity="task", name="run", seed=0, choices={},
            overrides=[], config=config, status=FINISHED, metric="accuracy", higher_is_better=True,
            steps=steps, planned_steps=steps,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            empty = pd.DataFrame(columns=records.CURVE_COLUMNS)
            records.save(record, empty, Path(folder))
            self.template, _ = read_runs([Path(folder)])

    def of(self, results: Results, claim: Claim) -> pd.DataFrame:
        """One row per seed, indexed by the claim's seeds."""
        seeds = claim.seeds(len(results.test))
        frame = pd.concat([self.template] * len(seeds), ignore_index=True)
        frame["seed"] = seeds
        frame["metrics"] = pd.Series([{"test": {"accuracy": float(value)}} for value in results.test])
        frame["targets"] = pd.Series(
            [[Target(self.target, None if np.isnan(step) else int(step))] for step in results.steps]
        )
        return frame.set_index("seed", drop=False)
