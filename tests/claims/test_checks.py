"""Every claim's check in quick mode, against what is known to be true."""

from __future__ import annotations

import functools
import itertools
import math

import pytest
import torch
from omegaconf import OmegaConf

from losslab.claims.catalogue import claim_file
from losslab.claims.check_result import CheckResult
from losslab.claims.check_run import load_function
from losslab.claims.parse import parse
from losslab.claims.samples import slots
from losslab.claims.schema import Claim
from losslab.claims.tools import timing

DIRECT = (
    "bce_with_logits_stability",
    "cross_entropy_is_nll",
    "cross_entropy_small_gradient",
    "custom_losses_are_differentiable",
    "handwritten_code_runs",
    "mse_cannot_converge",
    "mse_is_convex",
    "multilabel_needs_bce",
    "nll_after_softmax",
    "nonlinearity_is_needed",
    "printed_losses",
    "printed_softmax",
    "reduction_semantics",
    "relu_derivative",
    "sigmoid_derivative",
    "smoothness_as_printed",
    "softmax_before_cross_entropy",
    "softmax_sharpens",
    "tanh_derivative",
    "targets_must_be_indices",
)
SLOW = ("mse_cannot_converge", "mse_is_convex", "multilabel_needs_bce")  # they train networks
TIMED = (
    "builtins_are_faster",
    "relu_is_cheaper",
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
    checked = claim(name).in_quick()
    wanted = [one for one in checked.predictions if one.quantity]
    assert checked.check == "measure"
    assert wanted
    for slot in (slot for prediction in wanted for slot in slots(checked, prediction)):
        assert slot.quantity in result.quantities
        assert not slot.prediction.ratio or isinstance(result.quantities[slot.quantity], list)
    for quantity, value in result.quantities.items():
        values = value if isinstance(value, list) else [value]
        assert all(math.isfinite(each) for each in values), quantity
        assert not isinstance(value, list) or len(value) >= 5
    assert result.notes
    for table in result.tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.title


@pytest.mark.parametrize("name", [name for name in DIRECT if name not in SLOW])
def test_the_same_twice(name):
    again = load_function("measure", claim_file(name))(True)
    assert again.quantities == measured(name).quantities


def test_derivatives():
    assert number("sigmoid_derivative", "largest") == 0.25
    assert number("tanh_derivative", "largest") == number("tanh_derivative", "at_zero") == 1.0
    assert number("tanh_derivative", "smallest") < 1e-12
    assert number("relu_derivative", "share_0_or_1") == 1.0
    assert number("sigmoid_derivative", "mean_output") == pytest.approx(0.5)


def test_cross_entropy_and_nll():
    name = "cross_entropy_is_nll"
    for dtype, rounding in (("float32", 1e-5), ("float64", 1e-12)):
        assert number(name, f"{dtype}_value_difference") <= rounding
        assert number(name, f"{dtype}_gradient_difference") <= rounding
    assert number("nll_after_softmax", "value_difference") > 1
    assert number("nll_after_softmax", "gradient_at_mistake_cross_entropy") == pytest.approx(math.sqrt(2))
    # -p has the gradient p·(p_j - δ): about √2·e⁻²⁰ at a margin of 20.
    assert number("nll_after_softmax", "gradient_at_mistake_softmax_nll") == pytest.approx(
        math.sqrt(2) * math.exp(-20), rel=1e-4
    )


def test_gradients_of_mse_and_cross_entropy_point_the_same_way_at_the_start():
    cosines = measured("mse_cannot_converge").quantities["cosine_at_start"]
    assert isinstance(cosines, list)
    assert all(0 < cosine <= 1 for cosine in cosines)


def test_floor_of_cross_entropy_on_softmax():
    floor = number("softmax_before_cross_entropy", "loss_floor")
    assert floor == pytest.approx(1.4612, abs=1e-4)
    assert floor == pytest.approx(math.log(1 + 9 / math.e), abs=1e-6)
    assert number("softmax_before_cross_entropy", "non_finite_values") == 0
    assert number("softmax_before_cross_entropy", "gradient_at_mistake") < 1e-7


def test_printed_examples():
    assert number("printed_losses", "mse") == pytest.approx(0.5 / 3)
    assert number("printed_losses", "l1") == pytest.approx(1 / 3)
    first = math.log(math.exp(1.5) + math.exp(2) + math.exp(0.5)) - 2
    second = math.log(math.exp(0.5) + math.exp(1) + math.exp(1.5)) - 1.5
    assert number("printed_losses", "cross_entropy") == pytest.approx((first + second) / 2)
    assert number("printed_losses", "bce") == pytest.approx(-math.log(0.7 * 0.8 * 0.9 * 0.3) / 4)
    exponentials = [math.exp(score) for score in (0.7768, 0.0511, 0.6187)]
    for place, exponential in zip(("first", "second", "third"), exponentials, strict=True):
        assert number("printed_softmax", place) == pytest.approx(exponential / sum(exponentials))


def test_gradient_at_small_probabilities():
    name = "cross_entropy_small_gradient"
    assert number(name, "smallest_gradient") == pytest.approx(1 - 1e-2)
    assert number(name, "largest_gradient") == pytest.approx(1 - 1e-8)
    assert number(name, "gradient_small_over_even") == pytest.approx(1.98)
    assert number(name, "difference_from_analytic") <= 1e-12


def test_binary_cross_entropy():
    name = "bce_with_logits_stability"
    # at ±20 BCELoss gives 100 for 20 (its clamp) and a gradient of 0 for 1 on one side
    assert number(name, "only_with_logits_right_float32") >= 4
    assert number(name, "only_bce_right_float32") == 0
    # BCEWithLogitsLoss rounds losses of e⁻²⁰ and e⁻⁵⁰ to 0, which BCELoss does not for negative logits
    assert number(name, "only_bce_strictly_right_float32") == 2
    assert number(name, "normal_range_difference") <= 1e-5


def test_targets_and_reductions():
    assert number("targets_must_be_indices", "indices_accepted") == 1
    assert number("targets_must_be_indices", "one_hot_difference") <= 1e-12
    assert number("reduction_semantics", "share_one_per_sample_class_indices") == 1
    assert number("reduction_semantics", "share_one_per_sample_same_shape_targets") == 0
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


def test_softmax_softens_entries_between_0_and_1():
    name = "softmax_sharpens"
    assert number(name, "example_after") == pytest.approx(math.exp(0.7768 - 0.0511))
    assert number(name, "example_share_raised") == number(name, "spread_1_share_raised") == 0
    assert 1 < number(name, "spread_for_half") < 3 < number(name, "spread_for_95") < 10
    assert number(name, "spread_100_share_raised") > 0.99


def test_what_an_article_prints_as_working_code():
    name = "handwritten_code_runs"
    assert number(name, "relu_runs") == 0
    assert number(name, "mse_runs") == 1
    assert number(name, "mse_over_torch") == pytest.approx(2)
    assert all(number(name, f"{each}_agrees") == 1 for each in ("sigmoid", "tanh", "cross_entropy"))
    assert number(name, "sigmoid_value_finite_share") == 1 > number(name, "sigmoid_gradient_finite_share")
    assert number(name, "tanh_value_finite_share") < 1 == number(name, "cross_entropy_value_finite_share")


def test_printed_smoothness():
    assert number("smoothness_as_printed", "printed_finite_share") == 0
    assert number("smoothness_as_printed", "ours_finite_share") == 1
    assert number("smoothness_as_printed", "gradient_difference_from_height_only") <= 1e-12
    name = "custom_losses_are_differentiable"
    assert number(name, "segmentation_passes") == 0
    assert number(name, "segmentation_two_channels_passes") == 1
    others = ("swish", "focal", "mse", "mse_with_means")
    assert all(number(name, f"{each}_passes") == 1 for each in others)


def test_all_variants_compute_the_same():
    assert number("where_avoids_branching", "largest_difference") <= 1e-6
    assert number("traced_inference_is_faster", "largest_difference") <= 1e-4
    name = "builtins_are_faster"
    for each in ("relu", "sigmoid", "tanh", "swish", "mse", "cross_entropy"):
        assert number(name, f"{each}_difference") <= 1e-6
        assert number(name, f"{each}_built_in_finite_share") == 1


@pytest.mark.faults
def test_two_processes_train_the_same_network():
    assert number("data_parallel_scales", "largest_weight_difference") <= 1e-5
    assert number("data_parallel_scales", "smallest_weight_change") > 1e-4


def test_where_beats_a_branch_for_each_element():
    ratios = measured("where_avoids_branching").quantities["if_per_element_over_where"]
    assert isinstance(ratios, list)
    assert min(ratios) > 10


def test_alternating_times_in_turns():
    calls: list[str] = []
    before = torch.get_num_threads()
    work = {name: functools.partial(calls.append, name) for name in ("a", "b")}
    seconds = timing.alternating(work, quick=True, repetitions=6)
    assert torch.get_num_threads() == before
    assert [len(times) for times in seconds.values()] == [6, 6]
    # Both are set up and tried, then each repetition begins with the other one.
    assert calls[:4] == ["a", "a", "b", "b"]
    assert [name for name, _ in itertools.groupby(calls[4:])] == ["a", *["b", "a"] * 3]


def test_ratios_are_of_the_same_repetition():
    assert timing.median_ratio([2.0, 9.0], [1.0, 3.0]) == 2.5
    assert timing.geometric_mean([2.0, 8.0]) == pytest.approx(4)
