"""Networks: shapes, activations of their own, initialisation, and weights that follow from the seed alone."""

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from losslab.errors import UserError
from losslab.models import build_network

DEFAULT_INIT = {"weight": None, "bias": None}


def network(composed, *overrides, shape=(1, 28, 28), seed=0):
    settings = composed(*overrides)
    return build_network(settings.model, settings.activation, settings.init, shape, 10, seed)


@pytest.mark.parametrize(
    ("model", "parameters"), [("linear", 7850), ("mlp", 101770), ("cnn", 105866), ("resnet", 19810)]
)
def test_shapes_and_sizes(composed, model, parameters):
    made = network(composed, f"model={model}")
    assert made(torch.randn(3, 1, 28, 28)).shape == (3, 10)
    assert sum(parameter.numel() for parameter in made.parameters()) == parameters


def test_any_widths_and_each_layer_its_own_activation(composed):
    made = network(composed, "model.hidden=[5,6,7]", "activation=prelu")
    assert [layer.out_features for layer in made if isinstance(layer, nn.Linear)] == [5, 6, 7, 10]
    slopes = [layer for layer in made if isinstance(layer, nn.PReLU)]
    assert len(set(map(id, slopes))) == 3


@pytest.mark.parametrize(
    "activation", ["relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu", "identity"]
)
def test_activation_is_the_one_that_was_asked_for(composed, activation):
    made = network(composed, f"activation={activation}")
    names = {type(layer).__name__.lower() for layer in made}
    assert activation.replace("_", "") in names


def test_weights_follow_from_the_seed_alone(composed):
    first = network(composed, seed=1)
    torch.rand(7)  # whatever else was drawn meanwhile
    again, other = network(composed, seed=1), network(composed, seed=2)
    assert torch.equal(first[1].weight, again[1].weight)
    assert not torch.equal(first[1].weight, other[1].weight)


def test_building_leaves_the_global_stream_alone(composed):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    network(composed)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    ("init", "deviation"),
    [
        ("default", 1 / (3 * 784) ** 0.5),
        ("kaiming_normal", (2 / 784) ** 0.5),
        ("kaiming_uniform", (2 / 784) ** 0.5),
        ("xavier_normal", (2 / (784 + 128)) ** 0.5),
        ("xavier_uniform", (2 / (784 + 128)) ** 0.5),
        ("normal", 0.01),
    ],
)
def test_initialisation_has_the_spread_of_its_paper(composed, init, deviation):
    made = network(composed, f"init={init}")
    assert made[1].weight.std().item() == pytest.approx(deviation, rel=0.02)
    assert bool((made[1].bias == 0).all()) is (init != "default")


def test_cnn_refuses_images_that_it_would_halve_too_often(composed):
    with pytest.raises(UserError, match="too often"):
        network(composed, "model=cnn", "model.channels=[4,4,4,4]", shape=(1, 8, 8))


@pytest.mark.parametrize(("norm", "layer"), [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm)])
def test_normalisation_comes_before_the_activation_and_dropout_after(composed, norm, layer):
    made = network(composed, "model.hidden=[5,6]", f"model.norm={norm}", "model.dropout=0.3")
    block = [nn.Linear, layer, nn.ReLU, nn.Dropout]
    assert [type(part) for part in made] == [nn.Flatten, *block, *block, nn.Linear]
    assert made[4].p == 0.3


def test_norm_and_dropout_leave_the_initial_weights_as_they_are(composed):
    plain, other = network(composed), network(composed, "model.norm=batch", "model.dropout=0.3")
    assert torch.equal(plain[1].weight, other[1].weight)
    assert torch.equal(plain[-1].weight, other[-1].weight)


def test_residual_network_halves_the_image_at_each_stage(composed):
    made = network(composed, "model=resnet", "model.channels=[4,8,8]", "model.blocks=2")
    images = torch.randn(2, 1, 28, 28)
    assert made[:-3](images).shape == (2, 8, 7, 7)
    assert made(images).shape == (2, 10)
    assert sum(type(layer) is BasicBlock for layer in made) == 6
