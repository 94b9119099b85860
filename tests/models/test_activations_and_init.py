"""Activations of the catalogue, one for each layer, maxout; gains and data-driven initialisation."""

import pytest
import torch
from torch import nn

from losslab.config import catalogue
from losslab.errors import UserError
from losslab.models import build_network
from losslab.models.maxout import Maxout

NAMED = [name for name in catalogue.names("activation") if name not in ("layers", "custom")]
INPUTS = torch.randn(256, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def network(composed, *overrides, seed=0, inputs=lambda: INPUTS):
    settings = composed(*overrides)
    return build_network(settings.model, settings.activation, settings.init, (1, 8, 8), 10, seed, inputs)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("name", NAMED)
def test_every_activation_fits_every_model_and_lets_gradients_through(composed, model, name):
    made = network(composed, f"activation={name}", f"model={model}")
    outputs = made(INPUTS[:3])
    assert outputs.shape == (3, 10)
    outputs.square().sum().backward()
    assert all(parameter.grad.any() for parameter in made.parameters())


@pytest.mark.parametrize("name", NAMED)
def test_every_activation_is_described(name):
    described = catalogue.description(catalogue.find("activation", name, catalogue.folders()))
    assert described["what"]
    assert described["formula"]


def test_a_list_gives_each_layer_its_own(composed):
    made = network(
        composed,
        "model.hidden=[5,6,7]",
        "activation=layers",
        "activation.layers=[relu,{_target_: torch.nn.Softplus, beta: 2},prelu]",
    )
    kinds = [type(layer) for layer in made if not isinstance(layer, nn.Linear | nn.Flatten)]
    assert kinds == [nn.ReLU, nn.Softplus, nn.PReLU]
    assert made[4].beta == 2


@pytest.mark.parametrize("layers", ["[relu]", "[relu,relu,relu]"])
def test_a_list_of_the_wrong_length_is_said(composed, layers):
    count = layers.count("relu")
    with pytest.raises(UserError, match=f"has {count} entries, but the model has 2 activations"):
        network(composed, "model.hidden=[5,6]", "activation=layers", f"activation.layers={layers}")


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ("[relv]", "activation=relv does not exist"),
        ("[]", "give a list"),
        ("[3]", r"activation.layers\[0\]=3 is wrong"),
    ],
)
def test_a_wrong_list_is_said(composed, layers, sentence):
    with pytest.raises(UserError, match=sentence):
        network(composed, "activation=layers", f"activation.layers={layers}")


def test_any_other_activation_by_target(composed):
    made = network(composed, "activation=custom", "activation._target_=torch.nn.ReLU6")
    assert any(isinstance(layer, nn.ReLU6) for layer in made)


def test_mixed_activations_train(train):
    record, _ = train("model.hidden=[32,32]", "activation=layers", "activation.layers=[relu,sigmoid]")
    assert record.metrics["test"]["accuracy"] > 0.3
    assert record.config["activation"]["layers"][1]["_target_"] == "torch.nn.Sigmoid"


def test_maxout_is_the_largest_of_its_affine_maps():
    maxout = Maxout(pieces=3)
    inputs = torch.randn(4, 5)
    expected = maxout(inputs)
    maps = torch.stack([inputs @ piece.weight.T + piece.bias for piece in maxout.maps])
    assert torch.allclose(expected, maps.amax(0))
    assert expected.shape == inputs.shape
    assert sum(parameter.numel() for parameter in maxout.parameters()) == 3 * 5 * 6


def test_maxout_on_pictures_maps_each_pixel():
    maxout = Maxout()
    pictures = torch.randn(2, 3, 4, 5)
    mapped = maxout(pictures)
    assert mapped.shape == pictures.shape
    assert torch.allclose(mapped[:, :, 1, 2], maxout(pictures[:, :, 1, 2]), atol=1e-6)


def test_maxout_is_made_from_the_seed_and_initialised_like_any_layer(composed):
    first, again = (network(composed, "activation=maxout", "init=orthogonal") for _ in range(2))
    piece = first[2].maps[1]
    assert torch.equal(piece.weight, again[2].maps[1].weight)
    assert torch.allclose(piece.weight @ piece.weight.T, torch.eye(128), atol=1e-5)
    assert not piece.bias.any()


def test_maxout_with_too_few_pieces(composed):
    with pytest.raises(UserError, match="pieces=1"):
        network(composed, "activation=maxout", "activation.pieces=1")


@pytest.mark.parametrize("name", ["kaiming_normal", "kaiming_uniform"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 64), ("fan_out", 300)])
def test_kaiming_has_both_fans_and_the_gain_of_the_nonlinearity(composed, name, mode, fan):
    made = network(
        composed, "model.hidden=[300]", f"init={name}", f"init.weight.mode={mode}",
        "init.weight.nonlinearity=leaky_relu", "init.weight.a=0.5",
    )  # fmt: skip
    expected = (2 / (1 + 0.25) / fan) ** 0.5
    assert made[1].weight.std().item() == pytest.approx(expected, rel=0.03)


def test_xavier_takes_a_gain(composed):
    gain = "init.weight.gain={_target_: torch.nn.init.calculate_gain, nonlinearity: tanh}"
    made = network(composed, "model.hidden=[300]", "init=xavier_normal", gain)
    assert made[1].weight.std().item() == pytest.approx(5 / 3 * (2 / 364) ** 0.5, rel=0.03)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_lsuv_gives_every_layer_unit_variance_on_the_data(composed, activation):
    made = network(composed, "model.hidden=[40,40,40,40]", "init=lsuv", f"activation={activation}")
    flow = INPUTS
    for layer in made:
        flow = layer(flow)
        if isinstance(layer, nn.Linear):
            assert flow.var().item() == pytest.approx(1, abs=0.06)


def test_lsuv_depends_on_seed_and_data_not_on_the_loss(composed):
    from losslab.train.run import build

    first, second = (build(composed(f"loss={loss}", "init=lsuv")).network for loss in ("mse", "nll"))
    other_data = network(composed, "init=lsuv")
    assert torch.equal(first[1].weight, second[1].weight)
    assert not torch.equal(first[1].weight, other_data[1].weight)


def test_data_driven_without_data_is_said(composed):
    with pytest.raises(UserError, match="needs training inputs"):
        network(composed, "init=lsuv", inputs=None)
