"""What a claim's file may say: every slip is one sentence with the file and the key."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from claim_example import GOOD, prediction

from losslab.claims.catalogue import claims
from losslab.claims.parse import parse
from losslab.errors import UserError


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one key changed; None takes it out."""
    plain = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    place: Any = plain
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    last = int(last) if last.isdigit() else last
    if value is None:
        del place[last]
    else:
        place[last] = value
    return plain


def test_short_forms() -> None:
    claim = parse(GOOD, "file.yaml")
    assert claim.stages == (3,)
    assert claim.seeds(2) == [0, 1]
    assert claim.arms["a"] == ["loss=mse"]
    assert claim.condition("small").overrides == ["model.hidden=[8]"]
    assert claim.predictions[0].against == ["a"]
    assert claim.grid("small") == {"optimizer.lr": [0.1, 1.0]}


def test_seeds_and_stages_that_a_file_does_not_give() -> None:
    plain = copy.deepcopy(GOOD)
    for key in ("stages", "first_seed", "tuning_seeds"):
        del plain[key]
    claim = parse(plain, "f.yaml")
    assert claim.stages == (8, 12, 18, 27, 40)
    assert claim.seeds(8)[0] == 200
    assert claim.tuning_seeds == [1200, 1201]


def test_factors_are_multiplied() -> None:
    factors = [
        {"mnist": "task=mnist", "fashion": "task=fashion_mnist"},
        {"adam": "optimizer=adam", "sgd": {"overrides": "optimizer=sgd", "tune": {"optimizer.lr": [1.0]}}},
        {"tuned": None, "dropped_in": {"as_tuned_for": "b"}},
    ]
    plain = changed("conditions", factors)
    plain["predictions"] = [
        prediction(metric="accuracy", arm="a", at_most=0.9, at=["mnist", "sgd"]),
        prediction(metric="accuracy", arm="a", against="a@mnist", expect="lower", at="fashion-adam"),
    ]
    claim = parse(plain, "f.yaml")
    assert len(claim.condition_names) == 8
    condition = claim.condition("mnist-sgd-dropped_in")
    assert condition.overrides == ["task=mnist", "optimizer=sgd"]
    assert (condition.tune, condition.as_tuned_for) == ({"optimizer.lr": [1.0]}, "b")
    assert claim.at(claim.predictions[0]) == ["mnist-sgd-tuned", "mnist-sgd-dropped_in"]
    assert claim.at(claim.predictions[1]) == ["fashion-adam-tuned", "fashion-adam-dropped_in"]


P = "claim.predictions.0"


@pytest.mark.parametrize(
    ("path", "value", "key", "words"),
    [
        ("statement", None, "claim.statement", "missing"),
        ("sources", "x", "claim.sources", "no such key"),
        ("predictions.0.role", "main", f"{P}.role", "'core', 'side' or 'premise'"),
        ("predictions.0.expect", "better", f"{P}.expect", "'higher', 'lower'"),
        ("predictions.0.expect", None, P, "a comparison of arms says expect"),
        ("predictions.0.at_least", 0.01, P, "its margin is that of the metric"),
        ("predictions.0.against", None, P, "expect and double compare arms"),
        ("predictions.0.metric", "loudness", f"{P}.metric", "no margin for loudness: give one"),
        ("predictions.0.arm", "c", f"{P}.arm", "no arm c; there are: a, b"),
        ("predictions.0.against", "a@tiny", f"{P}.against", "no condition tiny; there are: small, large"),
        ("predictions.0.at", "tiny", f"{P}.at", "no condition tiny"),
        ("predictions.0.target", 0.9, P, "steps_to_target, and no other"),
        ("predictions.0.quantity", "q", P, "either metric (of the runs) or quantity"),
        ("predictions.0", prediction(quantity="q", at_least=1), f"{P}.quantity", "no check"),
        ("predictions.0", prediction(metric="m", arm="a"), P, "give at_least, at_most or both"),
        ("predictions.0", prediction(metric="m", arm="a", at_least=2, at_most=1), P, "nothing lies between"),
        ("predictions.0", prediction(metric="m", arm="a", equals=2), P, "equals needs within"),
        ("predictions.0", prediction(metric="m", arm="a", equals=2, within=0), P, "within must be above 0"),
        ("predictions.0", prediction(metric="m", arm="a", at_least=0, ratio=True), P, "must be above 0"),
        ("predictions.0", prediction(metric="m", arm="a", at_least=math.nan), f"{P}.at_least", "finite"),
        ("predictions.0.role", "side", "claim.predictions", "no prediction has role: core"),
        ("predictions", [], "claim.predictions", "at least 1"),
        ("tune", {"optimizer.lr": [math.inf]}, "claim.tune.optimizer.lr.0", "must be finite"),
        ("tune", {"optimizer.lr": [{"a": 1}]}, "claim.tune.optimizer.lr.0", "is a number, a word"),
        ("tune", {"optimizer.lr": []}, "claim.tune.optimizer.lr", "at least 1"),
        ("seeds", 5, "claim.seeds", "no such key"),
        ("stages", [8, 8], "claim.stages", "give rising numbers of seeds"),
        ("stages", 1, "claim.stages", "from 2"),
        ("first_seed", -1, "claim.first_seed", "greater"),
        ("tuning_seeds", [2], "claim.tuning_seeds", "cannot be reported"),
        ("tuning_seeds", [], "claim.tuning_seeds", "needs seeds"),
        ("arms", {"A b": "loss=mse"}, "claim.arms.A b", "small letters"),
        ("conditions", {"a-b": ""}, "claim.conditions.a-b", "small letters"),
        ("conditions", [{"x": ""}, {"x": ""}], "claim.conditions.x", "two factors have this level"),
        ("conditions", "small", "claim.conditions", "a mapping from names to overrides"),
        ("conditions.small", {"as_tuned_for": "c"}, "claim.conditions.small.as_tuned_for", "no arm c"),
        ("holds_in", "most", "claim.holds_in", "five conditions or fewer"),
        ("margins", {"accuracy": 0.001}, "claim.margins.accuracy", "it is 0.01 for all claims"),
        ("tags", ["right"], "claim.tags.0", "no tag 'right'; there are: right advice, wrong reason"),
        ("quick", {"conditions": ["tiny"]}, "claim.quick.conditions", "no condition tiny"),
        ("answer", "It is {", "claim.answer", "encountered in format string"),
        ("answer", "It is {c.accuracy}.", "claim.answer", "there is no arm c"),
        ("answer", "It is {gain}.", "claim.answer", "no prediction with name: gain"),
        ("answer", "It is {a.accuracy@tiny}.", "claim.answer", "no condition tiny"),
        ("answer", "It is {a.accuracy:.1q}.", "claim.answer", "format"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_file_and_key(path: str, value: Any, key: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(changed(path, value), "experiments/mine.yaml")
    sentence = str(caught.value)
    assert sentence.startswith(f"experiments/mine.yaml: {key}: "), sentence
    assert words in sentence
    assert "\n" not in sentence


def test_a_file_of_the_first_edition_is_told_how_to_convert_it() -> None:
    plain = copy.deepcopy(GOOD)
    plain["seeds"] = 5
    for one in plain["predictions"]:
        del one["role"]
    with pytest.raises(
        UserError, match=r"f\.yaml: claim\.predictions: .* older losslab: give each prediction a role"
    ):
        parse(plain, "f.yaml")


def test_tags_of_the_closed_list() -> None:
    tags = ["right advice, wrong reason", "outdated since torch 1.10"]
    assert parse(changed("tags", tags), "f.yaml").tags == tags


def test_a_claim_without_arms_needs_a_check() -> None:
    plain = changed("arms", {})
    plain["predictions"] = [prediction(quantity="q", at_least=1)]
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
    assert quick.seeds(quick.stages[-1]) == [0, 1]


def test_every_claim_of_the_project_is_valid_and_explains_itself() -> None:
    for name, claim in claims().items():
        assert len(claim.statement) > 20, name
        assert claim.source, name
        for one in claim.predictions:
            assert one.says.endswith("."), (name, one.says)
            assert one.why.endswith("."), (name, one.why)
        assert claim.in_quick().of_role("core"), name
        assert claim.first_seed >= 200, name
        assert min(claim.tuning_seeds) >= 1200, name
