"""A config composed in this process, as the command would: for notebooks, scripts and tests."""

from __future__ import annotations

from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import open_dict

from losslab.config import settings
from losslab.config.hydra_setup import package_folder, register


def compose_run(*overrides: str) -> tuple[dict[str, Any], dict[str, str]]:
    """compose_run("loss=mse", "seed=1") -> (resolved and checked config, choices), for `train.run`.

    Raises UserError for a value that cannot be right, Hydra's own errors for names that do not exist.
    """
    register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
        cfg = compose("config", overrides=list(overrides), return_hydra_config=True)
    GlobalHydra.instance().clear()
    choices = settings.group_choices(cfg)
    with open_dict(cfg):
        cfg.folder = "unused"
        del cfg["hydra"]
    config = settings.resolve(cfg)
    settings.check(config, choices)
    return config, choices
