"""Every loss of the catalogue is described, in its own file."""

import pytest

from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder

CONF = [package_folder("conf")]


@pytest.mark.parametrize("name", [n for n in catalogue.names("loss", CONF) if n not in ("custom", "sum")])
def test_is_described(name):
    described = catalogue.description(catalogue.find("loss", name, CONF))
    assert set(described) >= {"what", "formula", "use", "avoid", "source"}
    assert all(described.values())
