"""Bad input: a single clear sentence and a non-zero exit, before any training, never a traceback."""

import re
import sys

import pytest

from losslab.cli import main as main_module


@pytest.fixture
def losslab(tmp_path, monkeypatch, capfd):
    """losslab("loss=mse", ...) in this process -> (exit status, what was printed on stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOSSLAB_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def start(*arguments):
        monkeypatch.setattr(sys, "argv", ["losslab", *arguments])
        with pytest.raises(SystemExit) as ended:
            main_module.main()
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return ended.value.code, captured.err

    return start


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["task=mnst"], r"task=mnst does not exist: did you mean mnist\? losslab --help lists all \d+"),
        (["loss=mze"], r"loss=mze does not exist: did you mean mse\?"),
        (["model=mpl"], r"model=mpl does not exist: did you mean mlp\?"),
        (["model=zzzz"], r"model=zzzz does not exist: choose one of .*mlp"),
        (["lr=0.1"], r"lr is not a key of this config.*did you mean optimizer.lr\?"),
        (["optimizer.lr=-0.1"], r"optimizer.lr=-0.1 is wrong: give a number above 0"),
        (["loss=mse,l1"], r"loss=mse,l1 has several values.*add -m, as in losslab -m loss=mse,l1"),
        (["model.hidden=128"], r"model.hidden=128 is wrong: give a list of widths, e.g. \[128\]"),
        (["loss=dice"], r"takes targets as mask, but this task offers class_index.*: choose one of .*brier"),
        (["loss=sum"], r"loss.terms has no value: Any weighted sum: losslab loss=sum 'loss.terms=\[.*"),
        (["task", "digits"], r"task has no value: write key=value, as in task=digits"),
        (["+experiment=digits_quickstart"], r"is a sweep.*: losslab -m \+experiment=digits_quickstart"),
        (["model._target_=torch.nn.Flatten"], r"unexpected keyword argument.*input_shape, output_features"),
        (["~diagnostics"], r"diagnostics is missing from this config"),
        (["~loss.targets"], r"loss.targets is missing from this config"),
        (["~trainer.batch_size"], r"trainer.batch_size is missing from this config"),
        (["~optimizer._target_"], r"optimizer=adam has no _target_"),
        (["model=[1,2,3]"], r"Hydra cannot compose.*a group takes a name"),
        (["loss="], r"loss= does not exist: choose one of"),
        (["trainer.max_epoch=3"], r"trainer.max_epoch is not a key.*did you mean trainer.max_epochs\?"),
        (["trainer.batch_size=0"], r"trainer.batch_size=0 is wrong"),
        (["trainer.batch_size=many"], r"trainer.batch_size=many is wrong: give a whole number from 1"),
        (["seed=-1"], r"seed=-1 is wrong"),
        (["seed=1.5"], r"seed=1.5 is wrong"),
        (["trainer.precision=int8"], r"trainer.precision=int8 is wrong"),
        (["task.num_classes=12"], r"task.num_classes=12 asks for more classes than the data have: 10"),
        (["task.targets=soon"], r"task.targets=soon is wrong"),
        (["task.split.test=2000"], r"task.split.test=2000 leaves nothing"),
        (
            ["loss.targets=mask"],
            r"loss=cross_entropy takes targets as mask, but this task offers class_index",
        ),
        (["loss.output_activation=softmx"], r"softmx.*choose one of identity"),
        (["loss=custom"], r"loss.loss._target_"),
        (
            ["loss=custom", "loss.loss._target_=no_such.Loss"],
            r"no_such.Loss could not be found.*No module named 'no_such'",
        ),
        (["model.hidden=[0]"], r"model.hidden=\[0\] is wrong"),
        (["model=cnn", "model.channels=[1,1,1,1]"], r"too often for inputs of 8×8"),
        (["optimizer.lr"], r"optimizer.lr"),
        (["optimizer.lr=abc"], r"optimizer.lr=abc is wrong: give a number above 0"),
        (
            ["optimizer.weight_decay=-1"],
            r"optimizer=adam: torch.optim.Adam could .*weight_decay",
        ),
        (["+optimizer.momentun=0.9"], r"optimizer=adam: torch.optim.Adam could not be made: .*momentun"),
        (
            ["optimizer=sgd", "+optimizer.nesterov=no"],
            r"torch.optim.SGD takes nesterov=no as text: give true",
        ),
        (["quick=maybe"], r"quick=maybe is wrong: give true or false"),
        (["-m", "seed=1,true"], r"seed=true is wrong: give a whole number from 0"),
        (["-m", "seed=0,1", "retry_failed=maybe"], r"retry_failed=maybe is wrong: give true or false"),
        (["--config-dir", "nowhere"], r"nowhere"),
        (["-m", "--cfg", "job"], r"Only one of"),
        (["-m", "trainer=ddp", "seed=0,1"], r"without -m"),
        (["-m", "loss=cross_entropy,mze", "seed=0,1"], r"loss=mze does not exist"),
        (
            ["-m", "loss=cross_entropy", "trainer.batch_size=32,0"],
            r"batch_size=0: trainer.batch_size=0 is wrong",
        ),
        (["-m", "model=mlp,cnn", "model.channels=[1,1,1,1]"], r"channels"),
    ],
    ids=str,
)
def test_one_sentence_before_any_training(losslab, tmp_path, arguments, sentence):
    status, printed = losslab(*arguments)
    assert status == 2
    assert re.fullmatch(rf"losslab: .*{sentence}.*\n", printed), printed
    assert not list(tmp_path.rglob("record.json"))


def test_no_data_and_no_network(losslab, monkeypatch, tmp_path):
    import urllib.error

    import torchvision

    def refuse(*_, **__):
        raise urllib.error.URLError("network is unreachable")

    monkeypatch.setattr(torchvision.datasets.mnist, "download_and_extract_archive", refuse)
    status, printed = losslab("task=mnist")
    assert status == 2
    assert re.fullmatch(r"losslab: no data of MNIST under .*scripts/download_data.*LOSSLAB_DATA.*\n", printed)


def test_a_folder_that_cannot_be_written(losslab, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for mode in ([], ["-m", "seed=0,1"]):
        status, printed = losslab(*mode, "folder=file/below")
        assert status == 2
        assert re.fullmatch(r"losslab: .*file.*folder=FOLDER.*\n", printed), printed


def test_a_config_of_ones_own_that_is_no_yaml(losslab, tmp_path):
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "broken.yaml").write_text("loss: {_target_: [\n")
    status, printed = losslab("loss=broken", "--config-dir", str(tmp_path))
    assert status == 2
    assert re.search(r"broken\.yaml, line \d+: not valid YAML", printed)


def test_a_finished_run_is_not_overwritten(losslab, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "record.json").write_text("{}")
    status, printed = losslab("folder=mine")
    assert status == 2
    assert "holds a finished run already" in printed
    assert (tmp_path / "mine" / "record.json").read_text() == "{}"


def test_every_experiment_composes(composed):
    from losslab.config.hydra_setup import package_folder

    files = sorted(package_folder("experiments").rglob("*.yaml"))
    assert all("# @package _global_" in file.read_text().splitlines() for file in files)
    names = [file.stem for file in files]
    assert "digits_quickstart" in names
    for name in names:
        choices = composed(f"+experiment={name}").choices
        assert choices["experiment"] == name


def test_libraries_add_no_lines_of_their_own(command):
    # what they say when they are imported: test_one_run_says_what_it_did_and_where
    done = command("losslab", "loss=custom", "loss.loss._target_=no_such.Loss")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("losslab: loss=custom: no_such.Loss could not be found")


def test_fail_fast_ends_a_sweep_at_the_first_failed_run(losslab, tmp_path, capfd):
    (tmp_path / "my_crash.py").write_text(
        "def crash(prediction, target):\n    raise ZeroDivisionError('oh no')\n"
    )
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "crash.yaml").write_text(
        "loss: {_target_: my_crash.crash, _partial_: true}\noutput_activation: identity\ntargets: one_hot\n"
    )
    status, printed = losslab(
        "-m",
        "loss=mse,crash,l1",
        "trainer.max_epochs=1",
        "fail_fast=true",
        "--config-dir",
        ".",
        "folder=sweep",
    )
    assert status == 1
    assert re.search(
        r"^losslab: crash-\w+ failed with ZeroDivisionError: oh no; .*fail_fast=true ended", printed, re.M
    )
    assert len(list(tmp_path.glob("sweep/*/record.json"))) == 2
