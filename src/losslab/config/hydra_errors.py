"""Errors of Hydra, OmegaConf and YAML about a command line or a config file, as one sentence each."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from hydra.errors import HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from losslab.config._hydra import raised_inside_hydra
from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError, first_line


@contextlib.contextmanager
def as_sentences() -> Iterator[None]:
    """Turns exceptions from composing a config into UserError; LOSSLAB_DEBUG=1 keeps their traceback."""
    try:
        with _interrupts_as_such():
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
        # OmegaConf raises it for a file without keys
        raise UserError(f"a config file holds no keys and values: {first_line(error)}") from None
    except ValueError as error:
        if os.environ.get("LOSSLAB_DEBUG") or not raised_inside_hydra(error):
            raise
        raise UserError(explain(error)) from None  # e.g. --multirun together with --cfg
    except Exception as error:
        if os.environ.get("LOSSLAB_DEBUG") or not raised_inside_hydra(error):
            raise
        raise UserError(
            f"Hydra cannot compose a config from this ({type(error).__name__}: {first_line(error)}); a group "
            "takes a name, as in model=mlp, and the `defaults` of a config file are a list of them"
        ) from None


@contextlib.contextmanager
def _interrupts_as_such() -> Iterator[None]:
    """A Ctrl-C in the middle of composing can end as an error about a key: it is a Ctrl-C again."""
    try:
        yield
    except Exception as error:
        chain: BaseException | None = error
        while chain is not None:
            if isinstance(chain, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            chain = chain.__cause__ or chain.__context__
        raise


def explain(error: Exception) -> str:
    """Hydra's or OmegaConf's error as one sentence, with the nearest valid name if there is one."""
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        if near := difflib.get_close_matches(name, error.options, n=1):
            every = f"losslab --help lists all {len(error.options)}"
            return f"{group}={name} does not exist: did you mean {near[0]}? {every}"
        return f"{group}={name} does not exist: choose one of {', '.join(error.options)}"
    if isinstance(error.__cause__, ConfigAttributeError | ConfigKeyError):
        key = str(error.__cause__.full_key)
        return f"{key} is not a key of this config: see losslab --cfg job{_nearest(key, _all_keys())}"
    if swept := re.match(r"Ambiguous value for argument '(.*)'", str(error)):
        given = shlex.quote(swept[1])
        return f"{swept[1]} has several values, which makes a sweep: add -m, as in losslab -m {given}"
    if word := re.match(r"Error parsing override '([^='\n]*)'\s+missing EQUAL", str(error)):
        return f"{word[1]} has no value: write key=value, as in task=digits or optimizer.lr=0.01"
    lines = [
        line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("See https")
    ]
    return " ".join(lines[:2])


def _nearest(name: str, options: Sequence[str]) -> str:
    """The key that ends in the name, as optimizer.lr does in lr, else the one that is spelled most alike."""
    below = [option for option in options if option.endswith(f".{name}") and not option.startswith("hydra.")]
    found = sorted(below, key=len) or difflib.get_close_matches(name, options, n=1)
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
