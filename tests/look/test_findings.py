"""Every rule: provoked by a real small training, silent on a healthy one; and what it says on the way."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import torch
from torch import nn

from fabricated_records import fabricate
from losslab.look.findings import NOTE, RULES, Evidence, as_markdown, diagnose, loss_floor
from losslab.look.findings.divergence import divergence
from losslab.look.findings.exploding_gradients import exploding_gradients
from losslab.look.findings.vanishing_gradients import vanishing_gradients
from losslab.look.internal_errors import InternalErrors
from losslab.look.measurements import MEASUREMENT_COLUMNS
from losslab.records import CURVE_COLUMNS
from losslab.train.run import build

DEEP = "model.hidden=[32,32,32,32,32,32,32]"


def changes_settings(prediction, target):
    torch.backends.cudnn.benchmark = True  # of no effect on a CPU: more threads are slow on a busy machine
    return nn.functional.mse_loss(prediction, target)


PROVOKED = {
    "changed_settings": [
        *("loss=custom", "loss.loss._target_=hydra.utils.get_method"),
        *(f"+loss.loss.path={__name__}.changes_settings", "loss.targets=one_hot"),
    ],
    "vanishing_gradients": ["activation=sigmoid", DEEP],
    "exploding_gradients": ["loss=mse", "optimizer=sgd", "optimizer.lr=20"],
    "divergence": ["loss=mse", "optimizer=sgd", "optimizer.lr=20"],
    "dead_units": ["optimizer=sgd", "optimizer.lr=30"],
    "saturated_units": ["activation=tanh", "optimizer.lr=0.5"],
    "saturated_outputs": ["loss=mse_sigmoid", "init=normal", "init.weight.std=1"],
    "loss_at_floor": ["loss=cross_entropy_on_softmax", "trainer.max_epochs=20"],
    "stalled_loss": ["optimizer.lr=1e-8"],
    "update_size": ["optimizer.lr=1e-8"],
    "clipped_gradients": ["trainer.gradient_clip.norm=0.001"],
}


def rules_of(record):
    return [finding["rule"] for finding in record.findings]


def finding(record, rule):
    return next(finding for finding in record.findings if finding["rule"] == rule)


def evidence(measured=(), curves=(), floor=None, **record):
    record.setdefault("config", {"loss": {"output_activation": "identity"}})
    return Evidence(
        fabricate(**record),
        pd.DataFrame(list(curves), columns=CURVE_COLUMNS),
        pd.DataFrame(list(measured), columns=MEASUREMENT_COLUMNS),
        floor,
    )


def test_every_rule_is_provoked_below():
    assert set(PROVOKED) == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize("rule", PROVOKED)
def test_a_rule_speaks_where_its_trouble_is(train, rule):
    record, _ = train("diagnostics=default", *PROVOKED[rule])
    found = finding(record, rule)
    assert found["text"]
    assert found["numbers"]
    assert all(math.isfinite(number) for number in found["numbers"].values())
    assert "http" in found["source"] or "arXiv" in found["source"]


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["loss=mse"],
        ["loss=mse_sigmoid"],
        ["activation=sigmoid", "optimizer.lr=0.01"],
        ["activation=tanh"],
        ["model=cnn", "activation=tanh"],
        ["loss=label_smoothing"],
        ["init=xavier_uniform", DEEP],
        ["optimizer=sgd", "trainer.gradient_clip.norm=5"],
    ],
    ids=str,
)
def test_healthy_trainings_have_no_findings(train, overrides):
    record, _ = train("diagnostics=default", "trainer.max_epochs=6", *overrides)
    assert record.findings == []
    assert record.primary("test") > 0.8


@pytest.mark.real_data
def test_vanishing_gradients_on_mnist_sigmoid_against_relu(train, real_data_dir):
    hidden = "model.hidden=[64,64,64,64,64,64,64]"
    task = (
        "task=mnist",
        f"data_dir={real_data_dir}",
        hidden,
        "trainer.max_epochs=1",
        "trainer.batch_size=256",
    )
    sigmoid, _ = train(*task, "activation=sigmoid", "diagnostics=default")
    found = finding(sigmoid, "vanishing_gradients")
    assert found["numbers"]["ratio"] < 1e-4
    assert found["numbers"]["factor"] > 3
    relu, _ = train(*task, "activation=relu", "init=xavier_uniform", "diagnostics=default")
    assert "vanishing_gradients" not in rules_of(relu)


def test_what_needs_no_look_inside_is_found_with_diagnostics_off(train):
    floor, _ = train("diagnostics=off", *PROVOKED["loss_at_floor"])
    found = finding(floor, "loss_at_floor")
    assert found["numbers"]["floor"] == pytest.approx(math.log(1 + 9 / math.e), abs=1e-5)
    diverged, _ = train("diagnostics=off", *PROVOKED["divergence"])
    assert rules_of(diverged) == ["divergence"]
    assert finding(diverged, "divergence")["numbers"]["step"] == diverged.diverged_at
    stalled, _ = train("diagnostics=off", *PROVOKED["stalled_loss"])
    assert rules_of(stalled) == ["stalled_loss"]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("cross_entropy", 0.0),
        ("mse", 0.0),
        ("cross_entropy_on_softmax", math.log(1 + 9 / math.e)),
        # entropy of the smoothed target: 0.91 on the class, 0.01 on each of the nine others
        ("label_smoothing", -(0.91 * math.log(0.91) + 9 * 0.01 * math.log(0.01))),
    ],
)
def test_the_floor_of_a_criterion(composed, loss, expected):
    parts = build(composed(f"loss={loss}"))
    # between the scales that are tried the floor of label smoothing is missed by a little
    assert loss_floor(parts.criterion, parts.task) == pytest.approx(expected, abs=0.02)


def test_vanishing_at_the_start_only_is_a_note():
    measured = [
        (step, "gradient_norm", f"layer_{layer}", norm)
        for step, norms in [(1, (1e-6, 1e-3, 1.0)), (400, (0.5, 0.6, 1.0)), (600, (0.5, 0.6, 1.0))]
        for layer, norm in enumerate(norms, start=1)
    ]
    found = vanishing_gradients(evidence(measured))
    assert found.severity == NOTE
    assert found.numbers["factor"] == pytest.approx(1000)
    assert "1e+03× per layer" in found.text
    assert "1e-06 of the last's, and 0.5 of it in the second half" in found.text


def test_a_growing_gradient_with_a_falling_loss_is_no_explosion():
    measured = [(1, "gradient_norm", "all", 1e-5), (100, "gradient_norm", "all", 1.0)]
    falling = [(1, 0.0, "train", "batch_loss", 2.3), (100, 0.0, "train", "batch_loss", 1.0)]
    rising = [(1, 0.0, "train", "batch_loss", 2.3), (100, 0.0, "train", "batch_loss", 9.0)]
    assert exploding_gradients(evidence(measured, falling)) is None
    assert exploding_gradients(evidence(measured, rising)).numbers["growth"] == pytest.approx(1e5)


def test_a_failed_run_without_any_numbers_has_no_findings():
    errors = InternalErrors()
    assert diagnose(evidence(status="failed"), errors) == []
    nothing = [(1, "gradient_norm", layer, math.nan) for layer in ("all", "layer_1", "layer_2", "layer_3")]
    assert diagnose(evidence(nothing, status="failed"), errors) == []
    assert errors.found == []


def test_a_rule_with_a_bug_is_no_finding_and_the_others_speak():
    def broken(evidence):
        raise KeyError("gone")

    errors = InternalErrors()
    found = diagnose(evidence(status="diverged", diverged_at=3), errors, [broken, divergence])
    assert [one["rule"] for one in found] == ["divergence"]
    (error,) = errors.found
    assert (error["what"], error["type"], error["message"]) == ("the rule broken", "KeyError", "'gone'")
    assert "Traceback" in error["traceback"]


SUM = ["loss=sum", "trainer.max_epochs=20"]
SQUASHED = "{loss: cross_entropy_on_softmax, weight: 1}"


def test_a_sum_at_its_floor_is_said_where_every_term_is_squashed(train):
    allowed = ["allow_misuse=true", "diagnostics=off"]
    squashed, _ = train(*SUM, f"loss.terms=[{SQUASHED}, {SQUASHED}]", *allowed)
    found = finding(squashed, "loss_at_floor")
    assert "the floor of softmax before this loss" in found["text"]
    assert found["numbers"]["floor"] == pytest.approx(2 * math.log(1 + 9 / math.e), abs=1e-5)
    # the floor may be the other term's: nothing is certain
    mixed, _ = train(*SUM, f"loss.terms=[{SQUASHED}, {{loss: label_smoothing, weight: 0.1}}]", *allowed)
    assert "loss_at_floor" not in rules_of(mixed)


def test_markdown_shows_texts_as_they_are():
    shown = as_markdown(
        [{"rule": "dead_units", "severity": "note", "text": "<b>*x*|", "source": "a_b", "numbers": {}}]
    )
    assert shown == r"- **dead units** (note): &lt;b&gt;\*x\*\| [a\_b]"
    assert "Nothing found" in as_markdown([])
