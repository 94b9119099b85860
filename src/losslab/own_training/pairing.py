"""Whether the arms were paired: the same initial weights and batches for each seed, by fingerprints."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

SAME, OTHER_BATCHES, OTHER_WEIGHTS, UNKNOWN = (
    "same weights and batches",
    "same weights, other batches",
    "other weights",
    "unknown",
)


def pairing(runs: pd.DataFrame) -> str:
    """One of the four sentences above, over all seeds.

    Args:
        runs: of `losslab.records.frame`. Runs that failed do not count.
    """
    known = runs[runs["status"] != "failed"]
    weights, batches = (_by_seed(known, name) for name in ("weights", "batches"))
    if any(len(each - {None}) > 1 for each in weights.values()):
        return OTHER_WEIGHTS
    if not weights or _lacks(weights) or _lacks(batches):
        return UNKNOWN
    return SAME if all(len(each) == 1 for each in batches.values()) else OTHER_BATCHES


def notes(runs: pd.DataFrame) -> list[str]:
    """What makes seeds no seeds: a training that starts the same whatever the seed."""
    known = runs[runs["status"] != "failed"]
    starts = [(each.get("weights"), each.get("batches")) for each in known["fingerprints"]]
    if len(set(known["seed"])) > 1 and all(map(all, starts)) and len(set(starts)) == 1:
        return [
            "All seeds started with the same weights and batches: train sets a seed of its own, so the "
            "interval says nothing about other seeds. Use run.seed, or leave seeding to losslab."
        ]
    return []


def _by_seed(runs: pd.DataFrame, name: str) -> dict[Hashable, set[Any]]:
    return {seed: {each.get(name) for each in group["fingerprints"]} for seed, group in runs.groupby("seed")}


def _lacks(found: dict[Hashable, set[Any]]) -> bool:
    return any(None in each for each in found.values())
