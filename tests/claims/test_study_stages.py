"""How seeds are added to a claim: runs are fabricated, so that nothing is trained."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from claim_example import GOOD, prediction
from runs_example import make_run

from losslab.claims.stages import ClaimRun
from losslab.claims.study import Study
from losslab.claims.verdict import UNDECIDED, Verdict
from losslab.errors import UserError
from losslab.records import FAILED, FINISHED


def conducted(
    folder: Path, plain: dict[str, Any], accuracy: Any, status: str = FINISHED, quick: bool = False
) -> tuple[Verdict, list[ClaimRun], list[str]]:
    """The verdict, all runs in the order in which they were made, and the lines of progress."""
    made: list[ClaimRun] = []
    lines: list[str] = []

    def stage(name: str, runs: Any) -> dict[ClaimRun, Path]:
        folders = {}
        for run in runs:
            made.append(run)
            folders[run] = folder / name / run.name
            failed = status if run.seed == 201 else FINISHED
            make_run(folders[run], run.seed, accuracy(run), status=failed)
        return folders

    study = Study("mine", plain, quick, [], folder, folder / "mine.yaml")
    return study.conduct(stage, "the command", lines.append), made, lines


def plain(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), "stages": [3, 5], "first_seed": 200, "tune": {}, **changes}


def noisy(run: ClaimRun) -> float:
    """b is far better with the small network; with the large one it lies about 0.6, with a wide spread."""
    if run.cell.arm == "a":
        return 0.5
    return 0.7 + 0.0002 * (run.seed % 3) if run.cell.condition == "small" else 0.45 + 0.3 * (run.seed % 2)


def test_only_what_is_undecided_gets_more_seeds(tmp_path: Path) -> None:
    claim = plain(stages=[12, 18], predictions=[prediction(metric="accuracy", arm="b", at_least=0.6)])
    verdict, made, lines = conducted(tmp_path, claim, noisy)
    seeds = {name: [run.seed for run in made if run.cell.name == name] for name in ("small.b", "large.b")}
    assert len(seeds["small.b"]) == 12
    assert seeds["large.b"] == list(range(200, 218))
    assert max(run.seed for run in made if run.cell.arm == "a") == 211, "no row that is open needs a"
    assert lines[0] == "After 12 seeds: 1 of 2 conditions are decided"
    assert [one.seeds for one in verdict.conditions] == [12, 18]


def test_a_failed_run_ends_the_stages(tmp_path: Path) -> None:
    verdict, made, _ = conducted(tmp_path, plain(), noisy, status=FAILED)
    assert max(run.seed for run in made) == 202
    assert verdict.outcome == UNDECIDED
    assert any("failed and" in problem for problem in verdict.problems)


def test_the_answer_has_the_numbers_of_the_records(tmp_path: Path) -> None:
    answer = "Take b: {b.accuracy@small:.0%} against {a.accuracy:.1%}, ahead by {gain:+.1f}; both: {all:.1f}."
    better = {**GOOD["predictions"][0], "name": "gain"}
    either = prediction(metric="accuracy", arm=["a", "b"], at_least=0.1, name="all")
    claim = plain(answer=answer, predictions=[better, either])
    verdict, _, _ = conducted(tmp_path, claim, lambda run: 0.7 if run.cell.arm == "b" else 0.5)
    assert verdict.answer == "Take b: 70% against 50.0%, ahead by +0.2; both: 0.5–0.7."


def test_a_quick_run_without_the_condition_that_the_answer_needs_has_none(tmp_path: Path) -> None:
    large = prediction(metric="accuracy", arm="b", at="large", at_least=0.1, name="of_large")
    core = prediction(metric="accuracy", arm="b", at_least=0.6)
    claim = plain(answer="{of_large:.1f}", predictions=[core, large], quick={"conditions": ["small"]})
    verdict, made, _ = conducted(tmp_path, claim, lambda run: 0.7, quick=True)
    assert {run.cell.condition for run in made} == {"small"}
    assert verdict.answer == ""


def test_a_metric_in_the_answer_that_no_task_has_is_refused(tmp_path: Path) -> None:
    study = Study("mine", plain(answer="{a.loudness}"), False, [], tmp_path, tmp_path / "mine.yaml")
    with pytest.raises(UserError, match=r"claim\.answer: there is no metric loudness; there are: accuracy"):
        study.check_metrics([{"accuracy"}])
