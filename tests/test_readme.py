"""README.md and README.zh-CN.md: the same commands, numbers and links, and all of them exist."""

from __future__ import annotations

import re
import sys
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import losslab
from fabricated_verdicts import verdict
from losslab.claims.catalogue import claims
from losslab.claims.schema import Claim
from losslab.claims.words import WORDS

TOP = Path(__file__).parents[1]
ENGLISH = (TOP / "README.md").read_text(encoding="utf-8")
CHINESE = (TOP / "README.zh-CN.md").read_text(encoding="utf-8")
LANGUAGES = {"README.md", "README.zh-CN.md"}


def commands(text):
    return re.findall(r"^    (.+)$", text, re.MULTILINE) + re.findall(r"`([^`]+)`", text)


def links(text):
    return [link for link in re.findall(r"\]\(([^)]+)\)", text) if link not in LANGUAGES]


def numbers(text):
    return Counter(re.findall(r"\d+(?:[.,]\d+)*", re.sub(r"\]\([^)]+\)", "", text)))


def test_both_languages_have_the_same_commands_numbers_and_links():
    assert commands(CHINESE) == commands(ENGLISH)
    assert links(CHINESE) == links(ENGLISH)
    assert numbers(CHINESE) == numbers(ENGLISH)


def test_commands_names_and_files_exist():
    installed = {point.name for point in entry_points(group="console_scripts")}
    for command in commands(ENGLISH):
        first = command.split()[0]
        if first == "losslab-reproduce":
            assert command.split()[1] in claims(), command
        if first.startswith("./"):
            assert (TOP / first).is_file(), command
        elif name := re.match(r"losslab\.(\w+)\(", command):
            assert name[1] in dir(losslab), command
        elif "losslab" in first:
            assert Path(first).name in installed, command
    for link in links(ENGLISH):
        if not link.startswith("https://"):
            assert (TOP / link.partition("#")[0]).exists(), link


def test_the_difference_below_the_picture_is_that_of_the_table():
    said = re.search(r"costs ([\d.]+) points of test accuracy\s+\(\[([\d.]+), ([\d.]+)\]", ENGLISH)
    row = re.search(
        r"^\| cross_entropy_on_softmax \|[^|]*\| -([\d.]+) \\\[-([\d.]+), -([\d.]+)\\\]",
        (TOP / "docs" / "start.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    mean, far, near = (f"{100 * float(number):.1f}" for number in row.groups())
    assert said.groups() == (mean, near, far)


@pytest.fixture
def answers(monkeypatch):
    monkeypatch.syspath_prepend(TOP / "scripts")
    import readme_answers

    yield readme_answers
    sys.modules.pop("readme_answers")


def test_both_tables_have_the_chosen_answers_in_order_with_the_same_numbers(answers, monkeypatch):
    chinese = {"statement": "MSE 更好。", "answer": "下限是 {floor:.2f}。"}
    monkeypatch.setattr(answers, "CHOSEN", {"second": chinese, "first": chinese})
    claim = Claim.model_construct(answer="The floor is {floor:.2f}.", conditions=[], predictions=[], arms={})
    monkeypatch.setattr(answers.catalogue, "claims", lambda: {"first": claim, "second": claim})
    some = [verdict(name, answer="The floor is 1.46.") for name in ("another", "first", "second")]
    tables = answers.tables(some)
    for text in tables.values():
        assert re.findall(r"docs/claims/(\w+)\.md", text) == ["second", "first"]
        assert text.count("1.46") == 2
    assert "**refuted** | The floor" in tables["README.md"]
    assert "**不成立** | 下限是" in tables["README.zh-CN.md"]


def test_chinese_answers_have_the_places_of_the_english_ones(answers):
    found = claims()
    for name, texts in answers.CHOSEN.items():
        if name in found and found[name].answer:
            chinese = found[name].model_copy(update={"answer": texts["answer"]})
            places = Counter(answers.answer.places(chinese))
            assert places == Counter(answers.answer.places(found[name])), name


def test_every_verdict_has_a_chinese_word(answers):
    assert set(answers.CHINESE_WORDS) == set(WORDS)
