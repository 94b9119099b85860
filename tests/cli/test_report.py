"""`losslab-report`: its arguments, its exit status, and its sentences."""

import json
import sys

import pytest

from fabricated_records import fabricate, write_all
from losslab.cli.report import main


@pytest.fixture
def sweep(tmp_path):
    for loss, value in (("cross_entropy", 0.95), ("mse", 0.93)):
        write_all([fabricate(loss, seed, value + seed / 1000) for seed in range(3)], tmp_path / "sweep")
    return tmp_path / "sweep"


def test_prints_and_saves(sweep, capsys):
    assert main([str(sweep)]) == 0
    printed = capsys.readouterr().out
    assert "cross_entropy" in printed
    assert "0.9310" in printed
    assert {path.name for path in sweep.glob("comparison.*")} == {
        "comparison.csv",
        "comparison.md",
        "comparison.png",
        "comparison.tex",
    }


def test_another_reference_does_not_overwrite_the_sweeps_own_comparison(sweep):
    assert main([str(sweep)]) == 0
    own = (sweep / "comparison.md").read_text()
    assert main([str(sweep), "--reference", "mse", "--margin", "5%"]) == 0
    assert (sweep / "comparison.md").read_text() == own
    other = (sweep / "comparison,reference=mse,margin=5_" / "comparison.md").read_text()
    assert "difference from mse" in other


def test_a_record_that_cannot_be_read_is_said_and_is_not_exit_status_0(sweep, capsys):
    path = sorted(sweep.glob("*/record.json"))[0]
    path.write_text(path.read_text().replace('"seed":0', '"seed":{}').replace('"seed":1', '"seed":{}'))
    path.write_text(path.read_text().replace('"seed":2', '"seed":{}'))
    assert main([str(sweep)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"losslab-report: {path} is not a valid record: seed is wrong")
    assert "mse" in printed.out


def test_a_report_runs_no_code_that_a_record_names(sweep, monkeypatch):
    monkeypatch.chdir(sweep.parent)
    monkeypatch.syspath_prepend(str(sweep.parent))
    (sweep.parent / "evil_of_a_test.py").write_text("open('ran', 'w')")
    for path in sweep.glob("*/record.json"):
        record = json.loads(path.read_text())
        record["config"]["loss"]["loss"] = {"_target_": "evil_of_a_test.Loss", "x": "${evil_of_a_test:1}"}
        record["config"]["task"]["kind"] = "evil_of_a_test.Kind"
        path.write_text(json.dumps(record))
    assert main([str(sweep)]) == 0
    assert "evil_of_a_test" not in sys.modules
    assert not (sweep.parent / "ran").exists()


def test_several_folders_are_one_comparison(sweep, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_all([fabricate("l1", seed, 0.5) for seed in range(3)], tmp_path / "later")
    assert main([str(sweep), str(tmp_path / "later"), "--reference", "mse"]) == 0
    assert "beside mse in accuracy" in capsys.readouterr().out
    assert (tmp_path / "comparison" / "comparison.csv").read_text().count("\n") == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere is not a folder"),
        (["."], "no record of a run"),
        (["sweep", "--reference", "hinge"], "no arm 'hinge'"),
        (["sweep", "--metric", "f1"], "no run has a test metric 'f1'; the metrics are: accuracy"),
        (["sweep", "--output", "file/below"], "cannot be saved in file/below"),
    ],
)
def test_bad_input_is_one_sentence(sweep, tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    if arguments == ["."]:
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("losslab-report: ")
    assert sentence in error
    assert error.count("\n") == 1
