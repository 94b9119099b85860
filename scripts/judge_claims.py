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
from losslab.claims.parse import parse
from stacked_runs import Configuration, Results

from losslab import records
from losslab.claims.judge import judge
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
        return frame.set_index("seed", drop=False)
