"""docs/claims.md and the README table are generated from records: every claim of articles is in both."""

import re
from pathlib import Path

import pytest

from losslab.claims.catalogue import claim_file, claims

TOP = Path(__file__).parents[2]
OUTCOMES = ("**confirmed**", "**refuted**", "**mixed**", "**inconclusive**")
WORDS = ("**Confirmed.**", "**Refuted.**", "**Mixed.**", "**Inconclusive.**")


@pytest.fixture(scope="module")
def names():
    found = {name for name in claims(None) if claim_file(name).parent.name == "articles"}
    assert len(found) == 32
    return found


def test_every_claim_has_its_section_with_a_verdict_and_the_command_that_repeats_it(names):
    text = (TOP / "docs" / "claims.md").read_text()
    sections = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", text))
    assert names <= set(sections)
    for name in names:
        assert any(word in sections[name] for word in WORDS), name
        assert f"losslab-reproduce {name}" in sections[name] or f"+experiment={name}" in sections[name], name


def test_the_readme_shows_every_verdict(names):
    text = (TOP / "README.md").read_text()
    table = text.split("<!-- verdicts: begin -->")[1].split("<!-- verdicts: end -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    for name in names:
        (row,) = [row for row in rows if re.search(rf"\b{name}\b", row)]
        assert any(word in row for word in OUTCOMES), row


def test_every_claim_says_how_long_it_takes(names):
    known = claims(None)
    for name in names:
        claim = known[name]
        assert claim.seconds is not None, name
        assert claim.quick.seconds is not None, name
