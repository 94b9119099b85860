"""Graphs are taken from an earlier run of the process, and only where nothing of the network differs."""

import pytest
import torch
from torch import nn

from losslab.look.diagnostics import model_graph

INPUTS = torch.zeros(2, 3)


class Scaled(nn.Module):
    """A plain attribute that no repr shows."""

    def __init__(self, scaled: bool, keeper: object = None) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.scaled = scaled
        self.keeper = keeper

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = self.layer(inputs)
        return outputs * 2 if self.scaled else outputs


@pytest.fixture
def traces(monkeypatch):
    """The networks that were really traced."""
    monkeypatch.setattr(model_graph, "_traced", {})
    traced = []
    trace = model_graph._trace
    monkeypatch.setattr(
        model_graph, "_trace", lambda network, inputs: traced.append(network) or trace(network, inputs)
    )
    return traced


def operations(network):
    graph, _ = model_graph._graph(network, INPUTS)
    return [node.op for node in graph.node]


def test_the_same_network_with_other_weights_is_traced_once(traces):
    torch.manual_seed(0)
    first = operations(Scaled(True))
    assert operations(Scaled(True)) == first
    assert "aten::mul" in first
    assert len(traces) == 1


def test_an_attribute_or_a_width_makes_another_graph(traces):
    assert "aten::mul" in operations(Scaled(True))
    assert "aten::mul" not in operations(Scaled(False))
    operations(nn.Sequential(nn.Linear(3, 4)))
    operations(nn.Sequential(nn.Linear(3, 5)))
    assert len(traces) == 4


def test_what_cannot_be_compared_is_traced_each_time(traces):
    keeper = object()
    operations(Scaled(True, keeper))
    operations(Scaled(True, keeper))
    assert len(traces) == 2


def test_tracing_leaves_the_network_in_training_mode(traces):
    network = Scaled(True)
    network.train()
    operations(network)
    assert network.training
    assert network.layer.training
