"""Every claim's check in quick mode, against what is known to be true."""

from __future__ import annotations

import functools
import math

import pytest
import torch
from omegaconf import OmegaConf

from losslab.claims.catalogue import claim_file
from losslab.claims.check_result import CheckResult
from losslab.claims.check_run import load_function
from losslab.claims.parse import parse
from losslab.claims.schema import Claim
from losslab.claims.tools import timing

DIRECT = (
    "bce_with_logits_stability",
    "cross_entropy_is_nll",
    "custom_losses_are_differentiable",
    "derivative_facts",
    "mse_is_convex",
    "nonlinearity_is_needed",
    "reduction_semantics",
    "small_cross_entropy_gradient",
    "smoothness_as_printed",
    "softmax_before_cross_entropy",
    "softmax_sharpens",
    "targets_must_be_indices",
    "worked_examples",
)
TIMED = (
    "builtins_beat_handwritten",
    "relu_trains_faster",
    "traced_inference_is_faster",
    "where_avoids_branching",
)


@functools.cache
def measured(name: str) -> CheckResult:
    return load_function("measure", claim_file(name))(True)


def number(name: str, quantity: str) -> float:
    value = measured(name).quantities[quantity]
    assert isinstance(value, float)
    return value


def claim(name: str) -> Claim:
    file = claim_file(name)
    return parse(OmegaConf.to_container(OmegaConf.load(file)["claim"]), file.name)


# Two more processes, each of which imports torch.
DATA_PARALLEL = pytest.param("data_parallel_scales", marks=pytest.mark.faults)


@pytest.mark.parametrize("name", [*DIRECT, *TIMED, DATA_PARALLEL])
def test_measures_what_its_claim_predicts(name):
    result = measured(name)
    wanted = [prediction for prediction in claim(name).predictions if prediction.quantity]
    assert claim(name).check == "measure"
    assert wanted
    for prediction in wanted:
        assert prediction.quantity in result.quantities
        assert not prediction.ratio or isinstance(result.quantities[prediction.quantity], list)
    for quantity, value in result.quantities.items():
        values = value if isinstance(value, list) else [value]
        assert all(math.isfinite(each) for each in values), quantity
        assert not isinstance(value, list) or len(value) >= 5
    assert result.notes
    for table in result.tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.title


@pytest.mark.parametrize("name", [name for name in DIRECT if name != "mse_is_convex"])  # takes seconds
def test_the_same_twice(name):
    again = load_function("measure", claim_file(name))(True)
    assert again.quantities == measured(name).quantities


def test_derivatives():
    assert number("derivative_facts", "sigmoid_derivative_max") == 0.25
    assert number("derivative_facts", "tanh_derivative_max") == 1.0
    assert number("derivative_facts", "tanh_derivative_min") < 1e-12
    assert number("derivative_facts", "relu_derivative_share_0_or_1") == 1.0
    assert number("derivative_facts", "sigmoid_mean_output") == pytest.approx(0.5)


def test_cross_entropy_and_nll():
    assert number("cross_entropy_is_nll", "value_difference") <= 1e-12
    assert number("cross_entropy_is_nll", "gradient_difference") <= 1e-12
    assert number("cross_entropy_is_nll", "softmax_nll_value_difference") > 1
    assert number("cross_entropy_is_nll", "gradient_at_mistake_cross_entropy") == pytest.approx(math.sqrt(2))
    # -p has the gradient p·(p_j - δ): about √2·e⁻²⁰ at a margin of 20.
    assert number("cross_entropy_is_nll", "gradient_at_mistake_softmax_nll") == pytest.approx(
        math.sqrt(2) * math.exp(-20), rel=1e-4
    )


def test_floor_of_cross_entropy_on_softmax():
    floor = number("softmax_before_cross_entropy", "loss_floor")
    assert floor == pytest.approx(1.4612, abs=1e-4)
    assert floor == pytest.approx(math.log(1 + 9 / math.e), abs=1e-6)
    assert number("softmax_before_cross_entropy", "non_finite_values") == 0
    assert number("softmax_before_cross_entropy", "gradient_at_mistake") < 1e-7


def test_worked_examples():
    name = "worked_examples"
    assert number(name, "mse") == pytest.approx(0.5 / 3)
    assert number(name, "l1") == pytest.approx(1 / 3)
    first = math.log(math.exp(1.5) + math.exp(2) + math.exp(0.5)) - 2
    second = math.log(math.exp(0.5) + math.exp(1) + math.exp(1.5)) - 1.5
    assert number(name, "cross_entropy") == pytest.approx((first + second) / 2)
    assert number(name, "bce") == pytest.approx(-math.log(0.7 * 0.8 * 0.9 * 0.3) / 4)
    exponentials = [math.exp(score) for score in (0.7768, 0.0511, 0.6187)]
    for place, exponential in zip(("first", "second", "third"), exponentials, strict=True):
        assert number(name, f"softmax_{place}") == pytest.approx(exponential / sum(exponentials))


def test_gradient_at_small_probabilities():
    assert number("small_cross_entropy_gradient", "gradient_at_small_probability") == pytest.approx(1 - 1e-6)
    assert number("small_cross_entropy_gradient", "gradient_small_over_even") == pytest.approx(2, rel=1e-5)
    assert number("small_cross_entropy_gradient", "difference_from_analytic") <= 1e-12


def test_binary_cross_entropy():
    name = "bce_with_logits_stability"
    assert number(name, "with_logits_value_error") <= 1e-6
    assert number(name, "with_logits_gradients_lost") == 0
    assert number(name, "bce_value_error") == pytest.approx(4)  # the clamp: 100 instead of 20
    assert number(name, "bce_gradients_lost") >= 4
    assert number(name, "normal_range_difference") <= 1e-5


def test_targets_and_reductions():
    assert number("targets_must_be_indices", "indices_accepted") == 1
    assert number("targets_must_be_indices", "one_hot_difference") <= 1e-12
    assert number("reduction_semantics", "share_none_one_per_sample") == pytest.approx(0.3)
    assert number("reduction_semantics", "share_mean_of_none") == 1
    assert number("reduction_semantics", "weighted_mean_off_sum_over_weights") <= 1e-12
    assert number("reduction_semantics", "weighted_mean_off_plain_mean") > 0.1


def test_convexity():
    assert number("mse_is_convex", "violations_in_predictions") == 0
    assert number("mse_is_convex", "violations_in_linear_weights") == 0
    assert number("mse_is_convex", "violations_in_network_weights") > 0.05


def test_linear_networks():
    assert number("nonlinearity_is_needed", "product_difference") <= 1e-10
    assert number("nonlinearity_is_needed", "identity_affine_residual") <= 1e-10
    assert number("nonlinearity_is_needed", "relu_affine_residual") > 0.1


def test_softmax_softens_the_example():
    assert number("softmax_sharpens", "example_contrast_change") == pytest.approx(
        math.exp(0.7768 - 0.0511) * 0.0511 / 0.7768
    )
    assert 0 < number("softmax_sharpens", "share_raised") < 1


def test_printed_smoothness():
    assert number("smoothness_as_printed", "printed_finite_share") == 0
    assert number("smoothness_as_printed", "ours_finite_share") == 1
    assert number("smoothness_as_printed", "gradient_difference_from_height_only") <= 1e-12
    name = "custom_losses_are_differentiable"
    assert number(name, "segmentation_as_printed") == 0
    assert number(name, "segmentation_as_printed_two_channels") == 1
    assert all(number(name, each) == 1 for each in ("swish", "focal", "segmentation", "parametric_mse"))


def test_all_variants_compute_the_same():
    assert number("where_avoids_branching", "largest_difference") <= 1e-6
    assert number("traced_inference_is_faster", "largest_difference") <= 1e-4
    name = "builtins_beat_handwritten"
    assert max(number(name, f"{each}_difference") for each in ("relu", "sigmoid", "tanh", "mse")) <= 1e-6
    assert number(name, "relu_as_printed_runs") == number(name, "mse_as_printed_runs") == 0
    assert number(name, "tanh_finite_share") < 1 == number(name, "tanh_torch_finite_share")


@pytest.mark.faults
def test_two_processes_train_the_same_network():
    assert number("data_parallel_scales", "largest_weight_difference") <= 1e-5
    assert number("data_parallel_scales", "smallest_weight_change") > 1e-4


def test_where_beats_a_branch_for_each_element():
    ratios = measured("where_avoids_branching").quantities["branch_over_where"]
    assert isinstance(ratios, list)
    assert min(ratios) > 10


def test_alternating_times_in_turns():
    calls: list[str] = []
    before = torch.get_num_threads()
    work = {name: functools.partial(calls.append, name) for name in ("a", "b")}
    seconds = timing.alternating(work, repetitions=6, budget=0.0)
    assert torch.get_num_threads() == before
    assert [len(times) for times in seconds.values()] == [6, 6]
    # Both are set up and tried, then each repetition begins with the other one.
    assert calls == ["a", "a", "b", "b", *["a", "b", "b", "a"] * 3]


def test_ratios_are_of_the_same_repetition():
    assert timing.ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
    assert timing.geometric_mean([2.0, 8.0]) == pytest.approx(4)
