"""Settings from a composed config: resolves interpolations, looks up losses and activations by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from losslab.config import catalogue
from losslab.config.settings.command import CommandSettings
from losslab.config.settings.loss import AnyLoss, SingleLossSettings, SumSettings
from losslab.config.settings.sentences import validated
from losslab.config.settings.tree import RunSettings
from losslab.config.terms import normal_terms
from losslab.errors import UserError, first_line

# For commands; no run needs these keys.
NOT_OF_A_RUN = ("hydra", "claim", "quick", "quiet", "decide")


def read(cfg: DictConfig) -> RunSettings:
    """The settings of one run, checked.

    Args:
        cfg: a composed config; with Hydra's own section, unless Hydra is running a job.

    Raises UserError with one sentence about the first missing or wrong value.
    """
    read_command(cfg)
    choices = group_choices(cfg)
    config = _filled_in(cfg)
    return validated(RunSettings, {**config, "choices": choices}, choices=choices)


def read_loss(cfg: DictConfig) -> AnyLoss:
    """The section `loss` of a composed config, checked; the other sections may be missing."""
    return _loss(_filled_in(OmegaConf.masked_copy(cfg, ["loss", "hydra"])))


def named_loss(name: str, folders: list[Path]) -> AnyLoss:
    """A loss as the catalogue has it, without composing a run."""
    config: dict[str, Any] = {"loss": catalogue.load("loss", name, folders)}
    _look_up_names(config, folders)
    return _loss(config)


def _loss(config: Mapping[str, Any]) -> AnyLoss:
    found = config["loss"]
    if isinstance(found, Mapping) and "terms" in found:
        return validated(SumSettings, found, where="loss")
    return validated(SingleLossSettings, found, where="loss")


def read_command(cfg: DictConfig) -> CommandSettings:
    """The settings of a command beyond its runs; raises UserError as `read` does."""
    told = OmegaConf.masked_copy(cfg, [key for key in CommandSettings.model_fields if key in cfg])
    given = OmegaConf.to_container(told, resolve=True)
    return validated(CommandSettings, given)


def group_choices(cfg: DictConfig) -> dict[str, str]:
    """Config group -> chosen name, without Hydra's own groups."""
    hydra = cfg.get("hydra") or HydraConfig.get()
    chosen = OmegaConf.to_container(hydra.runtime.choices)
    assert isinstance(chosen, dict)
    return {str(group): str(name) for group, name in chosen.items() if not str(group).startswith("hydra/")}


def _filled_in(cfg: DictConfig) -> dict[str, Any]:
    """The config as plain data with all interpolations resolved. Raises UserError if a key has no value."""
    of_a_run = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key not in NOT_OF_A_RUN])
    try:
        container = OmegaConf.to_container(of_a_run, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "?"
        raise UserError(f"{key} has no value: {_example(cfg, key) or first_line(error)}") from None
    assert isinstance(container, dict)
    config = {str(key): value for key, value in container.items()}
    _look_up_names(config, catalogue.folders(cfg))
    return config


def _example(cfg: DictConfig, key: str) -> str:
    """What the comment of the chosen file says; a file with a value to fill in begins with an example."""
    group = key.partition(".")[0]
    name = group_choices(cfg).get(group)
    if name is None:
        return ""
    return catalogue.description(catalogue.find(group, name, catalogue.folders(cfg)))["what"]


def _look_up_names(config: dict[str, Any], folders: list[Path]) -> None:
    """Replaces names in `loss.terms` and `activation.layers` by full configs, which the record needs."""
    loss, activation = config.get("loss"), config.get("activation")
    if isinstance(loss, dict) and "terms" in loss:
        config["loss"] = {
            **loss,
            "terms": normal_terms(loss, lambda name: catalogue.load("loss", name, folders)),
        }
    if isinstance(activation, dict) and isinstance(activation.get("layers"), list):
        config["activation"] = {
            **activation,
            "layers": [
                catalogue.load("activation", layer, folders) if isinstance(layer, str) else layer
                for layer in activation["layers"]
            ],
        }
