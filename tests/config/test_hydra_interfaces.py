"""Hydra's private interfaces, tried with hydra-core 1.3.8: each does what `losslab/config/_hydra.py` needs.

A test that fails after an upgrade of Hydra names what has changed.
"""

from pathlib import Path

import hydra
import pytest
from hydra.errors import ConfigCompositionException, MissingConfigException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError

from losslab.config._hydra import overrides_first, raised_inside_hydra
from losslab.config.compose import composer

SOURCES = Path(__file__).parents[2] / "src"


def test_the_version_is_of_the_line_that_was_tried():
    assert hydra.__version__.startswith("1.3."), "tried with hydra-core 1.3.8: run this file, then change it"


def test_nothing_private_is_imported_anywhere_else():
    importing = [path.name for path in SOURCES.rglob("*.py") if "hydra._internal" in path.read_text()]
    assert importing == ["_hydra.py"]


@pytest.mark.parametrize(
    ("arguments", "reordered"),
    [
        (["a=1", "-m", "b=2"], ["a=1", "b=2", "-m"]),
        (["--config-dir", "x=y", "a=1"], ["a=1", "--config-dir", "x=y"]),
        (["-m", "~a", "--cfg", "job"], ["~a", "-m", "--cfg", "job"]),
        (["--help"], ["--help"]),
    ],
)
def test_hydras_parser_of_arguments(arguments, reordered):
    assert overrides_first(arguments) == reordered


def test_where_an_exception_was_raised():
    with pytest.raises(TypeError) as inside, composer() as compose:
        compose(["model=[1,2]"])
    assert raised_inside_hydra(inside.value)
    with pytest.raises(TypeError) as outside:
        len(3)
    assert not raised_inside_hydra(outside.value)


def test_attributes_of_its_exceptions():
    """Public classes, but what they hold is documented nowhere."""
    with composer() as compose:
        with pytest.raises(MissingConfigException) as missing:
            compose(["loss=mze"])
        with pytest.raises(ConfigCompositionException) as unknown:
            compose(["trainer.max_epoch=3"])
    assert missing.value.missing_cfg_file == "loss/mze"
    assert "mse" in missing.value.options
    assert isinstance(unknown.value.__cause__, ConfigAttributeError | ConfigKeyError)
    assert unknown.value.__cause__.full_key == "trainer.max_epoch"
