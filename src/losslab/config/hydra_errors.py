"""What Hydra, OmegaConf and YAML raise about a person's command line or config file, as one sentence each."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError, first_line


@contextlib.contextmanager
def as_sentences() -> Iterator[None]:
    """Turns into UserError what composing a config raises; LOSSLAB_DEBUG=1 lets its traceback through.

    Hydra meets some wrong input with an exception of Python's own (`model=[1,2]` is a TypeError inside it):
    where the innermost frame is Hydra's it is about the input, not a bug of ours.
    """
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        if os.environ.get("LOSSLAB_DEBUG"):
            raise
        raise UserError(explain(error)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.name}, line {mark.line + 1}" if mark else "a config"
        raise UserError(f"{place}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"a config file is not valid YAML in UTF-8: {first_line(error)}") from None
    except OSError as error:
        if os.environ.get("LOSSLAB_DEBUG") or error.errno is not None or error.filename is not None:
            raise
        # OmegaConf's, of a file without keys
        raise UserError(f"a config file holds no keys and values: {first_line(error)}") from None
    except ValueError as error:
        if os.environ.get("LOSSLAB_DEBUG") or not _raised_by_hydra(error):
            raise
        raise UserError(explain(error)) from None  # e.g. --multirun together with --cfg
    except Exception as error:
        if os.environ.get("LOSSLAB_DEBUG") or not _raised_by_hydra(error):
            raise
        raise UserError(
            f"Hydra cannot compose a config from this ({type(error).__name__}: {first_line(error)}); a group "
            "takes a name, as in model=mlp, and the `defaults` of a config file are a list of them"
        ) from None


def explain(error: Exception) -> str:
    """Hydra's and OmegaConf's words as one sentence, with the nearest right name where there is one."""
    message = str(error).strip()
    group = re.search(r"Could not find '([^']+)/([^'/]*)'", message)
    if group:
        options = re.findall(r"^\t(\S+)$", message, flags=re.MULTILINE)
        nearest = _nearest(group[2], options)
        return f"{group[1]}={group[2]} does not exist: choose one of {', '.join(options)}{nearest}"
    key = re.search(r"Could not override '([^']+)'", message)
    if key:
        return f"{key[1]} is not a key of this config: see losslab --cfg job{_nearest(key[1], _all_keys())}"
    lines = [
        line.strip() for line in message.splitlines() if line.strip() and not line.startswith("See https")
    ]
    return " ".join(lines[:2])


def _raised_by_hydra(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(hydra.__file__).parent in Path(frames[-1].filename).parents


def _nearest(name: str, options: list[str]) -> str:
    found = difflib.get_close_matches(name, options, n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def _all_keys() -> list[str]:
    """Dotted keys of the default config, for suggestions."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
        config = OmegaConf.to_container(compose("config"), resolve=False)
    return list(_dotted(config, ""))


def _dotted(value: Any, prefix: str) -> list[str]:
    if not isinstance(value, dict):
        return [prefix]
    below = [
        key for name, item in value.items() for key in _dotted(item, f"{prefix}.{name}" if prefix else name)
    ]
    return [prefix, *below] if prefix else below
