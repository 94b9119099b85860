"""Temperature scaling: the fitted number, and which metrics it changes."""

import pytest
import torch

from losslab.config.compose import compose_run
from losslab.config.identity import identities
from losslab.errors import UserError
from losslab.records import BEFORE_SCALING
from losslab.tasks.kinds.binary import Binary
from losslab.tasks.kinds.multiclass import Multiclass
from losslab.train import temperature
from losslab.train.parts import build
from losslab.train.run import run

RUN = ("trainer.accelerator=cpu", "trainer.max_epochs=2", "diagnostics=off")


@pytest.fixture(scope="module")
def drawn():
    """Logits that are calibrated: the classes are drawn from their softmax."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, 3, generator=generator, dtype=torch.float64)
    return logits, torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]


@pytest.mark.parametrize("factor", [0.2, 1.0, 4.0])
def test_the_temperature_undoes_a_factor(drawn, factor):
    logits, classes = drawn
    assert temperature.fit(Multiclass(3), factor * logits, classes) == pytest.approx(factor, rel=0.03)


def test_of_two_classes_it_is_that_of_their_difference(drawn):
    two, classes = drawn[0][:, :2], (drawn[1] == 1).long()
    kept = drawn[1] < 2
    binary = temperature.fit(Binary(), 3 * (two[:, 1] - two[:, 0])[kept, None], classes[kept])
    assert binary == pytest.approx(temperature.fit(Multiclass(2), 3 * two[kept], classes[kept]), rel=1e-4)
    assert binary == pytest.approx(3, rel=0.05)


@pytest.fixture(scope="module")
def plain_and_scaled(tmp_path_factory):
    records = []
    for scaling in ("false", "true"):
        folder = tmp_path_factory.mktemp(scaling)
        records.append(run(compose_run(*RUN, f"temperature_scaling={scaling}"), [], folder))
    return records


def test_both_metrics_are_recorded(plain_and_scaled):
    plain, scaled = plain_and_scaled
    assert plain.temperature is None
    assert BEFORE_SCALING not in plain.metrics
    assert scaled.temperature < 0.9  # stopped early: not yet confident enough
    assert scaled.metrics[BEFORE_SCALING] == plain.metrics["test"]
    assert scaled.metrics["validation"] == plain.metrics["validation"]
    before, after = scaled.metrics[BEFORE_SCALING], scaled.metrics["test"]
    assert set(plain.reliability) == {"test"}
    assert scaled.reliability[BEFORE_SCALING] == plain.reliability["test"] != scaled.reliability["test"]
    assert after["accuracy"] == before["accuracy"]
    assert after["loss"] == before["loss"]
    assert after["negative_log_likelihood"] < before["negative_log_likelihood"]


def test_it_is_part_of_the_arm_and_not_of_runs_without_it(composed):
    plain = identities(composed())
    assert identities(composed("temperature_scaling=false")) == plain
    scaled = identities(composed("temperature_scaling=true"))
    assert scaled["arm_identity"] != plain["arm_identity"]
    assert scaled["task_identity"] == plain["task_identity"]


def test_values_have_no_temperature(composed):
    with pytest.raises(UserError, match="needs outputs that are scores of classes"):
        build(composed("task=diabetes", "loss=mse", "temperature_scaling=true"))
