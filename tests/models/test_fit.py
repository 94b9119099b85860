"""Which models fit a task; ready-made networks with other activations and without looking at the batch."""

import pytest
import torch
from torch import nn

from losslab.errors import UserError
from losslab.models import build_network
from losslab.models.unet import NORMS, UNet
from losslab.train.run import build


def network(composed, *overrides, shape, outputs=1):
    settings = composed(*overrides)
    return build_network(settings.model, settings.activation, settings.init, shape, outputs, 0)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["task=clutter", "model=mlp", "loss=bce_with_logits"],
            r"model=mlp gives one vector \(N, K\), but task=clutter needs images \(N, C, H, W\): "
            r"choose model=unet$",
        ),
        (
            ["task=diabetes", "model=resnet18", "loss=mse"],
            r"model=resnet18 takes images .* input of task=diabetes has \(10,\): choose model=linear or mlp$",
        ),
        (["task=digits", "model=unet"], "choose model=cnn or linear or mlp or resnet or resnet18$"),
        (["task=digit_pairs", "model=unet", "loss=bce_with_logits"], "model=unet gives images"),
        (
            ["task=clutter", "task.source.size=24", "model=unet", "loss=bce_with_logits"],
            "needs 32×32 pixels; the task has 24×24",
        ),
        (["task=clutter", "model=unet", "model.channels=[4]", "loss=mse"], "give two widths or more"),
        (["task=clutter", "model=unet", "model.norm=batch", "loss=mse"], "model.norm=batch does not exist"),
        (
            ["model=mlp", "model.norm=group"],
            "model.norm=group does not exist: choose one of batch, layer, or null",
        ),
        (["model=mlp", "model.dropout=1"], "model.dropout=1 is wrong: give a probability from 0 to below 1"),
        (["model=resnet", "model.channels=[]"], r"model.channels=\[\] is wrong: give one width or more"),
        (["model=resnet", "model.norm=group", "model.channels=[6]"], "needs multiples of 4"),
        (["model=resnet", "model.blocks=0"], "model.blocks=0 is wrong: give a whole number from 1"),
        (["model=resnet18", "model.stem=big"], "model.stem=big does not exist"),
        (["model=resnet18", "model.norm=layer"], "model.norm=layer does not exist"),
    ],
)
def test_a_misfit_is_said_before_training(composed, overrides, sentence):
    settings = composed(*overrides, "trainer.accelerator=cpu")
    with pytest.raises(UserError, match=sentence):
        build(settings)


@pytest.mark.parametrize("norm", ["instance", "group"])
@pytest.mark.parametrize("size", [(32, 32), (48, 96), (50, 37)])
def test_unet_gives_one_output_a_pixel(composed, norm, size):
    made = network(composed, "model=unet", f"model.norm={norm}", shape=(3, *size))
    assert made(torch.randn(2, 3, *size)).shape == (2, 1, *size)


@pytest.mark.parametrize("channels", [[4, 8], [4, 4, 8, 8, 16, 16]])
def test_unet_of_any_depth(composed, channels):
    made = network(composed, "model=unet", f"model.channels={channels}".replace(" ", ""), shape=(1, 64, 64))
    assert made(torch.randn(2, 1, 64, 64)).shape == (2, 1, 64, 64)
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in made.modules()) == len(channels) - 1


def test_unet_of_five_levels_is_monais_own():
    from monai.networks.nets import BasicUNet

    channels = [4, 4, 8, 8, 16]
    torch.manual_seed(0)
    own = UNet(3, 1, channels, NORMS["instance"])
    torch.manual_seed(0)
    norm = ("instance", {"affine": True})
    theirs = BasicUNet(2, 3, 1, features=[*channels, channels[0]], act="PRELU", norm=norm)
    images = torch.randn(2, 3, 50, 37)
    assert torch.equal(own(images), theirs(images))


@pytest.mark.parametrize("norm", ["instance", "group"])
def test_unet_answers_for_an_image_whatever_else_is_in_the_batch(composed, norm):
    made = network(composed, "model=unet", f"model.norm={norm}", shape=(1, 32, 32)).train()
    images = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(made(images)[:1], made(images[:1]), atol=1e-5)


@pytest.mark.parametrize(("stem", "size"), [("small", 32), ("imagenet", 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_resnet18_takes_any_channels(composed, stem, size, channels):
    overrides = ["model=resnet18", f"model.stem={stem}", "model.norm=group"]
    made = network(composed, *overrides, shape=(channels, size, size), outputs=10)
    assert made(torch.randn(2, channels, size, size)).shape == (2, 10)


@pytest.mark.parametrize(
    ("model", "own", "count"), [("unet", nn.PReLU, 18), ("resnet18", nn.ReLU, 9), ("resnet", nn.ReLU, 4)]
)
def test_all_activations_are_the_chosen_one(composed, model, own, count):
    made = network(composed, f"model={model}", "activation=silu", shape=(3, 32, 32))
    kinds = [type(layer) for layer in made.modules()]
    assert kinds.count(nn.SiLU) == count
    assert own not in kinds


def test_unet_layers_own_their_activations(composed):
    made = network(composed, "model=unet", "activation=prelu", shape=(1, 32, 32))
    slopes = [layer for layer in made.modules() if isinstance(layer, nn.PReLU)]
    assert len(set(map(id, slopes))) == 18
