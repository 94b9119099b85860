"""Warnings: those that the user can act on take one line, others are not shown."""

import importlib.util
import sys
import warnings

import pytest
import torch

from losslab.cli import warnings_policy

OWN = """
import warnings
import torch

def worried():
    warnings.warn("the loss\\nis worried")

def old_habit():
    warnings.warn("this will end", DeprecationWarning)

def old_call():
    torch.nn.functional.mse_loss(torch.ones(2), torch.ones(2), size_average=True)
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The user's module, under the policy, as in a fresh process."""
    monkeypatch.setattr(warnings_policy, "_shown", set())
    monkeypatch.setattr(sys, "warnoptions", [])
    path = tmp_path / "my_module.py"
    path.write_text(OWN)
    spec = importlib.util.spec_from_file_location("my_module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("function", "line", "said"),
    [
        ("worried", 6, "UserWarning: the loss is worried"),
        ("old_habit", 9, "DeprecationWarning: this will end"),
        ("old_call", 12, "UserWarning: size_average and reduce args will be deprecated"),
    ],
)
def test_of_a_persons_own_code_once(mine, capsys, function, line, said):
    for _ in range(2):
        with warnings_policy.for_people():
            getattr(mine, function)()
            getattr(mine, function)()
    printed = capsys.readouterr().err
    assert printed.startswith(f"losslab: {mine.__file__}, line {line}: {said}")
    assert printed.count("\n") == 1


def library(category, file):
    warnings.warn_explicit("between programmers", category, file, 1)


@pytest.mark.parametrize(
    ("category", "file", "shown"),
    [
        (DeprecationWarning, torch.__file__, False),
        (FutureWarning, torch.__file__, False),
        (UserWarning, torch.__file__, True),
        (UserWarning, "/x/site-packages/lightning/pytorch/a.py", False),
    ],
)
def test_of_libraries(mine, capsys, monkeypatch, category, file, shown):
    monkeypatch.setattr(warnings_policy, "_persons_place", lambda: None)  # this test is a person's file
    with warnings_policy.for_people():
        library(category, file)
    assert bool(capsys.readouterr().err) is shown


def test_pythons_own_switches_go_first(mine, monkeypatch, recwarn):
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    with warnings_policy.for_people():
        mine.worried()
    assert len(recwarn) == 1


def test_our_files_and_installed_ones_are_not_a_persons(mine):
    assert warnings_policy.is_own(mine.__file__)
    for file in (warnings_policy.__file__, torch.__file__, warnings.__file__, "<string>"):
        assert not warnings_policy.is_own(file)
