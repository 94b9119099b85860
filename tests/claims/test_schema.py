"""What a claim's file may say: every slip is one sentence with the file and the key."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from claim_example import GOOD

from losslab.claims.catalogue import claims
from losslab.claims.schema import parse
from losslab.errors import UserError


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one key changed; None takes it out."""
    plain = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    place: Any = plain
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return plain


def test_short_forms() -> None:
    claim = parse(GOOD, "file.yaml")
    assert claim.seeds == [0, 1, 2]
    assert claim.arms["a"] == ["loss=mse"]
    assert claim.conditions["small"].overrides == ["model.hidden=[8]"]
    assert claim.predictions[0].against == ["a"]
    assert claim.grid("small") == {"optimizer.lr": [0.1, 1.0]}


@pytest.mark.parametrize(
    ("path", "value", "key", "words"),
    [
        ("statement", None, "claim.statement", "missing"),
        ("satement", "x", "claim.satement", "no such key"),
        ("predictions.0.metrik", "x", "claim.predictions.0.metrik", "no such key"),
        ("predictions.0.arm", "c", "claim.predictions.0.arm", "no arm c; there are: a, b"),
        ("predictions.0.against", ["a", "zz"], "claim.predictions.0.against", "no arm zz"),
        (
            "predictions.0.at",
            "medium",
            "claim.predictions.0.at",
            "no condition medium; there are",
        ),
        ("predictions.1.arm", "b@medium", "claim.predictions.1.arm", "no condition medium"),
        ("predictions.0.at_least", None, "claim.predictions.0", "at_least, at_most"),
        ("predictions.0.equals", 0.5, "claim.predictions.0", "equals"),
        ("predictions.0.quantity", "q", "claim.predictions.0", "either metric"),
        ("predictions.0.metric", "steps_to_target", "claim.predictions.0", "target"),
        ("predictions.0.at_least", "much", "claim.predictions.0.at_least", "number"),
        ("predictions.0.at_least", math.nan, "claim.predictions.0.at_least", "finite"),
        ("predictions.0.at_least", math.inf, "claim.predictions.0.at_least", "finite"),
        ("predictions.1.at_most", math.nan, "claim.predictions.1.at_most", "finite"),
        ("predictions.0.target", math.nan, "claim.predictions.0.target", "finite"),
        ("tune", {"optimizer.lr": [0.1, math.nan]}, "claim.tune.optimizer.lr.1", "must be finite"),
        ("tune", {"optimizer": [{"lr": 0.1}]}, "claim.tune.optimizer.0", "is a number, a word"),
        ("predictions", [], "claim.predictions", "at least 1"),
        ("seeds", 1, "claim.seeds", "at least 2"),
        ("seeds", [-1, 2], "claim.seeds", "greater"),
        ("tuning_seeds", [2], "claim.tuning_seeds", "cannot be reported"),
        ("tuning_seeds", [], "claim.tuning_seeds", "needs seeds"),
        ("tune", {"optimizer.lr": []}, "claim.tune.optimizer.lr", "at least 1"),
        ("arms", {"A b": "loss=mse"}, "claim.arms.A b", "small letters"),
        ("quick", {"conditions": ["tiny"]}, "claim.quick.conditions", "no condition tiny"),
    ],
)
def test_a_slip_is_named_with_file_and_key(path: str, value: Any, key: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(changed(path, value), "experiments/mine.yaml")
    sentence = str(caught.value)
    assert sentence.startswith(f"experiments/mine.yaml: {key}"), sentence
    assert words in sentence
    assert "\n" not in sentence


def test_a_claim_without_arms_needs_a_check() -> None:
    plain = changed("arms", {})
    plain["predictions"] = [{"says": "x", "why": "y", "quantity": "q", "at_least": 1}]
    with pytest.raises(UserError, match=r"claim\.arms: give arms to train, or a check"):
        parse(plain, "f.yaml")


def test_a_claim_that_is_no_mapping() -> None:
    with pytest.raises(UserError, match="must be a mapping"):
        parse("B is better", "f.yaml")


def test_quick_keeps_the_predictions_that_it_can_judge() -> None:
    plain = copy.deepcopy(GOOD)
    plain["quick"] = {"conditions": ["small"], "seeds": 2, "tune": {"optimizer.lr": [1.0]}}
    quick = parse(plain, "f.yaml").in_quick()
    assert quick.condition_names == ["small"]
    assert [prediction.against for prediction in quick.predictions] == [["a"]]
    assert quick.grid("small") == {"optimizer.lr": [1.0]}
    assert quick.seeds == [0, 1]


def test_every_claim_of_the_project_is_valid_and_explains_itself() -> None:
    for name, claim in claims().items():
        assert len(claim.statement) > 20, name
        assert claim.source, name
        for prediction in claim.predictions:
            assert prediction.says.endswith("."), (name, prediction.says)
            assert prediction.why.endswith("."), (name, prediction.why)
        assert len(claim.in_quick().predictions) >= 1, name
