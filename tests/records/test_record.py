"""Records: written whole or not at all, read with clear words about what is wrong."""

import json
import math

import pytest

from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.records import RecordError, files


def test_what_is_saved_is_what_is_loaded(tmp_path):
    record = fabricate(seed=3)
    records.save(record, curves_of([0.1, 0.9]), tmp_path)
    assert records.load(tmp_path) == record
    assert records.load_curves(tmp_path).value.tolist() == [0.1, 0.9]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.csv", "record.json"]


def test_numbers_that_json_has_not_become_null(tmp_path):
    records.save(fabricate(value=math.nan), curves_of([]), tmp_path)
    json.loads((tmp_path / "record.json").read_text(), parse_constant=lambda name: pytest.fail(name))
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
        ('{"schema_version": 2, "seed": 0}', "lacks arm_identity"),
        ("\x00\xff", "not a readable record"),
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
