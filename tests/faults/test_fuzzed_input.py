"""Hundreds of wrong command lines and config files: one sentence, or a right result, never a traceback."""

from __future__ import annotations

import os
import re

import pytest
import yaml
from fault_tools import attempt
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

KEYS = [
    *(
        "seed",
        "trainer",
        "trainer.batch_size",
        "trainer.eval_every",
        "trainer.eval_batch_size",
        "trainer.log_every",
    ),
    *("trainer.precision", "trainer.accelerator", "trainer.gradient_clip", "trainer.gradient_clip.norm"),
    *("trainer.num_workers", "trainer.checkpoint", "task.kind", "task.split", "task.split.validation"),
    *(
        "task.split.test",
        "task.split.seed",
        "task.scaling",
        "task.source",
        "task.source._target_",
        "task.targets",
    ),
    *("task.num_classes", "task.corruption", "task.corruption.share", "task.imbalanced", "task.in_memory"),
    *(
        "model",
        "model.hidden",
        "model._target_",
        "activation",
        "activation._target_",
        "init",
        "loss",
        "loss.loss",
    ),
    *(
        "loss.loss._target_",
        "loss.targets",
        "loss.output_activation",
        "+loss.loss.reduction",
        "+loss.loss.weight",
    ),
    *(
        "optimizer",
        "optimizer.lr",
        "optimizer._target_",
        "+optimizer.betas",
        "diagnostics",
        "diagnostics.callbacks",
    ),
    *(
        "pictures",
        "deterministic",
        "retry_failed",
        "fail_fast",
        "allow_misuse",
        "folder",
        "data_dir",
        "no_such",
    ),
    *("hydra.sweep.subdir", "hydra/launcher", "+experiment", "task.recipe", "task.recipe.hidden"),
]
VALUES = [
    *(
        "",
        "null",
        "true",
        "-1",
        "0",
        "1",
        "2",
        "0.5",
        "-0.5",
        "nan",
        "inf",
        "1e-9",
        "1e30",
        "1e400",
        "99999999999999",
    ),
    *(
        "[]",
        "[0]",
        "[1]",
        "[-1]",
        "[a]",
        "[[1]]",
        "[1,2,3]",
        "{}",
        "{a:1}",
        "{0:0.1}",
        "{_target_:os.getcwd}",
    ),
    *(
        "abc",
        "'a b'",
        "${oops}",
        "${seed}",
        "${",
        "???",
        "../x",
        "ü",
        "<script>",
        "a/b",
        "losslab.errors.UserError",
    ),
    *(
        "torch.nn.Linear",
        "torch.nn.MSELoss",
        "torch.nn.functional.mse_loss",
        "builtins.print",
        "digits",
        "mlp",
        "mse",
    ),
]
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=12)
OVERRIDES = st.one_of(
    st.builds("{}={}".format, st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.builds("{}{}".format, st.sampled_from(["", "~", "+", "++", "--", "-"]), st.sampled_from(KEYS)),
    st.builds("{}={}".format, st.sampled_from(KEYS), WORDS),
    WORDS.filter(lambda text: not re.fullmatch(r"-{1,2}[A-Za-z-]*", text)),
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(), st.sampled_from(VALUES), WORDS
)
NODES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)
LOSSES = st.fixed_dictionaries(
    {},
    optional={
        "loss": st.fixed_dictionaries({}, optional={"_target_": st.sampled_from(VALUES), "reduction": LEAVES})
        | NODES,
        "output_activation": st.sampled_from(["identity", "softmax", "sigmoid"]) | NODES,
        "targets": st.sampled_from(["one_hot", "class_index", "mask"]) | NODES,
        "terms": NODES,
        "defaults": NODES,
        "expects": NODES,
    },
)
QUICK = ["trainer.max_epochs=1", "trainer.accelerator=cpu", "trainer.batch_size=500", "pictures=null"]
ANEW = int(os.environ.get("LOSSLAB_FUZZ", 0))  # so many, others each time, instead of always the same ones
SETTINGS = {
    "deadline": None,
    "derandomize": not ANEW,
    "database": None,
    "phases": [Phase.generate],  # what is found is small already
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOSSLAB_DATA", str(tmp_path / "data"))
    return tmp_path


def check(arguments, tally):
    status, printed = attempt(*arguments)
    tally[status] = tally.get(status, 0) + 1
    assert "Traceback" not in printed, printed
    sentences = [
        line for line in printed.splitlines() if line.startswith("losslab: ") and "Warning: " not in line
    ]
    if status == 0:
        assert sentences == []
    else:
        assert len(sentences) == 1, (arguments, printed)


def check_overrides(place, examples):
    tally = {}

    @settings(max_examples=examples, **SETTINGS)
    @given(st.lists(OVERRIDES, min_size=1, max_size=3), st.sampled_from([[], ["-m"]]))
    def fuzz(overrides, mode):
        check([*mode, *QUICK, *overrides], tally)

    fuzz()
    return tally


def check_files(place, examples):
    (place / "loss").mkdir()
    tally = {}

    @settings(max_examples=examples, **SETTINGS)
    @given(LOSSES.map(lambda loss: yaml.safe_dump(loss, allow_unicode=True)) | WORDS)
    def fuzz(text):
        (place / "loss" / "fuzzed.yaml").write_text(text, encoding="utf-8")
        check(["loss=fuzzed", "--config-dir", ".", *QUICK], tally)

    fuzz()
    return tally


def test_some_overrides(place):
    assert sum(check_overrides(place, 10).values()) >= 10


def test_some_config_files(place):
    assert sum(check_files(place, 10).values()) >= 10


@pytest.mark.faults
@pytest.mark.timeout(3000)
def test_many_overrides(place, tell):
    tell_statuses(tell, "command lines", check_overrides(place, ANEW or 300))


@pytest.mark.faults
@pytest.mark.timeout(3000)
def test_many_config_files(place, tell):
    tell_statuses(tell, "files", check_files(place, ANEW or 200))


def tell_statuses(tell, what, tally):
    names = {0: "right results", 1: "failed runs", 2: "refused"}
    tell(sum(tally.values()), what, {names.get(status, status): tally[status] for status in sorted(tally)})
