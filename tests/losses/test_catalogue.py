"""Every loss of the catalogue: described, takes its natural targets, and lowers itself."""

import pytest
import torch

from losslab import catalogue
from losslab.check.examples import KINDS
from losslab.criterion import build_criterion, matching_form

NAMES = [name for name in catalogue.names("loss") if name not in ("custom", "sum")]


def natural_kind(config):
    """The first kind whose usual form of targets the loss takes, else any form."""
    wanted = config["terms"][-1]["targets"] if "terms" in config else config["targets"]
    for kind in KINDS.values():
        if matching_form(wanted, kind.target_forms):
            return kind
    raise AssertionError(f"no kind for {wanted}")


@pytest.mark.parametrize("name", NAMES)
def test_is_described(name):
    described = catalogue.description(catalogue.find("loss", name, catalogue.folders()))
    assert set(described) >= {"what", "formula", "use", "avoid", "source"}
    assert all(described.values())


@pytest.mark.parametrize("name", NAMES)
def test_lowers_itself_on_its_natural_targets(composed, name):
    config, _ = composed(f"loss={name}")
    kind = natural_kind(config["loss"])
    targets = kind.targets(12).abs() if name == "poisson_nll" else kind.targets(12)
    criterion = build_criterion(config["loss"], kind, name, training_targets=lambda: targets)
    torch.manual_seed(0)
    inputs = torch.randn(12, 16)
    size = torch.zeros(kind.shape).numel()
    network = torch.nn.Sequential(torch.nn.Linear(16, size), torch.nn.Unflatten(1, kind.shape))
    parameters = [*network.parameters(), *criterion.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.02)
    values = []
    for _ in range(30):
        value = criterion(network(inputs), kind.encode(targets, criterion.form))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert all(parameter.grad is not None for parameter in parameters)
    fall = values[0] - values[-1]
    assert fall > 0.05 * abs(values[0]), values


@pytest.mark.parametrize("name", ["focal_multiclass", "generalised_cross_entropy", "brier", "multi_margin"])
def test_trains_digits(train, name):
    record, _ = train(f"loss={name}", "trainer.max_epochs=3")
    assert record.status == "finished"
    assert record.metrics["test"]["accuracy"] > 0.75  # guessing reaches 0.1
