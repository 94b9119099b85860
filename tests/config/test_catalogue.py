"""Config files by name: inheritance, the user's own folder first, descriptions from comments."""

import pytest

from losslab.config import catalogue
from losslab.errors import UserError


@pytest.fixture
def conf(tmp_path):
    folder = tmp_path / "loss"
    folder.mkdir()
    (folder / "base.yaml").write_text(
        "# What it is,\n# in two lines.\n"
        "# Use: always,\n#   or never.\n# Source: https://example.org: a page\n"
        "loss: {a: 1, b: 2}\n# Avoid: not part of the head\n"
    )
    (folder / "derived.yaml").write_text("defaults: [base, _self_]\nloss: {b: 3}\n")
    return tmp_path


def test_description(conf):
    assert catalogue.description(conf / "loss" / "base.yaml") == {
        "what": "What it is, in two lines.",
        "use": "always, or never.",
        "source": "https://example.org: a page",
    }


def test_files_build_on_each_other(conf):
    assert catalogue.load("loss", "derived", [conf]) == {"loss": {"a": 1, "b": 3}}


def test_the_nearest_name_is_offered(conf):
    assert catalogue.names("loss", [conf]) == ["base", "derived"]
    with pytest.raises(UserError, match="did you mean derived"):
        catalogue.find("loss", "derivd", [conf])
    with pytest.raises(UserError, match="choose one of base, derived"):
        catalogue.find("loss", "xyz", [conf])
