"""Fused optimisers: where they are used, and that they compute what torch's default does."""

import pytest
import torch
from torch import nn

from losslab.errors import UserError
from losslab.train.optimizer import optimizer_maker


def made(composed, *overrides, device="cpu", dtype=torch.float32):
    maker = optimizer_maker(composed(*overrides).optimizer, where="optimizer")
    return maker([nn.Parameter(torch.zeros(2, device=device, dtype=dtype))])


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_fused_where_device_and_precision_have_it(composed, name):
    assert made(composed, f"optimizer={name}").defaults["fused"] is True
    assert made(composed, f"optimizer={name}", dtype=torch.float16).defaults["fused"] is None
    assert made(composed, f"optimizer={name}", dtype=torch.complex64).defaults["fused"] is None
    assert made(composed, f"optimizer={name}", device="meta").defaults["fused"] is None
    assert made(composed, f"optimizer={name}", "optimizer.fused=false").defaults["fused"] is False


def test_an_optimiser_without_a_fused_form_is_made_as_it_is(composed):
    optimizer = made(composed, "optimizer._target_=torch.optim.NAdam")
    assert isinstance(optimizer, torch.optim.NAdam)


def test_a_word_that_is_none_of_the_four_starts_no_run(composed):
    with pytest.raises(UserError, match=r"^optimizer.fused=maybe is wrong: give auto, true, false or null$"):
        composed("optimizer.fused=maybe")


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizer=adam", "optimizer.weight_decay=0.1"],
        pytest.param(["optimizer=adamw"], marks=pytest.mark.faults),
        ["optimizer=sgd", "optimizer.momentum=0.9", "trainer.channels_last=true", "model=cnn"],
    ],
    ids=["adam", "adamw", "sgd"],
)
def test_a_fused_run_ends_where_an_unfused_one_does(train, overrides):
    chosen = ["trainer.max_epochs=1", "diagnostics=off", "trainer.gradient_clip.norm=0.5", *overrides]
    fused, _ = train(*chosen)
    plain, _ = train(*chosen, "optimizer.fused=null")
    assert fused.identity != plain.identity
    for split in ("train", "validation", "test"):
        assert fused.metrics[split]["loss"] == pytest.approx(plain.metrics[split]["loss"], rel=1e-4)
