"""docs/state_of_the_losses.md: each failure on it was repeated by hand, and still prints the same."""

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "state_of_the_losses.md").read_text()
FAULTS = sorted((TOP / "scripts" / "loss_faults").glob("*.py"))


def test_each_unsound_mark_points_to_lines_that_repeat_it():
    unsound = [line for line in PAGE.splitlines() if line.startswith("- **unsound**")]
    pointed = {re.search(r"\(\[by hand\]\(#(\w+)\)\)$", line)[1] for line in unsound}
    assert pointed == {path.stem for path in FAULTS}


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_the_lines_on_the_page_are_the_file(path):
    assert f"```python\n{_code(path)}\n```" in _section(path)


@pytest.mark.faults  # imports the libraries
@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_they_still_print_what_the_page_says(path):
    pytest.importorskip(re.search(r"^from (\w+)", _code(path), re.MULTILINE)[1])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(path))
    assert printed.getvalue().strip() in _section(path)


def _code(path):
    return path.read_text().split('"""')[2].strip()


def _section(path):
    return PAGE.partition(f"### {path.stem}\n")[2].partition("\n### ")[0]
