"""`losslab.reproduce`: the command `losslab-reproduce` as a function."""

from __future__ import annotations

from pathlib import Path

import pytest

import losslab
from losslab.errors import UserError

CLAIM = """# @package _global_
claim:
  statement: One is one.
  source: a test
  answer: "It is {one}."
  check: measure
  predictions:
    - says: It is one.
      why: It must be.
      role: core
      quantity: one
      at_least: 1
"""
CHECK = """from losslab.claims.check_result import CheckResult
def measure(quick):
    return CheckResult({"one": 1.0}, [], [])
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own" / "experiment"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(CLAIM)
    (folder / "one.py").write_text(CHECK)
    (folder / "broken.yaml").write_text(CLAIM.replace("role: core", "role: corr"))
    return tmp_path / "own"


def test_verdicts_by_name_and_errors_after_the_others(own: Path, tmp_path: Path) -> None:
    found = losslab.reproduce("one", folder=tmp_path / "out", config_dir=own, jobs=1)
    assert {name: verdict.outcome for name, verdict in found.items()} == {"one": "confirmed"}
    assert found["one"].answer == "It is 1."
    assert (tmp_path / "out" / "report" / "index.html").exists()
    with pytest.raises(UserError, match="input should be 'core'"):
        losslab.reproduce(["broken", "one"], folder=tmp_path / "again", config_dir=own, jobs=1)
    assert (tmp_path / "again" / "one" / "verdict.json").exists()
    with pytest.raises(UserError, match=r"there is no claim onne .*did you mean one"):
        losslab.reproduce("onne", folder=tmp_path / "out", config_dir=own)
