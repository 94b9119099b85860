"""The claims of papers: what each file must tell beside its predictions."""

import re

import pytest

from losslab.claims.catalogue import claim_file, claims
from losslab.claims.schema import FIRST_SEED

KNOWN = {name: claim for name, claim in claims(None).items() if claim_file(name).parent.name == "papers"}


def test_there_are_sixteen():
    assert len(KNOWN) == 16


@pytest.mark.parametrize("name", KNOWN)
def test_the_paper_stands_beside_our_protocol(name):
    claim = KNOWN[name]
    assert re.search(r"(arxiv\.org/abs/\d{4}\.\d{5}|doi\.org/10\.\d{4}/\S+)$", claim.source)
    assert claim.reported
    assert claim.answer
    assert re.match(r"Paper: .+ Ours: .+", claim.note)
    assert claim.first_seed == FIRST_SEED


@pytest.mark.parametrize("name", KNOWN)
def test_a_quick_run_needs_no_download(name):
    quick = KNOWN[name].in_quick()
    embedded = re.compile(r"task=(digits|wine|clutter|friedman|sinusoid)\b")
    for condition in quick.condition_names:
        given = [*quick.condition(condition).overrides, *quick.quick.overrides]
        tasks = [one for one in given if one.startswith("task=")]
        if tasks:
            assert embedded.fullmatch(tasks[-1]), (condition, tasks)
        else:
            text = claim_file(name).read_text()
            assert re.search(r"override /task: (digits|wine|clutter|friedman|sinusoid)\b", text), condition
