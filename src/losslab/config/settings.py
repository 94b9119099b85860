"""Checks of a composed config that need no data: one sentence that names the key, before anything trains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pydantic
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from losslab.config import catalogue
from losslab.config.terms import normal_terms
from losslab.errors import UserError

# What commands are told, and no run needs to know.
NOT_OF_A_RUN = ("hydra", "claim", "quick", "quiet")
_STRICT = pydantic.ConfigDict(extra="forbid")


_SECTIONS = (
    *("task", "task.source", "task.split", "task.recipe", "model", "activation", "init", "loss", "optimizer"),
    *("trainer", "diagnostics", "diagnostics.callbacks"),
)


# What runs read without asking; a config of one's own, or ~KEY, may have dropped it.
_NEEDED = (
    *("task.kind", "task.split.validation", "task.split.test", "task.split.seed", "task.scaling"),
    *("task.target_scaling", "task.in_memory", "model._target_"),
)
_NEEDED_OF_A_LOSS = ("loss.loss", "loss.targets", "loss.output_activation")  # a sum has `terms` instead


class GradientClip(pydantic.BaseModel):
    model_config = _STRICT
    norm: pydantic.PositiveFloat | None
    value: pydantic.PositiveFloat | None


class Trainer(pydantic.BaseModel):
    """The config group `trainer`."""

    model_config = _STRICT
    max_epochs: pydantic.PositiveInt
    batch_size: pydantic.PositiveInt
    eval_every: pydantic.PositiveInt
    eval_batch_size: pydantic.PositiveInt
    log_every: pydantic.PositiveInt
    accelerator: str
    precision: Literal["32-true", "64-true", "bf16-mixed", "bf16-true"]  # 16-mixed needs a loss scaler
    gradient_clip: GradientClip
    num_workers: pydantic.NonNegativeInt
    checkpoint: bool
    matmul_precision: Literal["highest", "high", "medium"] = "highest"
    channels_last: bool = False
    # Only in trainer=ddp: what runs have in one process keeps its identity.
    strategy: Literal["ddp"] | None = None
    devices: pydantic.PositiveInt = 1


class Settings(pydantic.BaseModel):
    """The top level; what belongs to tasks, models and losses is checked where those are built."""

    seed: int = pydantic.Field(ge=0, lt=2**32)
    data_dir: str
    deterministic: bool
    retry_failed: bool
    fail_fast: bool
    read_test: bool
    allow_misuse: bool
    pictures: pydantic.NonNegativeInt | None
    trainer: Trainer


def resolve(cfg: DictConfig) -> dict[str, Any]:
    """The config as plain data with everything filled in. Raises UserError for what has no value."""
    plain = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key not in NOT_OF_A_RUN])
    try:
        container = OmegaConf.to_container(plain, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "?"
        raise UserError(f"{key} has no value: {str(error).splitlines()[0]}") from None
    assert isinstance(container, dict)
    config = {str(key): value for key, value in container.items()}
    _check_sections(config)
    _fill_in_names(config, catalogue.folders(cfg))
    return config


def _check_sections(config: Mapping[str, Any]) -> None:
    """Whoever reads a section may take it for one. Raises UserError."""
    for path in _SECTIONS:
        if path.split(".")[0] not in config:
            continue  # part of a config, e.g. a loss alone
        value: Any = config
        for key in path.split("."):
            value = value.get(key)
        if not isinstance(value, dict):
            raise UserError(
                f"{path}={value} is wrong: it is a section with keys of its own, see losslab --cfg job"
            )
    for name, callback in config.get("diagnostics", {}).get("callbacks", {}).items():
        if not isinstance(callback, dict):
            raise UserError(
                f"diagnostics.callbacks.{name}={callback} is wrong: give a _target_ and its arguments"
            )


def _fill_in_names(config: dict[str, Any], folders: list[Path]) -> None:
    """Losses named in `loss.terms` and activations in `activation.layers`: the record has them in full."""
    if "terms" in config.get("loss", {}):
        terms = normal_terms(config["loss"], lambda name: catalogue.load("loss", name, folders))
        config["loss"] = {**config["loss"], "terms": terms}
    layers = config.get("activation", {}).get("layers")
    if isinstance(layers, list):
        config["activation"]["layers"] = [
            catalogue.load("activation", layer, folders) if isinstance(layer, str) else layer
            for layer in layers
        ]


def check(config: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Check a resolved config. Raises UserError with one sentence about the first thing that is wrong."""
    terms = "terms" in config.get("loss", {})
    for path in (*_SECTIONS, *_NEEDED, *(() if terms else _NEEDED_OF_A_LOSS)):
        section: Any = config
        for key in path.split("."):
            if key not in section:
                raise UserError(_missing(path))
            section = section[key]
    try:
        Settings.model_validate(config)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise UserError(_missing(key)) from None
        message = first["msg"][0].lower() + first["msg"][1:]
        raise UserError(f"{key}={first['input']} is wrong: {message}") from None
    _check_targets(config["task"])


_WANTED = {
    "loss.loss": "give the _target_ of a class or function, and its arguments",
    "loss.targets": "say in which form the loss takes its targets, e.g. one_hot or class_index",
    "loss.output_activation": "say what raw outputs pass through first, e.g. identity, sigmoid or softmax",
}


def _missing(key: str) -> str:
    wanted = _WANTED.get(key, "see losslab --cfg job for what a whole one has")
    return f"{key} is missing from this config: {wanted}"


def _check_targets(task: Mapping[str, Any]) -> None:
    targets = task.get("targets") or []
    if not isinstance(targets, list) or any(
        isinstance(t, bool) or not isinstance(t, int | float) for t in targets
    ):
        raise UserError(f"task.targets={targets} is wrong: give a list of metric values, e.g. [0.9, 0.95]")


def group_choices(cfg: DictConfig) -> dict[str, str]:
    """Config group -> chosen name, without Hydra's own groups."""
    chosen = OmegaConf.to_container(cfg.hydra.runtime.choices)
    assert isinstance(chosen, dict)
    return {str(group): str(name) for group, name in chosen.items() if not str(group).startswith("hydra/")}
