"""What losslab teaches Hydra: where its configs lie, the group `experiment`, and its resolvers.

Light on purpose: `losslab --help` and shell completion go through here.
"""

from __future__ import annotations

import logging
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.experimental.callback import Callback
from hydra.plugins.config_source import ConfigLoadError, ConfigResult
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

GROUP = "experiment"


def package_folder(name: str) -> Path:
    """The folder `conf` or `experiments`: in the package when installed, else at the top of the checkout."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parents[2] / name


def default_data_folder() -> str:
    """$LOSSLAB_DATA, else losslab's folder in the user's cache."""
    if chosen := os.environ.get("LOSSLAB_DATA"):
        return str(Path(chosen).expanduser().absolute())
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(cache) / "losslab")


def unique_stamp() -> str:
    """Date and time with a random end: two sweeps started in the same second get two folders."""
    return f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(2)}"


class ExperimentSource(FileConfigSource):
    """Shows the folder `experiments` to Hydra as the config group `experiment`."""

    @staticmethod
    def scheme() -> str:
        return "losslab-experiments"

    def load_config(self, config_path: str) -> ConfigResult:
        if not config_path.startswith(f"{GROUP}/"):
            raise ConfigLoadError(f"Config not found : {config_path}")
        return super().load_config(self._inside(config_path))

    def is_group(self, config_path: str) -> bool:
        if config_path == "":
            return Path(self.path).is_dir()
        return self._in_group(config_path) and super().is_group(self._inside(config_path))

    def is_config(self, config_path: str) -> bool:
        return config_path.startswith(f"{GROUP}/") and super().is_config(self._inside(config_path))

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        if config_path == "":
            return [] if results_filter == ObjectType.CONFIG else [GROUP]
        if not self._in_group(config_path) or results_filter == ObjectType.GROUP:
            return []
        return sorted(path.stem for path in Path(self.path, self._inside(config_path)).glob("*.yaml"))

    @staticmethod
    def _in_group(config_path: str) -> bool:
        return config_path == GROUP or config_path.startswith(f"{GROUP}/")

    @staticmethod
    def _inside(config_path: str) -> str:
        return config_path[len(GROUP) :].lstrip("/")


class LosslabSearchPath(SearchPathPlugin):
    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        folder = package_folder("experiments")
        search_path.append("losslab", f"{ExperimentSource.scheme()}://{folder}")


class SmallResults(Callback):
    """Takes the configs out of a job's result: Hydra's launchers keep the results of all jobs to the end."""

    def on_job_end(self, config: Any, job_return: Any, **kwargs: Any) -> None:
        job_return.cfg = job_return.hydra_cfg = None


def register() -> None:
    """Make all of it known to Hydra and OmegaConf; safe to call again."""
    OmegaConf.register_new_resolver("losslab.data_dir", default_data_folder, replace=True)
    OmegaConf.register_new_resolver("losslab.stamp", unique_stamp, use_cache=True, replace=True)
    # It logs what it raises, too; the exception becomes one sentence of ours.
    logging.getLogger("hydra.utils").setLevel(logging.CRITICAL)
    plugins = Plugins.instance()
    plugins.register(ExperimentSource)
    plugins.register(LosslabSearchPath)
