"""A comparison in the terminal and as text: the answer first, tables that fit, LaTeX that compiles."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fabricated_records import fabricate, write_all
from losslab.comparison.comparison import compare
from losslab.report.comparison.answer import answer, details, next_steps
from losslab.report.comparison.documents import as_latex
from losslab.report.comparison.printed import print_comparison

OPEN = {
    "cross_entropy": [0.96, 0.95, 0.97],
    "mse": [0.98, 0.97, 0.96],
    "cross_entropy_on_softmax": [0.95, 0.951, 0.95],
}


def comparison(folder, values, **options):
    for loss, results in values.items():
        write_all([fabricate(loss, seed, value) for seed, value in enumerate(results)], folder)
    return compare([folder], reference=next(iter(values)), **options)


def printed(found, width):
    console = Console(file=io.StringIO(), width=width)
    print_comparison(found, console)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (OPEN, "3 seeds do not show which is better, cross_entropy or any of the 2 others. The best mean"),
        ({"a": [0.9, 0.8, 0.7], "b": [0.8, 0.7, 0.9]}, "3 seeds cannot rule out that there is no difference"),
        (
            {"a": [0.9], "b": [0.8], "c": [0.7]},
            "a has the best accuracy, 0.9, with one seed. This is no",
        ),
        ({"a": [0.9]}, "There is only a on digits: nothing to compare it with."),
        ({"a": [0.9, 0.901, 0.902], "b": [0.5, 0.502, 0.501]}, "On digits, b is worse than a by 0.400"),
        (
            {"a": [0.9, 0.901, 0.902], "b": [0.5, 0.502, 0.501], "c": [0.95, 0.7, 0.99]},
            "On digits, beside a in accuracy after 3 seeds: worse: b; not decided: c.",
        ),
    ],
)
def test_the_answer_comes_first_in_plain_words(tmp_path, values, sentence):
    found = comparison(tmp_path, values)
    assert sentence in answer(found.tasks[0])
    text = printed(found, 300)
    assert text.index(sentence) < text.index("arm ")
    assert "nan" not in text
    assert not [line for line in details(found.tasks[0]) if line in answer(found.tasks[0])]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_table_fits_and_says_what_it_leaves_out(tmp_path, width):
    text = printed(comparison(tmp_path, OPEN), width)
    table = text[text.index("task digits") :]
    assert max(map(len, table.splitlines()[1:-1])) <= width
    assert "cross_entropy_on_softmax " in table
    headings = table.splitlines()[2]
    for name in ("pairs", "finished", "rank"):
        assert (name in headings) == (name not in table.splitlines()[-1])
    assert ("Not shown at this width" in table) == (width < 200)


def test_an_open_sweep_says_how_to_go_on(tmp_path):
    steps = next_steps(comparison(tmp_path, OPEN), Path("my runs"))
    assert any("folder='my runs' and 'seed=range(0," in step for step in steps)
    assert steps[-1].endswith("losslab-tensorboard 'my runs'")
    decided = comparison(tmp_path / "b", {"a": [0.9, 0.901, 0.902], "b": [0.5, 0.502, 0.501]})
    assert len(next_steps(decided, tmp_path)) == 1


def test_latex_escapes_names_and_has_no_bare_signs(tmp_path):
    text = as_latex(comparison(tmp_path, {"a_b": [0.9, 0.8], "50%&{x}": [0.8, 0.9]}))
    assert r"a\_b & 0.8500 $\pm$ " in text
    assert r"50\%\&\{x\}" in text
    assert text.isascii()
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == text.count(r"\caption{") == 1
