"""The comparison's log: what TensorBoard finds in it, hostile names, and writing it again."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2

from fabricated_records import curves_of, fabricate, write_all
from losslab import records
from losslab.comparison.comparison import compare
from losslab.report.comparison.layer_figure import draw_gradient_norms, gradient_norms
from losslab.report.comparison.tensorboard import findings_table, log_names, write_tensorboard


def read(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def text(accumulator, tag):
    return accumulator.Tensors(f"{tag}/text_summary")[0].tensor_proto.string_val[0].decode()


def layout(accumulator):
    stored = accumulator.Tensors("custom_scalars__config__")[0].tensor_proto.string_val[0]
    found = layout_pb2.Layout()
    found.ParseFromString(stored)
    return {category.title: {chart.title: chart for chart in category.chart} for category in found.category}


def sweep(tmp_path, losses=("mse", "l1"), seeds=(0, 1), **changes):
    made = [fabricate(loss, seed, 0.8 + 0.1 * seed, **changes) for loss in losses for seed in seeds]
    folders = write_all(made, tmp_path / "sweep")
    for folder, record in zip(folders, made, strict=True):
        values = (0.1, 0.5, 0.8) if record.seed == 0 else (0.1, 0.7, 0.9)
        curves_of(values).to_csv(folder / records.CURVES_FILE, index=False)
    return tmp_path / "sweep"


def measure(folder, norms):
    rows = [
        (step, "gradient_norm", f"layer_{layer}", norm)
        for step, layers in norms.items()
        for layer, norm in enumerate(layers, start=1)
    ]
    pd.DataFrame(rows, columns=["step", "quantity", "layer", "value"]).to_csv(
        folder / "diagnostics.csv", index=False
    )


def test_each_arm_has_its_mean_and_band(tmp_path):
    folder = sweep(tmp_path)
    log = write_tensorboard(compare([folder]), folder)
    assert log == folder / "comparison"
    assert {path.name for path in log.iterdir() if path.is_dir()} == {"mse", "l1"}
    arm = read(log / "mse")
    found = {
        tag.split("/")[1]: [(event.step, pytest.approx(event.value)) for event in arm.Scalars(tag)]
        for tag in arm.Tags()["scalars"]
    }
    assert found["mean"] == [(0, 0.1), (20, 0.6), (40, 0.85)]
    assert found["lowest"] == [(0, 0.1), (20, 0.5), (40, 0.8)]
    assert found["highest"] == [(0, 0.1), (20, 0.7), (40, 0.9)]


def test_the_layout_names_tags_that_exist(tmp_path):
    folder = sweep(tmp_path)
    for path in records.find([folder]):
        measure(path, {1: (1e-3, 1e-2), 100: (0.1, 0.2)})
    log = write_tensorboard(compare([folder]), folder)
    charts = layout(read(log))
    (band,) = charts["arms"].values()
    series = band.margin.series[0]
    tags = read(log / "mse").Tags()["scalars"]
    assert {series.value, series.lower, series.upper} == set(tags)
    patterns = [chart.multiline.tag[0] for chart in charts["runs"].values()]
    assert patterns == ["accuracy/validation", "batch_loss/train", "gradient_norm/layer_1"]


def test_the_table_the_findings_and_two_pictures_are_there(tmp_path):
    finding = {
        "rule": "dead_units",
        "severity": "note",
        "text": "37% <b>never</b> fire",
        "source": "",
        "numbers": {},
    }
    folder = sweep(tmp_path, findings=[finding])
    for path in records.find([folder]):
        measure(path, {1: (1e-3, 1e-2), 100: (0.1, 0.2)})
    comparison = compare([folder])
    from losslab.report.comparison.figures import draw, save_figure

    save_figure(draw(comparison), folder / "comparison.png")
    written = read(write_tensorboard(comparison, folder, folder / "comparison.png"))
    assert set(written.Tags()["images"]) == {"comparison", "gradient_norms"}
    assert all(written.Images(tag)[0].width > 300 for tag in written.Tags()["images"])
    assert "| mse |" in text(written, "comparison")
    assert "dead units | 2 of 2 | 37% &lt;b&gt;never&lt;/b&gt; fire |" in text(written, "findings")


def test_written_again_it_replaces_the_events_and_nothing_else(tmp_path):
    folder = sweep(tmp_path)
    write_tensorboard(compare([folder]), folder)
    (folder / "comparison" / "notes.txt").write_text("mine")
    third = fabricate("huber", 0)
    write_all([third], folder)
    for path in records.find([folder]):
        if records.load(path).choices["loss"] == "l1":
            for file in path.iterdir():
                file.unlink()
    log = write_tensorboard(compare([folder]), folder)
    assert {path.name for path in log.iterdir() if path.is_dir()} == {"mse", "huber"}
    assert len(list(log.glob("events.out.tfevents.*"))) == 1
    assert len(list((log / "mse").iterdir())) == 1
    assert (log / "notes.txt").read_text() == "mine"


def test_hostile_names_stay_inside_the_folder_and_are_shown_as_text(tmp_path):
    names = ["../../escape", "<script>alert(1)</script>", "a|b", "a/b", "_hidden $x$"]
    folder = sweep(tmp_path, losses=names)
    for path in records.find([folder]):
        measure(path, {1: (1e-3, 1e-2)})
    comparison = compare([folder])
    log = write_tensorboard(comparison, folder)
    chosen = log_names(comparison)
    assert len(set(chosen.values())) == len(names)
    assert all("/" not in name and not name.startswith(".") for name in chosen.values())
    assert {path.name for path in log.iterdir() if path.is_dir()} == set(chosen.values())
    assert not (tmp_path / "escape").exists()
    assert "<script" not in text(read(log), "comparison")
    assert "gradient_norms" in read(log).Tags()["images"]


def test_several_tasks_do_not_mix(tmp_path):
    made = [fabricate(loss, 0, task=task) for task in ("digits", "mnist") for loss in ("mse", "l1")]
    folder = tmp_path / "sweep"
    write_all(made, folder)
    log = write_tensorboard(compare([folder]), folder)
    assert {path.name for path in log.iterdir() if path.is_dir()} == {
        f"{task},{loss}" for task in ("digits", "mnist") for loss in ("mse", "l1")
    }
    assert set(read(log).Tags()["images"]) == {"mean_ranks"}


def test_runs_that_all_failed_still_have_a_log(tmp_path):
    folder = tmp_path / "sweep"
    write_all(
        [fabricate("mse", 0, status="failed", error={"type": "E", "message": "m", "traceback": ""})], folder
    )
    log = write_tensorboard(compare([folder]), folder)
    assert read(log).Tags()["images"] == []
    assert text(read(log), "findings") == "No run has a finding."


def test_gradient_norms_at_the_start_and_late(tmp_path):
    folder = sweep(tmp_path, losses=("mse",))
    paths = records.find([folder])
    measure(paths[0], {1: (1.0, 10.0), 50: (5.0, 5.0), 80: (2.0, 4.0), 100: (4.0, math.nan)})
    measure(paths[1], {1: (3.0, 10.0), 100: (3.0, 6.0)})
    arm = compare([folder]).tasks[0].arms[0]
    norms = gradient_norms(arm).set_index(["moment", "layer"])["norm"]
    assert norms["first", 1] == 2.0
    assert norms["late", 1] == 3.0  # the median of 2 and 4 is 3, and so is the other run's
    assert norms["late", 2] == 5.0


def test_no_figure_of_gradients_without_diagnostics(tmp_path):
    folder = sweep(tmp_path)
    task = compare([folder]).tasks[0]
    assert draw_gradient_norms(task, {}) is None
    for path in records.find([folder]):
        (path / "diagnostics.csv").write_text("not,a\ntable,of ours\n")
    assert draw_gradient_norms(task, {}) is None


def test_findings_table_counts_runs(tmp_path):
    folder = sweep(tmp_path, losses=("mse",), seeds=(0, 1, 2))
    assert findings_table(compare([folder])) == "No run has a finding."
