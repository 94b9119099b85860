"""Looks up config files by name, outside Hydra's composition: for losses and activations named in a list,
and for the descriptions in the files' comments.

A file's leading comment describes it: first what it is, then paragraphs that begin with a word and a colon
(`# Formula: ...`, `# Use: ...`, `# Avoid: ...`, `# Source: ...`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError

_HEADING = re.compile(r"^([A-Z][a-z]+): ?(.*)$")


def folders(cfg: DictConfig | None = None) -> list[Path]:
    """The folders searched for configs, with the user's --config-dir if Hydra's part of `cfg` names it."""
    hydra = cfg.get("hydra") if cfg is not None else None
    if hydra is None and HydraConfig.initialized():
        hydra = HydraConfig.get()
    sources = [Path(source.path) for source in hydra.runtime.config_sources] if hydra is not None else []
    found = [source for source in sources if source.is_dir()]
    return found or [package_folder("conf")]


def names(group: str, where: Sequence[Path] | None = None) -> list[str]:
    """The names that can be chosen in a config group, sorted."""
    places = folders() if where is None else where
    return sorted({path.stem for folder in places for path in (folder / group).glob("*.yaml")})


def find(group: str, name: str, where: Sequence[Path]) -> Path:
    """The file of `group=name`. Raises UserError with the nearest name if it does not exist."""
    for folder in where:
        if (path := folder / group / f"{name}.yaml").is_file():
            return path
    options = names(group, where)
    near = difflib.get_close_matches(name, options, n=1)
    hint = f" (did you mean {near[0]}?)" if near else f": choose one of {', '.join(options)}"
    raise UserError(f"{group}={name} does not exist{hint}")


def load(group: str, name: str, where: Sequence[Path]) -> dict[str, Any]:
    """The file's config as plain data, merged over the files of the same group named in its `defaults`."""
    loaded = OmegaConf.load(find(group, name, where))
    assert isinstance(loaded, DictConfig)
    bases = [base for base in loaded.pop("defaults", []) if isinstance(base, str) and base != "_self_"]
    merged = OmegaConf.merge(*(load(group, base, where) for base in bases), loaded)
    plain = OmegaConf.to_container(merged)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def description(path: Path) -> dict[str, str]:
    """The leading comment, one entry per paragraph: "what", then each heading in lower case."""
    found: dict[str, list[str]] = {"what": []}
    current = "what"
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            break
        text = line[1:].strip()
        if match := _HEADING.match(text):
            current, text = match[1].lower(), match[2]
        found.setdefault(current, []).append(text)
    return {key: " ".join(part for part in lines if part) for key, lines in found.items()}
