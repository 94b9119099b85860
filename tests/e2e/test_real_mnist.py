"""The main job on the real MNIST."""

import json

import pandas as pd
import pytest


@pytest.mark.real_data
def test_cross_entropy_nll_and_mse_on_real_mnist(command, real_data_dir, tmp_path):
    losses = "loss=cross_entropy,nll,mse,l1"
    done = command(
        "losslab",
        "-m",
        "task=mnist",
        losses,
        "seed=0,1",
        "trainer.max_epochs=1",
        "pictures=null",
        "folder=out",
        LOSSLAB_DATA=str(real_data_dir),
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("arm")
    # One epoch of the house default; a plain PyTorch loop gives about 0.93, 0.93, 0.93 and less than a half.
    assert table.loc[["cross_entropy", "nll", "mse"], "mean"].between(0.90, 0.97).all()
    assert table.loc["l1", "mean"] < 0.7
    assert table.loc["nll", "difference"] == table.loc["nll", "difference_low"] == 0
    records = [json.loads(path.read_text()) for path in tmp_path.glob("out/*/record.json")]
    assert {record["steps"] for record in records} == {860}
    curves = {
        path.parent.name.split(",")[0]: pd.read_csv(path).drop(columns="seconds")
        for path in tmp_path.glob("out/*seed=0*/curves.csv")
    }
    pd.testing.assert_frame_equal(curves["cross_entropy"], curves["nll"], check_exact=True)
