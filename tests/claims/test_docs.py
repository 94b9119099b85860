"""docs/claims.md and the claims' pages are generated from records, and hold together."""

import re
from pathlib import Path

import pytest

from losslab.claims.catalogue import claim_file, claims
from losslab.claims.words import WORDS

DOCS = Path(__file__).parents[2] / "docs"
FIRST_EDITION = ("mixed", "inconclusive")  # of pages that have not been made again
ARTICLES = {name: claim for name, claim in claims(None).items() if claim_file(name).parent.name == "articles"}
PAGES = sorted((DOCS / "claims").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_a_verdict_and_the_command_that_repeats_it(page):
    text = page.read_text()
    (word,) = re.findall(r"^\*\*([A-Z][a-z ]+)(?:: .*)?\.\*\*", text, re.MULTILINE)
    assert word.lower() in (*WORDS, *FIRST_EDITION)
    assert f"losslab-reproduce {page.stem}" in text or f"+experiment={page.stem}" in text


def test_the_index_links_to_every_page():
    linked = re.findall(r"^\| \[.*?\]\(claims/(\w+)\.md\) \|", (DOCS / "claims.md").read_text(), re.MULTILINE)
    assert set(linked) == {page.stem for page in PAGES}
    assert linked


@pytest.mark.parametrize("name", ARTICLES)
def test_a_claim_says_how_long_it_takes(name):
    claim = ARTICLES[name]
    assert claim.seconds is not None
    assert claim.quick.seconds is not None
