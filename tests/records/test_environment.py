"""What the record says about where it was made."""

import platform
import subprocess
from pathlib import Path

import torch

from losslab.records.environment import _git, describe, processor_name


def test_what_changes_the_arithmetic_is_recorded(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    said = describe(torch.device("cpu"))
    assert torch.__version__.startswith(said.packages["torch"])
    assert said.threads == torch.get_num_threads()
    assert said.variables["OMP_NUM_THREADS"] == "3"
    assert said.deterministic is False
    assert said.device == f"cpu: {processor_name()}"
    assert said.command


def test_the_processors_model_is_known_or_at_least_its_kind(monkeypatch):
    assert processor_name()
    monkeypatch.setattr(Path, "read_text", lambda path: "processor: 0\nmodel name\t: Fast One\n")
    assert processor_name.__wrapped__() == "Fast One"
    monkeypatch.setattr(Path, "read_text", lambda path: "Hardware: unknown")
    assert processor_name.__wrapped__() == (platform.processor() or platform.machine())


def test_revision_and_dirtiness_of_a_checkout(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "first")
    clean = _git.__wrapped__(tmp_path)
    (tmp_path / "file").write_text("2")
    dirty = _git.__wrapped__(tmp_path)
    assert clean["revision"] == dirty["revision"]
    assert len(clean["revision"]) == 40
    assert (clean["dirty"], dirty["dirty"]) == (False, True)
