"""What losslab adds to Hydra: the folder of its configs, the group `experiment`, and its resolvers.

Imports nothing heavy, because `losslab --help` and shell completion import it.
"""

from __future__ import annotations

import logging
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.experimental.callback import Callback
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

GROUP = "experiment"
PACKAGE = Path(__file__).parents[1]


def package_folder(name: str) -> Path:
    """The folder `conf` or `experiments`: in the package when installed, else at the top of the checkout."""
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parents[1] / name


def experiment_files(folder: Path | None = None) -> dict[str, Path]:
    """Name -> file of every experiment in `folder` and the folders in it; by default losslab's own."""
    return {path.stem: path for path in sorted((folder or package_folder("experiments")).rglob("*.yaml"))}


def default_data_folder() -> str:
    """$LOSSLAB_DATA, else losslab's folder in the user's cache."""
    if chosen := os.environ.get("LOSSLAB_DATA"):
        return str(Path(chosen).expanduser().absolute())
    return str(cache_folder())


def cache_folder() -> Path:
    """losslab's folder in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "losslab"


def unique_stamp() -> str:
    """Date and time with a random end: two sweeps started in the same second get two folders."""
    return f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(2)}"


class ExperimentSource(ConfigSource):
    """Shows the folder `experiments` to Hydra as the flat config group `experiment`.

    Every experiment changes the whole config: the header "# @package _global_" is implied.
    """

    @staticmethod
    def scheme() -> str:
        return "losslab-experiments"

    def load_config(self, config_path: str) -> ConfigResult:
        if not self.is_config(config_path):
            raise ConfigLoadError(f"Config not found : {config_path}")
        config = OmegaConf.load(self._files()[self._name(config_path)])
        return ConfigResult(self.provider, self.full_path(), config, header={"package": "_global_"})

    def available(self) -> bool:
        return Path(self.path).is_dir()

    def is_group(self, config_path: str) -> bool:
        return config_path in ("", GROUP) and self.available()

    def is_config(self, config_path: str) -> bool:
        return config_path.startswith(f"{GROUP}/") and self._name(config_path) in self._files()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        if config_path == "":
            return [] if results_filter == ObjectType.CONFIG else [GROUP]
        if config_path != GROUP or results_filter == ObjectType.GROUP:
            return []
        return sorted(self._files())

    def _files(self) -> dict[str, Path]:
        return experiment_files(Path(self.path))

    @staticmethod
    def _name(config_path: str) -> str:
        return config_path[len(GROUP) :].lstrip("/").removesuffix(".yaml")


class LosslabSearchPath(SearchPathPlugin):
    """Adds the experiments to what Hydra searches.

    `hydra.searchpath` in config.yaml would not do: `losslab --help` and shell completion do not read it.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        folder = package_folder("experiments")
        search_path.append("losslab", f"{ExperimentSource.scheme()}://{folder}")


class SmallResults(Callback):
    """Removes the configs from a job's result: Hydra's launchers keep the results of all jobs to the end."""

    def on_job_end(self, config: Any, job_return: Any, **kwargs: Any) -> None:
        job_return.cfg = job_return.hydra_cfg = None


def register() -> None:
    """Registers all of this with Hydra and OmegaConf; may be called again."""
    OmegaConf.register_new_resolver("losslab.data_dir", default_data_folder, replace=True)
    OmegaConf.register_new_resolver("losslab.stamp", unique_stamp, use_cache=True, replace=True)
    # It also logs what it raises; losslab reports the exception in one sentence instead.
    logging.getLogger("hydra.utils").setLevel(logging.CRITICAL)
    plugins = Plugins.instance()
    plugins.register(ExperimentSource)
    plugins.register(LosslabSearchPath)
    # The name and the key of Hydra's joblib launcher, but the processes are losslab's, see sweep/workers.py.
    # Not a file: Hydra warns about one where its own launcher is installed, too.
    ConfigStore.instance().store(group="hydra/launcher", name="joblib", node={"n_jobs": -1})
