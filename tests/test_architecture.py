"""The order of the packages, as pyproject.toml has it under [tool.importlinter]."""

from pathlib import Path

from importlinter.cli import lint_imports

TOP = Path(__file__).parents[1]


def test_imports_go_one_way(monkeypatch, capsys):
    monkeypatch.chdir(TOP)
    status = lint_imports(config_filename=str(TOP / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out
