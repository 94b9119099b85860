"""The config group `logger`: Lightning's loggers beside TensorBoard, without a network."""

import pytest
from pytorch_lightning.loggers import CSVLogger

from losslab.errors import UserError

FEW = ["task=digits", "trainer.max_epochs=1", "diagnostics=off"]


class Breaking(CSVLogger):
    def log_metrics(self, metrics, step=None):
        raise ConnectionError("no server")


def test_curves_and_results_reach_the_other_logger_and_the_run_stays_the_same(train, tmp_path):
    plain, _ = train(*FEW)
    target = "pytorch_lightning.loggers.CSVLogger"
    record, _ = train(*FEW, f"logger.more={{_target_: {target}, save_dir: {tmp_path / 'csv'}}}")
    assert record.identity == plain.identity
    assert record.metrics == plain.metrics
    (written,) = (tmp_path / "csv").rglob("metrics.csv")
    heading, *rows = written.read_text().splitlines()
    assert {"accuracy/validation", "final/accuracy"} <= set(heading.split(","))
    assert str(record.metrics["test"]["accuracy"]) in rows[-1]


def test_a_logger_that_breaks_costs_no_result(train, tmp_path):
    target = f"logger.more={{_target_: {__name__}.Breaking, save_dir: {tmp_path}}}"
    record, _ = train(*FEW, target, breaks=True)
    assert record.status == "finished"
    assert "no server" in record.internal_errors[0]["message"]


def test_a_logger_that_does_not_exist_is_one_sentence(train):
    with pytest.raises(UserError, match=r"logger=tensorboard: no_such\.Logger could not be"):
        train(*FEW, "logger.more={_target_: no_such.Logger}")


def test_mlflow_offline(train, tmp_path):
    tracking = pytest.importorskip("mlflow.tracking", reason="needs the extra mlflow")
    address = f"sqlite:///{tmp_path}/mlflow.db"
    record, folder = train(*FEW, "logger=mlflow", f"logger.more.tracking_uri='{address}'")
    client = tracking.MlflowClient(address)
    (experiment,) = client.search_experiments(filter_string="name = 'losslab'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == folder.name
    assert run.info.status == "FINISHED"
    assert run.data.metrics["final/accuracy"] == pytest.approx(record.metrics["test"]["accuracy"])


def test_weights_and_biases_offline(train, tmp_path):
    wandb = pytest.importorskip("wandb", reason="needs the extra wandb")
    for _ in range(2):  # two runs of one process are two runs there
        train(*FEW, "logger=wandb", f"logger.more.save_dir={tmp_path}")
    assert len(list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))) == 2
    assert wandb.run is None
