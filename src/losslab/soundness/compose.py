"""From what the user wrote, a name or a dotted path and overrides, to a subject."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from losslab.config import catalogue, settings
from losslab.config.hydra_errors import as_sentences
from losslab.config.hydra_setup import package_folder, register
from losslab.config.settings import LossSettings
from losslab.errors import UserError
from losslab.soundness.subject import Subject, make_subject


def compose_subject(
    target: str, overrides: Sequence[str] = (), kind: str | None = None, config_dir: Path | None = None
) -> Subject:
    """The subject for the named loss. Raises UserError if it does not exist or cannot be made."""
    return make_subject(compose_settings(target, overrides, config_dir), target, kind)


def compose_settings(
    target: str, overrides: Sequence[str] = (), config_dir: Path | None = None
) -> LossSettings:
    """The settings of the named loss. Raises UserError if it does not exist."""
    folders = [package_folder("conf")]
    search = []
    if config_dir is not None:
        if not config_dir.is_dir():
            raise UserError(f"--config-dir {config_dir} is not a folder")
        folders.insert(0, config_dir.absolute())
        search = [f"hydra.searchpath=['file://{config_dir.absolute()}']"]
    if "." in target:
        chosen = ["loss=custom", f"loss.loss._target_={target}"]
    else:
        catalogue.find("loss", target, folders)
        chosen = [f"loss={target}"]
    register()
    GlobalHydra.instance().clear()
    try:
        with as_sentences(), initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
            cfg = compose("config", overrides=[*search, *chosen, *overrides], return_hydra_config=True)
    finally:
        GlobalHydra.instance().clear()
    OmegaConf.set_struct(cfg, False)
    only_loss = OmegaConf.create({"loss": cfg.loss, "hydra": {"runtime": cfg.hydra.runtime}})
    return settings.read_loss(only_loss)
