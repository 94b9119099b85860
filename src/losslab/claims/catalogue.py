"""Which claims there are: the files of `experiments/` (and of the user's folder) that have a `claim:`."""

from __future__ import annotations

from pathlib import Path

import yaml

from losslab.claims.parse import parse
from losslab.claims.schema import Claim
from losslab.config.hydra_setup import GROUP, experiment_files
from losslab.errors import UserError, first_line


def claims(config_dir: Path | None = None, wrong: dict[str, UserError] | None = None) -> dict[str, Claim]:
    """Name -> claim, sorted; `config_dir`/experiment holds the user's own.

    Args:
        wrong: gets the errors of those that are wrong, by name.

    Raises UserError that names the file and the key if one is wrong, unless `wrong` is given.
    """
    found = {}
    for name, path in sorted(_files(config_dir).items()):
        try:
            claim = _claim_in(path)
        except UserError as error:
            if wrong is None:
                raise
            wrong[name] = error
            continue
        if claim is not None:
            found[name] = claim
    return found


def _claim_in(path: Path) -> Claim | None:
    """The claim in a file, None if the file has none. Raises UserError that names the file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{path}{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UserError(f"{path}: not valid YAML: {first_line(error)}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if isinstance(content, dict) and content.get("claim") is not None:
        return parse(content["claim"], str(path))
    return None


def claim_file(name: str, config_dir: Path | None = None) -> Path:
    """The YAML file of a claim. Raises UserError if there is none."""
    try:
        return _files(config_dir)[name]
    except KeyError:
        raise UserError(
            f"there is no file {name}.yaml in experiments/: see losslab-reproduce --list"
        ) from None


def _files(config_dir: Path | None) -> dict[str, Path]:
    own = {} if config_dir is None else experiment_files(config_dir / GROUP)
    return experiment_files() | own
