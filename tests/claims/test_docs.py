"""docs/claims.md and the claims' pages are generated from records: every claim is there."""

import re
from pathlib import Path

import pytest

from losslab.claims.catalogue import claims
from losslab.claims.words import WORDS

TOP = Path(__file__).parents[2]
FIRST_EDITION = ("mixed", "inconclusive")  # of pages that have not been made again


@pytest.fixture(scope="module")
def names():
    found = set(claims(None))
    assert len(found) == 32
    return found


def test_every_claim_has_its_page_with_a_verdict_and_the_command_that_repeats_it(names):
    for name in names:
        text = (TOP / "docs" / "claims" / f"{name}.md").read_text()
        (word,) = re.findall(r"^\*\*([A-Z][a-z ]+)(?:: .*)?\.\*\*", text, re.MULTILINE)
        assert word.lower() in (*WORDS, *FIRST_EDITION), name
        assert f"losslab-reproduce {name}" in text or f"+experiment={name}" in text, name


def test_the_index_shows_every_verdict_and_links_to_its_page(names):
    text = (TOP / "docs" / "claims.md").read_text()
    assert set(re.findall(r"^\| \[.*?\]\(claims/(\w+)\.md\) \|", text, re.MULTILINE)) >= names


def test_every_claim_says_how_long_it_takes(names):
    for name, claim in claims(None).items():
        assert claim.seconds is not None, name
        assert claim.quick.seconds is not None, name
