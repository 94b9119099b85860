"""Each kind from config to record, on its embedded data: it learns, and all metrics are there."""

import pytest

SMALL_UNET = ["model=unet", "model.channels=[4,4,8,8,16]", "trainer.batch_size=8", "trainer.eval_every=5"]
SMALL_CLUTTER = ["task=clutter", "task.source.samples=80", "task.source.size=32", "task.source.fragments=2"]

# overrides, the primary metric, what a blind guess reaches on it, metrics of the record's test split
RUNS = {
    "binary": (
        ["task=breast_cancer", "loss=bce_with_logits"],
        0.4,
        {
            "auprc",
            "auroc",
            "f1",
            "recall",
            "precision",
            "cohen_kappa",
            "expected_calibration_error",
            "brier_score",
        },
    ),
    "multilabel": (
        ["task=digit_pairs", "loss=bce_with_logits", "trainer.max_epochs=12"],
        0.30,
        {
            "micro_f1",
            "macro_f1",
            "exact_match",
            "mean_average_precision",
            "auroc",
            "expected_calibration_error",
            "brier_score",
        },
    ),
    "regression": (
        ["task=friedman", "loss=mse", "task.source.samples=600", "trainer.max_epochs=8"],
        4.0,
        {"mae", "rmse", "r2", "median_absolute_error", "pinball_10", "pinball_90", "coverage"},
    ),
    "segmentation": (
        [*SMALL_CLUTTER, *SMALL_UNET, "loss=bce_with_logits", "optimizer.lr=1e-2", "trainer.max_epochs=8"],
        0.12,
        {
            "iou",
            "dice",
            "boundary_f1",
            "pixel_accuracy",
            "total_variation",
            "expected_calibration_error",
            "brier_score",
        },
    ),
    "multiclass": (
        ["task=digits", "loss=cross_entropy"],
        0.2,
        {
            "accuracy",
            "balanced_accuracy",
            "macro_f1",
            "recall_per_class",
            "cohen_kappa",
            "auroc",
            "auprc",
            "expected_calibration_error",
            "brier_score",
            "negative_log_likelihood",
        },
    ),
}


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_of_each_kind(train, kind):
    overrides, guess, metrics = RUNS[kind]
    record, folder = train(*overrides, "pictures=1")
    assert record.status == "finished", record.error
    assert set(record.metrics["test"]) == {"loss", *metrics}
    reached = record.primary("test")
    assert reached > guess if record.higher_is_better else reached < guess
    assert (folder / "record.json").exists()
    if kind == "multiclass":
        assert len(record.metrics["test"]["recall_per_class"]) == 10


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("breast_cancer", "mse"),
        ("breast_cancer", "mse_sigmoid"),
        ("breast_cancer", "focal"),
        ("digit_pairs", "cross_entropy"),
        ("digit_pairs", "l1"),
        ("diabetes", "huber"),
    ],
)
def test_losses_of_other_kinds_serve_them_too(train, task, loss):
    record, _ = train(f"task={task}", f"loss={loss}", "pictures=null", "trainer.max_epochs=1")
    assert record.status == "finished", record.error


@pytest.mark.parametrize(
    "loss",
    ["mse", pytest.param("dice", marks=pytest.mark.faults), pytest.param("focal", marks=pytest.mark.faults)],
)
def test_losses_on_masks(train, loss):
    record, _ = train(*SMALL_CLUTTER, *SMALL_UNET, f"loss={loss}", "pictures=null", "trainer.max_epochs=1")
    assert record.status == "finished", record.error


def test_a_low_mean_absolute_error_reaches_a_target(train):
    record, _ = train("task=friedman", "loss=mse", "task.targets=[4.0,0.001]", "trainer.max_epochs=3")
    first, second = record.targets
    assert first.step is not None
    assert second.step is None
    assert not record.higher_is_better
