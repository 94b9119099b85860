"""A sweep in stages: which runs follow from what is open."""

import io

import pytest
from rich.console import Console

from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.config.compose import composer
from losslab.records import FAILED, FINISHED
from losslab.sweep.conduct import Setup
from losslab.sweep.launchers import OneByOne
from losslab.sweep.until_decided import until_decided

ARMS = [["loss=cross_entropy"], ["loss=mse"], ["loss=l1"]]


class Results:
    """Reads which runs there are, and calls an arm open until it has the seeds that it needs."""

    def __init__(self, folder, needs):
        self.folder, self.needs, self.looks = folder, needs, []

    def __call__(self):
        found = [records.load(path) for path in records.find([self.folder])]
        self.identities = {record.choices["loss"]: record.arm_identity for record in found}
        self.seeds = {loss: [r.seed for r in found if r.choices["loss"] == loss] for loss in self.identities}
        self.looks.append({loss: len(seeds) for loss, seeds in self.seeds.items()})
        return self

    def open_arms(self):
        still = {self.identities[loss] for loss, need in self.needs.items() if len(self.seeds[loss]) < need}
        return still | {self.identities["cross_entropy"]} if still else set()

    def progress(self):
        return "so far"


@pytest.fixture
def made(tmp_path):
    """made(failing=None) -> Setup whose runs leave a record at once; and what was trained."""
    trained = []

    def setup(failing=None):
        def train(run, folder, quiet):
            place = run.place(folder)
            place.mkdir(exist_ok=True)
            loss = run.settings.choices["loss"]
            failed = (loss, run.seed) == failing
            record = fabricate(
                loss,
                run.seed,
                identity=run.identity,
                arm_identity=run.arm_identity,
                status=FAILED if failed else FINISHED,
                error={"type": "Oops", "message": "no"} if failed else None,
            )
            records.save(record, curves_of([0.5]), place)
            trained.append((loss, run.seed))

        return Setup(compose, OneByOne(train), Console(file=io.StringIO(), width=200))

    with composer() as compose:
        yield setup, trained


def test_only_open_arms_and_their_reference_get_more_seeds(made, tmp_path):
    setup, trained = made
    results, ended = Results(tmp_path, {"mse": 2, "l1": 4}), []
    made_by = setup()
    assert until_decided(ARMS, tmp_path, made_by, [2, 3, 5, 9], results, ended.append) is None
    assert results.looks == [
        {"cross_entropy": 2, "mse": 2, "l1": 2},
        {"cross_entropy": 3, "mse": 2, "l1": 3},
        {"cross_entropy": 5, "mse": 2, "l1": 5},
    ]
    assert len(trained) == len(set(trained)) == 12  # nothing twice
    assert ended == [tmp_path]
    assert "After 3 seeds: so far" in made_by.console.file.getvalue()


def test_it_goes_on_where_it_was_interrupted(made, tmp_path):
    setup, trained = made
    results, ended = Results(tmp_path, {"mse": 4, "l1": 4}), []

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        until_decided(ARMS, tmp_path, setup(), [2, 4], interrupted, ended.append)
    assert ended == [tmp_path]
    assert len(trained) == 6
    until_decided(ARMS, tmp_path, setup(), [2, 4], results, ended.append)
    assert len(trained) == len(set(trained)) == 12


def test_the_stages_end_when_they_are_spent_or_a_run_failed(made, tmp_path):
    setup, trained = made
    results = Results(tmp_path, {"mse": 100})
    assert until_decided(ARMS[:2], tmp_path, setup(), [2, 3], results, lambda folder: None) is None
    assert len(trained) == 6
    failed = until_decided(
        ARMS[:2], tmp_path / "other", setup(("mse", 1)), [2, 3],
        Results(tmp_path / "other", {"mse": 100}), lambda folder: None,
    )  # fmt: skip
    assert "1 of 4 runs failed" in str(failed)
    assert len(trained) == 10
