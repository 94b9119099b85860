"""Settings composed in this process, as the command would: for notebooks, scripts and tests."""

from __future__ import annotations

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import open_dict

from losslab.config import settings
from losslab.config.hydra_setup import package_folder, register
from losslab.config.settings import RunSettings


def compose_run(*overrides: str) -> RunSettings:
    """compose_run("loss=mse", "seed=1") -> checked settings, for `train.run`.

    Raises UserError for a value that cannot be right, Hydra's own errors for names that do not exist.
    """
    register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
        cfg = compose("config", overrides=list(overrides), return_hydra_config=True)
    GlobalHydra.instance().clear()
    with open_dict(cfg):
        cfg.folder = "unused"
    return settings.read(cfg)
