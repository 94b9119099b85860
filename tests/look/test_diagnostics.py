"""Each diagnostic against an independent computation, and that looking changes nothing."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from losslab.config.settings import GradientClipSettings, TrainerSettings
from losslab.errors import UserError
from losslab.look.diagnostics import histogram
from losslab.look.diagnostics.activation_gradients import ActivationGradients
from losslab.look.diagnostics.activations import Activations, Shape, watching
from losslab.look.diagnostics.clipping import Clipping
from losslab.look.diagnostics.embeddings import penultimate
from losslab.look.diagnostics.gradient_noise import GradientNoise
from losslab.look.diagnostics.gradient_norms import GradientNorms
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.diagnostics.model_graph import layer_table
from losslab.look.diagnostics.outputs import Outputs
from losslab.look.diagnostics.update_ratios import UpdateRatios
from losslab.look.evaluations import Evaluations
from losslab.losses.criterion import Criterion
from losslab.train.batches import TrainingBatches
from losslab.train.run import build


class Notes:
    """A logbook that keeps what it is told."""

    def __init__(self):
        self.writer = SimpleNamespace(add_histogram_raw=lambda *a, **k: None)
        self.seen = {}

    def measure(self, step, quantity, values):
        for layer, value in values.items():
            self.seen[quantity, layer, step] = value


def training_of(network, loss=None, output_activation="identity", clip_norm=None, clip_value=None):
    return SimpleNamespace(
        device=torch.device("cpu"),
        network=network,
        criterion=Criterion(loss or nn.MSELoss(), output_activation, "values"),
        logbook=Notes(),
        settings=TrainerSettings.model_construct(
            gradient_clip=GradientClipSettings(norm=clip_norm, value=clip_value), batch_size=16
        ),
    )


def look(diagnostic, training, inputs, targets, step=1, optimizer=None):
    diagnostic.before_forward(training, step)
    training.network.zero_grad()
    training.criterion(training.network(inputs), targets).backward()
    diagnostic.after_backward(training, step)
    if optimizer is not None:
        optimizer.step()
    diagnostic.after_step(training, step)
    assert diagnostic.hook_error is None


def small_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))


def batch(size=16):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(size, 5, generator=generator), torch.randn(size, 3, generator=generator)


def events(folder):
    # without size guidance TensorBoard keeps a sample
    accumulator = EventAccumulator(str(folder), size_guidance={"histograms": 0, "scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def measurements(folder):
    return pd.read_csv(folder / "diagnostics.csv").set_index(["quantity", "layer", "step"])["value"]


def test_looking_changes_nothing_in_the_result(train):
    curves = []
    for diagnostics in ("off", "default", "full"):
        record, folder = train(f"diagnostics={diagnostics}", "activation=tanh")
        curves.append(pd.read_csv(folder / "curves.csv").drop(columns="seconds"))
        metrics = record.metrics
    assert len(curves[0]) > 10
    pd.testing.assert_frame_equal(curves[0], curves[1])
    pd.testing.assert_frame_equal(curves[0], curves[2])
    assert metrics["test"]["accuracy"] > 0.3
    assert not (folder.parent / "run1" / "diagnostics.csv").exists()


def test_histograms_and_norms_are_those_of_the_gradient_by_hand(train, composed):
    """Softmax regression: the gradient of cross-entropy by the weights is (softmax - one_hot)ᵀ x / N."""
    clip = "trainer.gradient_clip.norm=0.001"  # must not show: gradients are looked at before clipping
    _, folder = train("model=linear", "diagnostics=default", "trainer.max_epochs=1", clip)
    settings = composed("model=linear")
    parts = build(settings)
    task = parts.task
    batches = TrainingBatches(
        task.splits["train"],
        lambda targets: targets,
        batch_size=settings.trainer.batch_size,
        evaluations=Evaluations(1, {}),
        seed=0,
        device=torch.device("cpu"),
        epoch=lambda: 0,
    )
    inputs, targets = next(next(iter(batches)).batches)
    layer = parts.network[1]
    x = inputs.flatten(1).double()
    error = torch.softmax(x @ layer.weight.double().T + layer.bias.double(), dim=1)
    error = error.detach()
    error[torch.arange(len(x)), targets] -= 1
    by_hand = error.T @ x / len(x)

    values = measurements(folder)
    assert values["gradient_norm", "layer_1", 1] == pytest.approx(by_hand.norm().item(), rel=1e-5)
    bias = error.mean(dim=0)
    total = math.sqrt(by_hand.square().sum() + bias.square().sum())
    assert values["gradient_norm", "all", 1] == pytest.approx(total, rel=1e-5)
    assert values["clipping", "by_norm", 1] == 1
    assert values["clipping", "norm_factor", 1] == pytest.approx(0.001 / total, rel=1e-4)

    written = events(folder).Histograms("gradients/layer_1")[0]
    assert written.step == 1
    found = written.histogram_value
    assert found.num == by_hand.numel() == sum(found.bucket)
    assert found.min == pytest.approx(by_hand.min().item(), rel=1e-4)
    assert found.max == pytest.approx(by_hand.max().item(), rel=1e-4)
    assert found.sum_squares == pytest.approx(by_hand.square().sum().item(), rel=1e-4)
    counts, _ = np.histogram(by_hand.numpy(), bins=[found.min, *found.bucket_limit])
    # a value on the edge of two bins may fall to either side
    assert np.abs(np.array(found.bucket)[-len(counts) :] - counts).sum() <= 4


def test_a_histogram_leaves_out_what_is_not_finite_and_takes_a_constant():
    values = torch.tensor([0.0, 1.0, 2.0, float("nan"), float("inf")])
    summary = histogram.summarise(values)
    assert summary[: histogram.BINS].sum() == 3
    assert summary[histogram.BINS :].tolist() == [0.0, 2.0, 3.0, 3.0, 5.0]
    written = {}
    writer = SimpleNamespace(add_histogram_raw=lambda tag, **given: written.update({tag: given}))
    made = {
        "a": histogram.summarise(torch.full((7,), 3.0)),
        "b": histogram.summarise(torch.tensor([math.nan])),
    }
    histogram.write(writer, 1, made)
    assert list(written) == ["a"]
    limits = written["a"]["bucket_limits"]
    assert limits == sorted(set(limits))
    assert sum(written["a"]["bucket_counts"]) == 7


def test_tiny_and_huge_values_are_binned_as_numpy_bins_them():
    for scale in (1e-35, 1.0, 1e15):
        values = torch.randn(1000, generator=torch.Generator().manual_seed(0)) * scale
        counts = histogram.summarise(values)[: histogram.BINS].numpy()
        expected, _ = np.histogram(values.double().numpy(), bins=histogram.BINS)
        assert np.abs(counts - expected).sum() <= 4


def test_update_ratio_of_plain_gradient_descent_is_rate_times_norm_over_norm():
    network, (inputs, targets) = small_network(), batch()
    training = training_of(network)
    before = [layer.weight.detach().clone() for layer in weight_layers(network)]
    look(UpdateRatios(1), training, inputs, targets, optimizer=torch.optim.SGD(network.parameters(), lr=0.1))
    for weight, layer in zip(before, weight_layers(network), strict=True):
        expected = 0.1 * layer.weight.grad.norm() / weight.norm()
        found = training.logbook.seen["update_ratio", layer.label, 1]
        assert found == pytest.approx(expected.item(), rel=1e-3)


def test_clipped_share_by_value():
    network, (inputs, targets) = small_network(), batch()
    training = training_of(network, clip_value=0.05, clip_norm=1e9)
    look(Clipping(1), training, inputs, targets)
    elements = torch.cat([parameter.grad.flatten() for parameter in network.parameters()])
    expected = (elements.abs() > 0.05).double().mean().item()
    assert 0 < expected < 1
    assert training.logbook.seen["clipping", "by_value_share", 1] == pytest.approx(expected)
    assert training.logbook.seen["clipping", "by_norm", 1] == 0
    silent = training_of(network)
    look(Clipping(1), silent, inputs, targets)
    assert silent.logbook.seen == {}


@pytest.mark.parametrize(
    ("activation", "bounds", "has_zeros"),
    [
        (nn.Sigmoid(), (0, 1), False),
        (nn.Tanh(), (-1, 1), False),
        (nn.Softsign(), None, False),  # it approaches its bounds too slowly to be flat anywhere
        (nn.Hardtanh(), (-1, 1), False),
        (nn.ReLU(), None, True),
        (nn.ReLU6(), (0, 6), True),
        (nn.LeakyReLU(), None, False),
        (nn.PReLU(), None, False),
        (nn.PReLU(4), None, False),
        (nn.ELU(), None, False),
        (nn.GELU(), None, False),
        (nn.SiLU(), None, False),
        (nn.RReLU(), None, False),
    ],
)
def test_what_kind_of_function_an_activation_is(activation, bounds, has_zeros):
    state = torch.get_rng_state()
    shape = Shape.of(activation, torch.device("cpu"))
    assert torch.equal(state, torch.get_rng_state())
    assert shape.has_zeros == has_zeros
    assert shape.bounds == (None if bounds is None else pytest.approx(bounds))


def test_dead_units_and_spread_of_activations_by_hand():
    network, (inputs, targets) = small_network(), batch()
    with torch.no_grad():
        network[0].bias[:3] = -100.0  # three of seven units can never fire
    training = training_of(network)
    diagnostic = Activations(1, 1)
    diagnostic.started(training)
    look(diagnostic, training, inputs, targets)
    outputs = torch.relu(inputs @ network[0].weight.T + network[0].bias).detach()
    values = training.logbook.seen
    assert values["activation_dead_share", "layer_1", 1] == pytest.approx(3 / 7)
    assert values["activation_mean", "layer_1", 1] == pytest.approx(outputs.mean().item())
    assert values["activation_std", "layer_1", 1] == pytest.approx(outputs.std(correction=0).item(), rel=1e-5)
    zeros = (outputs == 0).float().mean().item()
    assert values["activation_zero_share", "layer_1", 1] == pytest.approx(zeros)
    assert ("activation_saturated_share", "layer_1", 1) not in values
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_saturated_share_of_a_sigmoid_by_hand():
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Sigmoid(), nn.Linear(1, 1))
    with torch.no_grad():
        network[0].weight.fill_(1.0)
    training = training_of(network)
    diagnostic = Activations(1, None)
    diagnostic.started(training)
    inputs = torch.tensor([[-10.0], [-2.9], [0.0], [2.9], [10.0]])  # sigmoid(2.9) = 0.948, just inside
    look(diagnostic, training, inputs, torch.zeros(5, 1))
    assert training.logbook.seen["activation_saturated_share", "layer_1", 1] == pytest.approx(2 / 5)


def test_channels_are_the_units_of_a_convolution():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(16, 1))
    with torch.no_grad():
        network[0].bias[0] = -100.0
    training = training_of(network)
    diagnostic = Activations(1, None)
    diagnostic.started(training)
    torch.manual_seed(0)
    look(diagnostic, training, torch.randn(8, 1, 4, 4), torch.zeros(8, 1))
    assert training.logbook.seen["activation_dead_share", "layer_1", 1] == 0.25


def test_labels_say_which_layer_an_activation_follows():
    network = nn.Sequential(
        nn.ReLU(), nn.Linear(4, 4), nn.BatchNorm1d(4), nn.PReLU(4), nn.Tanh(), nn.Linear(4, 2)
    )
    seen = []
    with watching(network, lambda label, module, output: seen.append((label, type(module).__name__))):
        network(torch.randn(3, 4))
    assert seen == [("layer_1", "PReLU"), ("layer_1.2", "Tanh")]
    assert [layer.module_name for layer in weight_layers(network)] == ["1", "5"]
    assert "| layer_2 | `5` | Linear | 2 × 4 | 10 |" in layer_table(network)


def test_gradients_of_activations_are_autograds_also_before_a_module_that_works_in_place():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(5, 7), nn.GELU(), nn.ReLU(inplace=True), nn.Linear(7, 6), nn.Sigmoid(), nn.Linear(6, 3)
    )
    inputs, targets = batch()
    training = training_of(network)
    look(ActivationGradients(1), training, inputs, targets)
    first = network[1](network[0](inputs)).detach().requires_grad_()
    second = network[4](network[3](torch.relu(first)))
    second.retain_grad()
    nn.functional.mse_loss(network[5](second), targets).backward()
    seen = {layer: value for (_, layer, _), value in training.logbook.seen.items()}
    assert list(seen) == ["layer_1", "layer_1.2", "layer_2"]
    for layer, gradient in (("layer_1", first.grad), ("layer_2", second.grad)):
        assert seen[layer] == pytest.approx(gradient.square().mean().sqrt().item(), rel=1e-5)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_vanished_gradient_does_not_underflow_in_its_square():
    diagnostic = ActivationGradients(1)
    diagnostic._seen = {}
    diagnostic._keep("tiny", torch.full((4, 3), 1e-30))
    diagnostic._keep("none", torch.zeros(4, 3))
    assert diagnostic._seen["tiny"].item() == pytest.approx(1e-30)
    assert diagnostic._seen["none"].item() == 0


def test_outputs_by_autograd_and_by_hand():
    network = nn.Identity()
    raw = torch.tensor([[8.0, -8.0], [8.0, -8.0], [0.1, 0.0], [-8.0, 8.0]], requires_grad=True)
    targets = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    training = training_of(network, nn.MSELoss(), "sigmoid")
    look(Outputs(1), training, raw, targets)
    values = training.logbook.seen
    p = torch.sigmoid(raw.detach())
    by_hand = 2 * (p - targets) * p * (1 - p) / targets.numel()
    norms = by_hand.norm(dim=1) * 4
    assert values["output", "gradient", 1] == pytest.approx(norms.mean().item(), rel=1e-4)
    assert values["output", "saturated_share", 1] == pytest.approx(6 / 8)
    assert values["output", "confidently_wrong_share", 1] == pytest.approx(2 / 4)
    relative = norms[[1, 3]].mean() / norms.max()
    assert values["output", "confidently_wrong_gradient", 1] == pytest.approx(relative.item(), rel=1e-3)
    assert values["output", "largest", 1] == 8
    assert not training.criterion._forward_pre_hooks


def test_outputs_of_class_indices_count_confident_mistakes():
    raw = torch.tensor([[9.0, 0.0, 0.0], [9.0, 0.0, 0.0]], requires_grad=True)
    training = training_of(nn.Identity(), nn.NLLLoss(), "log_softmax")
    look(Outputs(1), training, raw, torch.tensor([0, 2]))
    values = training.logbook.seen
    assert values["output", "confidently_wrong_share", 1] == 0.5
    assert values["output", "confidently_wrong_gradient", 1] == pytest.approx(
        1, rel=1e-3
    )  # nothing holds it back


def test_gradient_noise_against_numpy_and_a_known_scale():
    """A gradient of known mean and noise: m = (3, 4), variance 4 in each of two elements."""
    network = nn.Linear(2, 1, bias=False)
    generator = torch.Generator().manual_seed(0)
    diagnostic, training = GradientNoise(4000, window=4000), training_of(network)
    gradients = torch.tensor([3.0, 4.0]) + 2.0 * torch.randn(4000, 2, generator=generator)
    for step, gradient in enumerate(gradients, start=1):
        assert diagnostic.is_due(step)
        network.weight.grad = gradient[None]
        diagnostic.after_backward(training, step)
    variance = gradients.numpy().var(axis=0, ddof=1).sum()
    signal = np.square(gradients.numpy().mean(axis=0)).sum() - variance / 4000
    found = training.logbook.seen["gradient_noise", "scale", 4000]
    assert found == pytest.approx(16 * variance / signal, rel=1e-3)
    assert found == pytest.approx(16 * 8 / 25, rel=0.1)
    ratio = training.logbook.seen["gradient_noise", "signal_to_noise", 4000]
    assert ratio == pytest.approx(25 / 8, rel=0.1)


def test_gradient_noise_looks_at_windows_only():
    diagnostic = GradientNoise(100, window=3)
    assert [step for step in range(1, 210) if diagnostic.is_due(step)] == [
        1,
        2,
        3,
        101,
        102,
        103,
        201,
        202,
        203,
    ]


def test_schedule_of_a_diagnostic():
    assert [step for step in range(1, 31) if GradientNorms(15).is_due(step)] == [1, 15, 30]
    assert [step for step in range(1, 31) if GradientNorms(15, early=True).is_due(step)] == [
        *(1, 2, 3, 5, 10, 15, 20, 30)
    ]
    for wrong in (0, -5, 2.5, True):
        with pytest.raises(UserError, match="GradientNorms is wrong"):
            GradientNorms(wrong)


def test_penultimate_features_are_what_the_last_layer_is_fed():
    network, (inputs, _) = small_network(), batch()
    expected = torch.relu(network[0](inputs))
    assert torch.equal(penultimate(network, inputs), expected)


def test_full_writes_every_kind_of_data_for_tensorboard(train):
    record, folder = train("diagnostics=full", "activation=sigmoid", "trainer.gradient_clip.norm=1")
    written = events(folder)
    tags = written.Tags()
    assert tags["graph"]
    expected_histograms = {f"{kind}/layer_{n}" for kind in ("gradients", "weights") for n in (1, 2)}
    assert set(tags["histograms"]) == expected_histograms | {"activations/layer_1"}
    groups = {tag.split("/")[0] for tag in tags["scalars"]}
    assert groups >= {
        *("accuracy", "loss", "batch_loss", "gradient_norm", "update_ratio", "learning_rate", "output"),
        *("activation_mean", "activation_std", "activation_saturated_share", "clipping", "gradient_noise"),
    }
    assert {"config/text_summary", "findings/text_summary", "model/layers/text_summary"} <= set(
        tags["tensors"]
    )
    assert written.Scalars("learning_rate/group_1")[0].value == pytest.approx(0.001)
    projector = (folder / "projector_config.pbtxt").read_text()
    assert "penultimate_layer" in projector
    vectors = next(folder.glob("*/*/tensors.tsv")).read_text().splitlines()
    assert len(vectors) == min(500, round(1797 * 0.15))
    assert len(vectors[0].split("\t")) == 128
    assert record.findings == []


def test_a_diverged_run_has_its_measurements_and_findings(train):
    sgd = ("optimizer=sgd", "optimizer.lr=50", "loss=mse")
    record, folder = train("diagnostics=default", *sgd)
    assert record.status == "diverged"
    assert measurements(folder)["gradient_norm", "all", 1] > 0
    assert "divergence" in [finding["rule"] for finding in record.findings]
    assert "findings/text_summary" in events(folder).Tags()["tensors"]
