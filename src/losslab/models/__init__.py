"""Networks, one per file, and how one is built from the config: model + activation + initialisation."""

from losslab.models.build import build_network, share_weights
from losslab.models.fit import check_fit

__all__ = ["build_network", "check_fit", "share_weights"]
