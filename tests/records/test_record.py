"""Records: written whole or not at all, read with clear words about what is wrong."""

import json
import math

import pytest

from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.records import RecordError, Target, files
from losslab.records.frame import read_runs
from losslab.records.outcomes import of_target


def test_what_is_saved_is_what_is_loaded(tmp_path):
    record = fabricate(seed=3)
    records.save(record, curves_of([0.1, 0.9]), tmp_path)
    assert records.load(tmp_path) == record
    assert records.load_curves(tmp_path).value.tolist() == [0.1, 0.9]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.csv", "record.json"]


def test_numbers_that_json_lacks_are_words(tmp_path):
    metrics = {"test": {"accuracy": math.nan, "loss": -math.inf, "recall_per_class": [1.0, math.inf]}}
    records.save(fabricate(metrics=metrics, targets=[Target(math.inf)]), curves_of([]), tmp_path)
    plain = json.loads((tmp_path / "record.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert plain["metrics"]["test"] == {
        "accuracy": "NaN",
        "loss": "-Infinity",
        "recall_per_class": [1.0, "Infinity"],
    }
    read = records.load(tmp_path)
    assert math.isnan(read.primary())
    assert read.metrics["test"]["recall_per_class"] == [1.0, math.inf]
    assert read.targets == [Target(math.inf)]


def test_null_of_older_records_is_no_number(tmp_path):
    plain = json.loads(fabricate().model_dump_json())
    plain["metrics"]["test"]["accuracy"] = None
    (tmp_path / "record.json").write_text(json.dumps(plain))
    assert records.load(tmp_path).primary() is None


def test_nothing_is_left_where_writing_fails(tmp_path, monkeypatch):
    (tmp_path / "record.json").write_text("before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        records.write_atomically(tmp_path / "record.json", "after")
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
    assert (tmp_path / "record.json").read_text() == "before"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not a readable record"),
        ('{"schema_version": 2, "seed"', "not a readable record"),
        ("[]", "no schema_version"),
        ('{"schema_version": 1}', "record schema 1, this losslab reads 2"),
        ('{"schema_version": 99}', "record schema 99, this losslab reads 2"),
        ('{"schema_version": 2, "seed": 0}', "identity is missing"),
        ("\x00\xff", "not a readable record"),
        ("[" * 200_000, "not a readable record"),
        ('{"schema_version": 2, "config": ' + '{"a":' * 200_000, "not a readable record"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, sentence):
    (tmp_path / "record.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(RecordError, match=sentence) as caught:
        records.load(tmp_path)
    assert str(tmp_path / "record.json") in str(caught.value)


def test_a_newer_field_is_no_obstacle(tmp_path):
    records.save(fabricate(), curves_of([]), tmp_path)
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "from_the_future": 1}))
    assert records.load(tmp_path).seed == 0


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"seed": {}}, "seed"),
        ({"seed": "0"}, "seed"),
        ({"status": "odd"}, "status"),
        ({"steps": 1.5}, "steps"),
        ({"config": []}, "config"),
        ({"metrics": []}, "metrics"),
        ({"metrics": {"test": {"accuracy": "0.9"}}}, "metrics.test.accuracy"),
        ({"metrics": {"test": {"accuracy": True}}}, "metrics.test.accuracy"),
        ({"metrics": {"test": {"accuracy": {}}}}, "metrics.test.accuracy"),
        ({"metrics": {"test": {"accuracy": 5.0}}}, "metrics.test.accuracy=5"),
        ({"targets": {}}, "targets"),
        ({"targets": [{"step": 1}]}, "targets.0.value"),
        ({"targets": [{"value": 0.9, "step": "soon"}]}, "targets.0.step"),
        ({"findings": [3]}, "findings.0"),
        ({"findings": [{"rule": 1}]}, "findings.0.rule"),
        ({"error": "x"}, "error"),
        ({"error": {"type": 3}}, "error.type"),
        ({"environment": {"packages": []}}, "environment.packages"),
        ({"timing": {"total": "long"}}, "timing.total"),
        ({"overrides": [1]}, "overrides.0"),
    ],
)
def test_every_reader_refuses_a_damaged_record_with_the_same_sentence(tmp_path, changes, key):
    """The sweep reads by `load`, comparison and claims by the frame."""
    plain = {**json.loads(fabricate().model_dump_json()), **changes}
    (tmp_path / "record.json").write_text(json.dumps(plain))
    with pytest.raises(RecordError, match=rf"not a valid record: {key} ") as caught:
        records.load(tmp_path)
    assert "\n" not in str(caught.value)
    _, problems = read_runs([tmp_path])
    assert problems == [f"Unreadable: {caught.value}"]


def test_a_value_that_prints_as_the_target_reaches_it(tmp_path):
    nine_tenths = 0.8999999761581421  # what float32 makes of it
    assert records.reaches([0.89999, nine_tenths, 0.9], 0.9, True).tolist() == [False, True, True]
    assert records.reaches([0.3001, 0.30000001192092896], 0.3, False).tolist() == [False, True]
    records.save(fabricate(targets=[]), curves_of([0.1, nine_tenths, 0.95]), tmp_path)
    runs, _ = read_runs([tmp_path])
    steps = curves_of([0.1, nine_tenths, 0.95]).step
    assert of_target(runs, 0.9).number.tolist() == [steps[1]]
