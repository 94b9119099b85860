"""Networks, one file a network, and how one is built from config: model + activation + initialisation."""

from losslab.models.build import build_network

__all__ = ["build_network"]
