"""Composes configs and settings in this process, as the command does; for notebooks, scripts and tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, open_dict

from losslab.config import settings
from losslab.config.hydra_setup import package_folder, register
from losslab.config.overrides import quoted
from losslab.config.settings import RunSettings
from losslab.errors import UserError


@contextlib.contextmanager
def composer(config_dir: Path | None = None) -> Iterator[Callable[[list[str]], DictConfig]]:
    """A context manager that gives a function from overrides to a composed config, with Hydra's own section.

    Args:
        config_dir: a folder with the user's own config groups, like `--config-dir`.

    Raises UserError if `config_dir` is not a folder. Composing raises Hydra's own errors.
    """
    own: list[str] = []
    if config_dir is not None:
        if not config_dir.is_dir():
            raise UserError(f"--config-dir {config_dir} is not a folder")
        own = [f"hydra.searchpath=[{quoted(f'file://{config_dir.absolute()}')}]"]
    register()
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
            yield lambda overrides: compose("config", [*own, *overrides], return_hydra_config=True)
    finally:
        GlobalHydra.instance().clear()


def compose_run(*overrides: str) -> RunSettings:
    """compose_run("loss=mse", "seed=1") -> checked settings, for `train.run`.

    Raises UserError for a value that cannot be right, Hydra's own errors for names that do not exist.
    """
    with composer() as from_overrides:
        cfg = from_overrides(list(overrides))
    with open_dict(cfg):
        cfg.folder = "unused"
    return settings.read(cfg)
