#!/usr/bin/env python
"""How far a decaying learning rate or averaged weights narrow the spread of paired differences.

    python scripts/schedule_study.py FOLDER            240 runs, 10 minutes of a core; into docs/schedules.md
    python scripts/schedule_study.py FOLDER --print    the same, but only printed

Two losses are trained on MNIST with paired seeds. FOLDER keeps the records: the same command continues where
it was interrupted. The treatments of a seed are run one after the other, so that other load on the machine
reaches all of them.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from losslab import records
from losslab.config.compose import compose_run
from losslab.config.identity import identities
from losslab.records import FINISHED, Record
from losslab.train.run import run

warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

PAGE = Path(__file__).parents[1] / "docs" / "schedules.md"
START, END = "<!-- schedule_study:start -->", "<!-- schedule_study:end -->"
TRAINING = [
    *("task=mnist", "diagnostics=off", "pictures=null", "trainer.accelerator=cpu"),
    "trainer.eval_every=859",  # an epoch
]
OPTIMIZERS = ("sgd", "adam")
LOSSES = ("cross_entropy", "mse_softmax")
TREATMENTS = {
    "constant": (),
    "cosine": ("scheduler=cosine",),
    "linear": ("scheduler=linear",),
    "averaging=ema": ("averaging=ema",),
    "averaging=equal": ("averaging=equal",),
}
SEEDS = range(12)  # unless told otherwise
DRAWS = 10_000


def trained(folder: Path, *overrides: str) -> Record:
    """The record of one run, made now or before."""
    settings = compose_run(*TRAINING, *overrides)
    place = folder / identities(settings)["identity"]
    if not (place / records.RECORD_FILE).exists():
        place.mkdir(parents=True, exist_ok=True)
        run(settings, [*TRAINING, *overrides], place)
    record = records.load(place)
    assert record.status == FINISHED, record.error
    return record


def accuracies_and_seconds(
    folder: Path, seeds: Sequence[int]
) -> tuple[dict[tuple[str, str, str], np.ndarray], ...]:
    """(optimizer, treatment, loss) -> test accuracy of each seed; and -> processor seconds of each."""
    arms = list(itertools.product(OPTIMIZERS, TREATMENTS, LOSSES))
    found: dict[tuple[str, str, str], list[Record]] = {arm: [] for arm in arms}
    for seed, arm in itertools.product(seeds, arms):
        optimizer, treatment, loss = arm
        chosen = (f"optimizer={optimizer}", f"loss={loss}", *TREATMENTS[treatment])
        found[arm].append(trained(folder, *chosen, f"seed={seed}"))
    accuracies = {arm: np.array([run.primary() for run in runs]) for arm, runs in found.items()}
    seconds = {arm: np.array([run.timing["processor"] for run in runs]) for arm, runs in found.items()}
    return accuracies, seconds


def table(folder: Path, seeds: Sequence[int]) -> str:
    accuracies, seconds = accuracies_and_seconds(folder, seeds)
    generator = np.random.default_rng(0)
    draws = generator.integers(len(seeds), size=(DRAWS, len(seeds)))
    lines = [
        "| optimiser | treatment | cross_entropy | mse_softmax | difference | its standard deviation | "
        "relative to constant [95 %] | seeds relative to constant | CPU seconds a run |",
        "| :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for optimizer in OPTIMIZERS:
        differences = {
            name: accuracies[optimizer, name, LOSSES[0]] - accuracies[optimizer, name, LOSSES[1]]
            for name in TREATMENTS
        }
        constant = differences["constant"]
        for name, values in differences.items():
            spread = values.std(ddof=1)
            ratio = spread / constant.std(ddof=1)
            drawn = values[draws].std(axis=1, ddof=1) / constant[draws].std(axis=1, ddof=1)
            low, high = np.quantile(drawn, [0.025, 0.975])
            means = [100 * accuracies[optimizer, name, loss].mean() for loss in LOSSES]
            cost = np.median(np.concatenate([seconds[optimizer, name, loss] for loss in LOSSES]))
            relative = "1" if name == "constant" else f"{ratio:.2f} [{low:.2f}, {high:.2f}]"
            lines.append(
                f"| {optimizer} | {name} | {means[0]:.2f} % | {means[1]:.2f} % | {100 * values.mean():.2f} | "
                f"{100 * spread:.2f} | {relative} | {ratio**2:.2f} | {cost:.2f} |"
            )
    return "\n".join([f"{len(seeds)} seeds, torch {torch.__version__.partition('+')[0]}:\n", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--print", action="store_true")
    options = parser.parse_args()
    found = table(options.folder, options.seeds)
    print(found)
    if not options.print:
        old = PAGE.read_text(encoding="utf-8")
        new = f"{START}\n\n{found}\n\n{END}"
        PAGE.write_text(re.sub(f"{START}.*{END}", lambda _: new, old, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
