#!/usr/bin/env python
"""Simulates decisions in stages: how many seeds they take, and how often they are wrong.

    python scripts/decision_study.py            2 minutes on one core; table and picture into docs/
    python scripts/decision_study.py --print    the table, only printed

Differences are drawn, decisions are made by the code that judges sweeps and claims (`losslab/judgement/`).
What real trainings give is in `scripts/judge_studies.py`.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from losslab.judgement.collapse import collapsed
from losslab.judgement.evidence import share_evidence
from losslab.judgement.sequential import BETTER, EQUAL, OPEN, WORSE, Stages, decide

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = DOCS / "images" / "stages.svg"
START, END = "<!-- decision_study:start -->", "<!-- decision_study:end -->"
MARGIN = 0.01
COMPARISONS = 2000
STAGES, FIXED = Stages(), Stages((5,))
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
# spread of a pair's difference, true difference, share of the arm's runs that collapse (by 0.4)
CASES = [
    *((0.005, true, 0.0) for true in (0.0, 0.005, 0.01, 0.02)),
    *((0.013, true, 0.0) for true in (0.0, 0.005, 0.01, 0.02)),
    *((0.013, true, 0.1) for true in (0.0, 0.01, 0.02)),
]


def decided(arm: np.ndarray, reference: np.ndarray, stages: Stages) -> tuple[str, int]:
    """The first decision that is not open, and the seeds that it took."""
    for seeds in stages.seeds:
        lost = collapsed(arm[:seeds], True, MARGIN) | collapsed(reference[:seeds], True, MARGIN)
        found = decide((arm[:seeds] - reference[:seeds])[~lost], MARGIN, stages.level(seeds))
        if found.decision != OPEN:
            return found.decision, seeds
    return OPEN, stages.seeds[-1]


def study(spread: float, true: float, collapsing: float, stages: Stages) -> tuple[Counter[str], float]:
    """How often each decision was made in COMPARISONS drawn comparisons, and the mean number of seeds."""
    generator = np.random.default_rng(0)
    size = (COMPARISONS, stages.seeds[-1])
    arms = 0.9 + true + generator.normal(0, spread / np.sqrt(2), size)
    arms -= 0.4 * (generator.random(size) < collapsing)
    references = 0.9 + generator.normal(0, spread / np.sqrt(2), size)
    found = [decided(*pair, stages) for pair in zip(arms, references, strict=True)]
    return Counter(decision for decision, _ in found), float(np.mean([seeds for _, seeds in found]))


def right(true: float) -> str:
    """The decision that is right; on the margin itself only to leave it open is."""
    if abs(true) == MARGIN:
        return OPEN
    return EQUAL if abs(true) < MARGIN else BETTER if true > 0 else WORSE


def rows() -> Iterator[str]:
    names = ["spread", "true difference", "collapsing runs", "decided", "wrong", "seeds"]
    yield f"| {' | '.join([*names, 'five fixed seeds decide', 'wrong'])} |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for spread, true, collapsing in CASES:
        cells = []
        for stages in (STAGES, FIXED):
            found, seeds = study(spread, true, collapsing, stages)
            wrong = COMPARISONS - found[right(true)] - (found[OPEN] if right(true) != OPEN else 0)
            cells += [f"{1 - found[OPEN] / COMPARISONS:.0%}", f"{wrong / COMPARISONS:.1%}"]
            if stages is STAGES:
                cells.append(f"{seeds:.0f}")
        place = " (the margin)" if true == MARGIN else ""
        yield f"| {spread} | {true:g}{place} | {collapsing:.0%} | {' | '.join(cells)} |"


def decided_share(true: float, margin: float) -> float:
    """The probability, without simulation, that the stages decide whether a share is above `margin`."""
    alive, before, decided = np.ones(1), 0, 0.0  # probability of each number of hits, undecided so far
    for seeds in STAGES.seeds:
        alive = np.convolve(alive, stats.binom.pmf(np.arange(seeds - before + 1), seeds - before, true))
        found = [
            share_evidence(np.repeat([1, 0], [hits, seeds - hits]), margin, None) for hits in range(seeds + 1)
        ]
        over = np.array([min(one.holds, one.fails) <= STAGES.level(seeds) for one in found])
        decided += float(alive[over].sum())
        alive, before = np.where(over, 0.0, alive), seeds
    return decided


def shares() -> Iterator[str]:
    margins = np.arange(1, 51) / 100
    worst = max(decided_share(margin, margin) for margin in margins)
    yield "Shares, by the exact binomial test at the level of each stage (computed, not drawn). A true share"
    yield f"that lies on its margin is decided, which is wrong, with probability {worst:.1%} at most (margins"
    yield "from 0.01 to 0.50). Beside a margin of 0.10:\n"
    yield f"| true share | {' | '.join(f'{share:g}' for share in SHARES)} |"
    yield f"| :--- | {' | '.join('---:' for _ in SHARES)} |"
    yield f"| decided | {' | '.join(f'{decided_share(share, 0.1):.0%}' for share in SHARES)} |"


def draw(path: Path) -> None:
    """One comparison over its stages: the interval shrinks until it clears the margin."""
    from matplotlib.figure import Figure

    differences = np.random.default_rng(11).normal(0.016, 0.009, STAGES.seeds[-1])
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.axhspan(-MARGIN, MARGIN, color="#d9d9d9", label="differences within the margin")
    axes.axhline(0, color="#7a7a7a", linewidth=0.8)
    for place, seeds in enumerate(STAGES.seeds):
        found = decide(differences[:seeds], MARGIN, STAGES.level(seeds))
        colour = "#0b6e4f" if found.decision != OPEN else "#1f4e9c"
        axes.errorbar(place, found.mean, found.mean - found.low, fmt="o", color=colour, capsize=5)
        axes.annotate(found.decision, (place, found.high), (0, 5), textcoords="offset points", ha="center")
        if found.decision != OPEN:
            break
    axes.set_xticks(range(place + 1), [f"{seeds} seeds" for seeds in STAGES.seeds[: place + 1]])
    axes.set_xlim(-0.6, place + 0.6)
    axes.margins(y=0.12)
    axes.set_ylabel("difference in accuracy")
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--print", action="store_true", help="print only; leave docs/ as it is")
    arguments = parser.parse_args()
    started = time.process_time()
    table = "\n".join([*rows(), "", *shares()])
    text = (
        f"Measured by `python scripts/decision_study.py`: {COMPARISONS:,} drawn comparisons a row, "
        f"margin {MARGIN},\nnormal differences, {time.process_time() - started:.0f} s of one core. "
        f"On the margin itself every decision counts as wrong.\n\n{table}"
    )
    print(text)
    if arguments.print:
        return
    draw(PICTURE)
    method = DOCS / "method.md"
    page = method.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        sys.exit(f"{method} needs one place between {START} and {END}")
    method.write_text(pattern.sub(lambda _: f"{START}\n\n{text}\n\n{END}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
