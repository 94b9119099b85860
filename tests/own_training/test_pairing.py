"""What fingerprints say about the pairing of arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from losslab.own_training.fingerprints import digest
from losslab.own_training.pairing import notes, pairing


def runs(*fingerprints: tuple[int, str, str], failed: int | None = None) -> pd.DataFrame:
    rows = [
        {"seed": seed, "status": "finished", "fingerprints": {"weights": weights, "batches": batches}}
        for seed, weights, batches in fingerprints
    ]
    for row in rows:
        row["fingerprints"] = {key: value for key, value in row["fingerprints"].items() if value}
    if failed is not None:
        rows[failed]["status"] = "failed"
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (runs((0, "a", "x"), (0, "a", "x"), (1, "b", "y"), (1, "b", "y")), "same weights and batches"),
        (runs((0, "a", "x"), (0, "a", "y")), "same weights, other batches"),
        (runs((0, "a", "x"), (0, "b", "x")), "other weights"),
        (runs((0, "a", ""), (0, "a", "")), "unknown"),
        (runs((0, "", ""), (0, "", "")), "unknown"),
        (runs((0, "a", "x"), (0, "", "")), "unknown"),
        (runs((0, "a", "x"), (0, "a", "x"), (0, "b", "z"), failed=2), "same weights and batches"),
    ],
)
def test_pairing_in_words(found: pd.DataFrame, words: str) -> None:
    assert pairing(found) == words


def test_a_training_with_a_seed_of_its_own_is_named() -> None:
    assert len(notes(runs((0, "a", "x"), (1, "a", "x")))) == 1
    assert notes(runs((0, "a", "x"), (1, "b", "x"))) == []
    assert notes(runs((0, "", ""), (1, "", ""))) == []


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.bool, torch.int64])
def test_digests_tell_contents_apart(dtype: torch.dtype) -> None:
    ones, zeros = torch.ones(2, 3, dtype=dtype), torch.zeros(2, 3, dtype=dtype)
    assert digest(ones) == digest(ones.clone())
    assert len({digest(each) for each in (ones, zeros, ones.reshape(3, 2), (ones, zeros), {"a": ones})}) == 5
    assert digest([np.ones(2), "text", 3]) != digest([np.ones(2), "text", 4])
    assert digest(ones.T) == digest(ones.T.contiguous())
    assert digest(torch.ones(())) == digest(torch.ones(()))
