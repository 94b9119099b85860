"""Results of a check: kept while nothing changed, refused with a sentence where they are no numbers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from losslab.claims import check_run
from losslab.claims.check_run import run_check
from losslab.errors import UserError

CHECK = """\
from losslab.claims.check_result import CheckResult, Table

def measure(quick):
    return {result}
"""
ROWS = '[[float("inf")], [float("nan")], ["Word"], [1], [None]]'
GOOD = f'CheckResult({{"q": 1.0}}, [Table("t", ["a"], {ROWS})], [])'


@pytest.fixture
def claim_file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def measured(claim_file: Path, result: str = GOOD) -> check_run.Measured:
    """The check's result, as another process would get it."""
    claim_file.with_suffix(".py").write_text(CHECK.format(result=result))
    for name in [name for name in check_run.sys.modules if name.endswith(claim_file.stem)]:
        del check_run.sys.modules[name]
    return run_check("measure", claim_file, False, claim_file.parent / "out")


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("float('nan')", "finite number, not nan"),
        ("float('inf')", "finite number, not inf"),
        ("None", "finite number, not None"),
        ("'1.0'", "finite number, not '1.0'"),
        ("True", "finite number, not True"),
        ("[1.0, 2.0]", "at least 5"),
        ("[1.0, 2.0, 3.0, 4.0, float('nan')]", "finite"),
    ],
)
def test_a_quantity_that_is_no_number_is_one_sentence(claim_file: Path, value: str, wrong: str) -> None:
    with pytest.raises(UserError) as caught:
        measured(claim_file, f'CheckResult({{"odd": {value}}}, [], [])')
    sentence = str(caught.value)
    assert sentence.startswith(f"{claim_file}: claim.check=measure: its result.quantities.odd is wrong: ")
    assert wrong in sentence
    assert "\n" not in sentence


def test_a_quantity_that_was_changed_afterwards_is_looked_at_too(claim_file: Path) -> None:
    changed = '[result := CheckResult({}, [], []), result.quantities.update(odd=float("nan"))][0]'
    with pytest.raises(UserError, match=r"quantities\.odd.* finite"):
        measured(claim_file, changed)


def test_a_check_must_give_back_a_result(claim_file: Path) -> None:
    with pytest.raises(UserError, match="returns dict, it should be a CheckResult"):
        measured(claim_file, "{}")


@pytest.mark.parametrize(
    ("result", "reason"), [("1 / 0", "ZeroDivisionError: division by zero"), ("exit(0)", "SystemExit: 0")]
)
def test_a_check_that_raises_is_one_sentence(claim_file: Path, result: str, reason: str) -> None:
    with pytest.raises(UserError, match=f"claim.check=measure failed with {reason}"):
        measured(claim_file, result)


def test_what_was_measured_is_kept_with_infinity_and_nan(claim_file: Path) -> None:
    first = measured(claim_file)
    again = measured(claim_file)
    assert again.seconds == first.seconds, "it was not measured again"
    cells = [row[0] for row in again.result.tables[0].rows]
    assert cells[0] == math.inf
    assert math.isnan(cells[1])  # type: ignore[arg-type]
    assert cells[2:] == ["Word", 1, None]


def test_it_is_measured_again_where_its_code_changed_and_not_where_a_comment_did(claim_file: Path) -> None:
    first = measured(claim_file)
    assert measured(claim_file, f"{GOOD}  # the same").seconds == first.seconds
    assert measured(claim_file, GOOD.replace("1.0", "2.0")).result.quantities == {"q": 2.0}


def test_a_damaged_result_is_measured_again(claim_file: Path) -> None:
    measured(claim_file)
    kept = claim_file.parent / "out" / "check.json"
    for damaged in ("", "{}", '{"schema_version": 2}', "[" * 200_000, '{"schema_version": 1, "result": {}}'):
        kept.write_text(damaged)
        assert measured(claim_file).result.quantities == {"q": 1.0}
