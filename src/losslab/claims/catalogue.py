"""Which claims there are: the files of `experiments/` (and of a person's own folder) that have a `claim:`."""

from __future__ import annotations

from pathlib import Path

import yaml

from losslab.claims.schema import Claim, parse
from losslab.errors import UserError
from losslab.hydra_setup import GROUP, package_folder


def claims(config_dir: Path | None = None) -> dict[str, Claim]:
    """Name -> claim, sorted; `config_dir`/experiment holds a person's own.

    Raises UserError that names the file and the key where one is wrong.
    """
    files = {path.stem: path for path in sorted(package_folder("experiments").glob("*.yaml"))}
    if config_dir is not None:
        files |= {path.stem: path for path in sorted((config_dir / GROUP).glob("*.yaml"))}
    found = {}
    for name, path in sorted(files.items()):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.MarkedYAMLError as error:
            line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
            raise UserError(f"{path}{line}: not valid YAML: {error.problem}") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from None
        if isinstance(content, dict) and content.get("claim") is not None:
            found[name] = parse(content["claim"], str(path))
    return found
