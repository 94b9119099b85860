"""What makes two runs the same: a hash of everything in the resolved config that can change the result.

Runs that share all but the seed are one arm; runs that share the task may be compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from losslab.config import code, fingerprint
from losslab.config.settings import RunSettings
from losslab.records import SCHEMA_VERSION

# Where files are read and written, and what is measured, does not change the result.
NOT_IN_IDENTITY = ("data_dir", "folder", "diagnostics", "logger", "pictures", "retry_failed", "fail_fast")
# a run that continues ends with the same result; threads change the last digits, and the record says how many
NOT_IN_IDENTITY_OF_TRAINER = ("checkpoint", "threads")
# Options that were added later: at these values a run is the same as before the option existed.
DEFAULTS = {"temperature_scaling": False}
DEFAULTS_OF_TRAINER = {"matmul_precision": "highest", "channels_last": False}
# Training length and evaluation interval are the protocol, not the task; wrong training labels are part of an
# arm: they leave the evaluated data, and which samples a batch holds, as they are.
NOT_IN_TASK = ("recipe", "corruption")
_WHERE_FROM = ("root", "urls")  # folders and addresses of a source whose content never changes
_OWN_FILES = {
    "losslab.tasks.sources.table.csv": ("path",),
    "losslab.tasks.sources.image_folder.image_folder": ("path", "test_path"),
}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.=,+-]+")
LONGEST_NAME = 80
LONGEST_PATH = 4096


class Identities(TypedDict):
    """Hashes: of the run, of the run without its seed, of the task alone."""

    identity: str
    arm_identity: str
    task_identity: str


def identities(settings: RunSettings) -> Identities:
    """The hashes of a run's settings."""
    relevant = {
        key: value
        for key, value in settings.plain().items()
        if key not in NOT_IN_IDENTITY and not (key in DEFAULTS and value == DEFAULTS[key])
    }
    task = dict(relevant["task"])
    task["source"] = _essence(task["source"])
    relevant = {key: _with_own_files(value) for key, value in relevant.items()}
    relevant["task"] = task
    relevant["trainer"] = {
        key: value
        for key, value in relevant["trainer"].items()
        if key not in NOT_IN_IDENTITY_OF_TRAINER and (key, value) not in DEFAULTS_OF_TRAINER.items()
    }
    if codes := code.of_config(relevant):
        relevant["code"] = codes
    if codes := code.of_config(task):
        task["code"] = codes
    arm = {key: value for key, value in relevant.items() if key != "seed"}
    return {
        "identity": _hash(relevant),
        "arm_identity": _hash(arm),
        "task_identity": _hash({key: value for key, value in task.items() if key not in NOT_IN_TASK}),
    }


def _with_own_files(value: Any) -> Any:
    """`value`, where the arguments of the user's own code also count by the content of files they name."""
    if isinstance(value, Mapping):
        target = value.get("_target_")
        own = isinstance(target, str) and code.is_users(target)
        each = _with_content if own else _with_own_files
        return {key: item if key == "_target_" else each(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_own_files(item) for item in value]
    return value


def _essence(source: Any) -> Any:
    """The part of a source's config that counts: not where files lie. It may contain other sources.

    The files of losslab's own data sets never change. The user's tables and images count by their content.
    The arguments of the user's own function count as they are, and by the content of the files and folders
    that they name. Code counts separately, see `code.py`.
    """
    if not isinstance(source, Mapping):
        return source
    if not str(source.get("_target_", "")).startswith("losslab."):
        return {key: _with_content(value) for key, value in source.items()}
    found = {key: _essence(value) for key, value in source.items() if key not in _WHERE_FROM}
    for key in _OWN_FILES.get(source["_target_"], ()):
        found[key] = _content(source.get(key)) or source.get(key)
    return found


def _with_content(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_content(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_content(item) for item in value]
    content = _content(value)
    return value if content is None else [value, content]


def _content(value: Any) -> str | None:
    may_be_path = isinstance(value, str) and value and len(value) < LONGEST_PATH and "\0" not in value
    return fingerprint.of_path(Path(value).expanduser()) if may_be_path else None


def folder_name(overrides: Iterable[str], identity: str) -> str:
    """A short, readable name for a run's folder: "mse,lr=0.1,seed=0-3fa2b1".

    Args:
        overrides: those that differ within the sweep, "key=value". A group's choice stands for itself,
            other keys are named by their last part.
        identity: the run's identity; its beginning makes the name unique.
    """
    parts = []
    for override in overrides:
        key, _, value = override.partition("=")
        key = key.lstrip("+~")
        parts.append(value if _is_group_choice(key) else f"{key.rsplit('.', 1)[-1]}={value}")
    return named_folder(",".join(parts), identity)


def named_folder(name: str, identity: str) -> str:
    """`name` as a folder's name, with the beginning of the run's identity."""
    readable = _NOT_IN_NAMES.sub("_", name).strip("._")[:LONGEST_NAME] or "run"
    return f"{readable}-{identity[:6]}"


def is_own_name(folder: str, identity: str) -> bool:
    """Whether `named_folder` may have given this name to a run of this identity; never true of a path."""
    return folder.endswith(f"-{identity[:6]}") and not _NOT_IN_NAMES.search(folder)


def _is_group_choice(key: str) -> bool:
    return "." not in key and key != "seed"


def _hash(value: Mapping[str, Any]) -> str:
    text = json.dumps([SCHEMA_VERSION, value], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
