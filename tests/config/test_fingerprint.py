"""The user's own data belong to the identity by their content; the standard sets do not."""

import os

import pytest

from losslab.config import fingerprint
from losslab.config.identity import identities

CSV = ["task=csv", "task.kind=regression", "task.source.target=y"]


@pytest.fixture
def ids(composed):
    return lambda *overrides: identities(composed(*overrides))


def test_a_changed_table_is_another_task_and_a_moved_one_is_not(ids, tmp_path):
    table, moved = tmp_path / "a.csv", tmp_path / "b.csv"
    table.write_text("x,y\n1,2\n3,4\n")
    moved.write_text(table.read_text())
    first = ids(*CSV, f"task.source.path={table}")
    assert ids(*CSV, f"task.source.path={moved}") == first
    table.write_text("x,y\n1,2\n3,5\n")  # as long as before
    os.utime(table, ns=(1, 1))
    changed = ids(*CSV, f"task.source.path={table}")
    assert changed["identity"] != first["identity"]
    assert changed["task_identity"] != first["task_identity"]


def test_a_table_that_is_not_there_has_an_identity_all_the_same(ids):
    assert ids(*CSV, "task.source.path=nowhere.csv") == ids(*CSV, "task.source.path=nowhere.csv")


@pytest.mark.parametrize("key", ["folder", "root", "files"])
def test_files_of_a_persons_own_function(ids, tmp_path, key):
    images = tmp_path / "images"
    (images / "deep").mkdir(parents=True)
    (images / "deep" / "1.png").write_bytes(b"one")
    value = f"[{images}]" if key == "files" else str(images)
    own = [
        "task=custom",
        "task.kind=multiclass",
        "task.source._target_=my.load",
        f"+task.source.{key}={value}",
    ]
    first = ids(*own)
    (images / ".thumbnails").write_bytes(b"does not count")
    assert ids(*own) == first
    (images / "deep" / "1.png").rename(images / "deep" / "2.png")
    renamed = ids(*own)
    assert renamed["task_identity"] != first["task_identity"]
    (images / "deep" / "2.png").write_bytes(b"two")
    assert ids(*own)["task_identity"] != renamed["task_identity"]


def test_the_standard_sets_keep_their_identities_whatever_lies_about(ids, tmp_path, monkeypatch):
    before = ids("task=digits"), ids("task=mnist")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "MNIST").mkdir()
    (tmp_path / "MNIST" / "file").write_text("not ours")
    assert (ids("task=digits"), ids("task=mnist")) == before
    assert ids("task=penn_fudan", "data_dir=/elsewhere") == ids("task=penn_fudan")


def test_a_file_is_read_once_a_process(tmp_path, monkeypatch):
    table = tmp_path / "a.csv"
    table.write_text("x")
    first = fingerprint.of_path(table)
    monkeypatch.setattr(fingerprint.hashlib, "sha256", None)
    assert fingerprint.of_path(table) == first
