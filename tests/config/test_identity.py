"""What makes two runs the same, and how their folders are called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losslab.config.identity import LONGEST_NAME, folder_name, identities


def test_where_things_lie_and_what_is_looked_at_do_not_count(composed):
    plain, moved = composed(), composed("data_dir=/elsewhere", "diagnostics=default")
    moved = moved.model_copy(update={"folder": "/tmp/other"})
    assert identities(plain) == identities(moved)


@pytest.mark.parametrize(
    "override",
    ["loss=mse", "optimizer.lr=0.01", "trainer.max_epochs=7", "model.hidden=[64]", "init=xavier_normal"],
)
def test_whatever_can_change_the_result_counts(composed, override):
    plain, changed = (identities(composed(*overrides)) for overrides in ([], [override]))
    assert plain["identity"] != changed["identity"]
    assert plain["arm_identity"] != changed["arm_identity"]
    assert plain["task_identity"] == changed["task_identity"]


def test_the_seed_is_not_part_of_the_arm_and_the_split_is_part_of_the_task(composed):
    plain, seeded, split = (
        identities(composed(*overrides)) for overrides in ([], ["seed=1"], ["task.split.seed=1"])
    )
    assert plain["arm_identity"] == seeded["arm_identity"]
    assert plain["identity"] != seeded["identity"]
    assert plain["task_identity"] != split["task_identity"]


def test_folder_names_can_be_read():
    assert folder_name(["loss=mse", "optimizer.lr=0.1", "seed=0"], "3fa2b1c0") == "mse,lr=0.1,seed=0-3fa2b1"


@given(st.lists(st.text(min_size=1).map(lambda text: f"loss.loss.path={text}"), max_size=5))
def test_folder_names_are_short_and_safe_whatever_is_swept(overrides):
    name = folder_name(overrides, "0123456789abcdef")
    assert re.fullmatch(r"[A-Za-z0-9_.=,+-]+", name)
    assert len(name) <= LONGEST_NAME + 7
    assert not name.startswith(".")
