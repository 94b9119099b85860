"""Short names for things that differ only in their configuration: "mse", "mse, optimizer.lr=0.1".

Knows choices, overrides and configs, but not what they mean; `comparison.py` decides what is named.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from losslab.config.identity import NOT_IN_IDENTITY

# The groups that users compare most come first in a label, others follow by name.
GROUP_ORDER = ("loss", "model", "activation", "init", "optimizer", "task")
GENERIC_NAMES = ("default", "none", "off", "custom", "base")
LONGEST_VALUE = 40


@dataclasses.dataclass
class Described:
    """One thing to be named.

    Attributes:
        identity: makes the label unique if nothing readable does.
        choices: config group -> chosen name, as far as it is common to all its runs.
        leaves: dotted config key -> value in words, as far as it is common to all its runs.
        overridden: the keys that were written on a command line; they explain best.
    """

    identity: str
    choices: dict[str, str]
    leaves: dict[str, str]
    overridden: set[str]


def describe(identity: str, runs: Sequence[Mapping[str, Any]], below: str = "") -> Described:
    """What all `runs` (with "choices", "config", "overrides") share; `below` narrows to one config key."""
    configs = [flatten(run["config"]) for run in runs]
    leaves = {
        key: value
        for key, value in configs[0].items()
        if key.startswith(f"{below}." if below else "")
        and key.split(".")[0] not in (*NOT_IN_IDENTITY, "seed")
        and all(config.get(key) == value for config in configs[1:])
    }
    choices = {
        group: printable(str(name))
        for group, name in runs[0]["choices"].items()
        if group == (below or group)
        and group not in NOT_IN_IDENTITY
        and not group.startswith("hydra")
        and all(run["choices"].get(group) == name for run in runs[1:])
    }
    overridden = {
        str(override).partition("=")[0].lstrip("+~") for run in runs for override in run["overrides"]
    }
    return Described(identity, choices, leaves, overridden)


def labels(things: Sequence[Described], fallback_group: str = "loss") -> list[str]:
    """A label for each, all different: every choice that varies, then as few config keys as needed.

    A single thing, or things without a varying choice, start from their choice of `fallback_group`.
    """
    parts = _varying_choices(things)
    if not any(parts):
        parts = [
            [thing.choices[fallback_group]] if fallback_group in thing.choices else [] for thing in things
        ]
    keys = _varying_keys(things)
    while keys and _distinct(parts) < len(things):
        # `max` returns the first of equal keys: overridden keys come first, then short ones
        key = max(keys, key=lambda key: _distinct(_with_leaf(parts, things, key)))
        extended = _with_leaf(parts, things, key)
        if _distinct(extended) == _distinct(parts):
            break  # no single key separates them any more
        parts = extended
        keys.remove(key)
    texts = [", ".join(part) or thing.identity[:8] for part, thing in zip(parts, things, strict=True)]
    counts = Counter(texts)
    return [
        text if counts[text] == 1 else f"{text} ({thing.identity})"
        for text, thing in zip(texts, things, strict=True)
    ]


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted keys -> values in words; a list is one value."""
    leaves: dict[str, str] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            leaves.update(flatten(value, f"{name}."))
        else:
            leaves[name] = value if isinstance(value, str) else json.dumps(value, default=str)
    return leaves


def printable(text: str) -> str:
    """Without line breaks and terminal codes, which would break a table or a terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _varying_choices(things: Sequence[Described]) -> list[list[str]]:
    groups = {group for thing in things for group in thing.choices}
    ordered = sorted(groups, key=lambda group: (_place(group), group))
    varying = [group for group in ordered if len({thing.choices.get(group) for thing in things}) > 1]
    names = {group: {thing.choices[group] for thing in things if group in thing.choices} for group in varying}
    bare = {
        group
        for group in varying
        if group == "loss"
        or not (
            names[group] & set(GENERIC_NAMES)
            or any(names[group] & names[other] for other in varying if other != group)
        )
    }
    return [
        [
            thing.choices[group] if group in bare else f"{group}={thing.choices[group]}"
            for group in varying
            if group in thing.choices
        ]
        for thing in things
    ]


def _varying_keys(things: Sequence[Described]) -> list[str]:
    keys = {key for thing in things for key in thing.leaves}
    varying = [key for key in keys if len({thing.leaves.get(key) for thing in things}) > 1]
    overridden = set().union(*(thing.overridden for thing in things))
    return sorted(varying, key=lambda key: (key not in overridden, len(key), key))


def _with_leaf(parts: list[list[str]], things: Sequence[Described], key: str) -> list[list[str]]:
    return [
        [*part, f"{printable(key)}={_shortened(thing.leaves[key])}"] if key in thing.leaves else part
        for part, thing in zip(parts, things, strict=True)
    ]


def _shortened(value: str) -> str:
    value = printable(value)
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def _distinct(parts: Iterable[list[str]]) -> int:
    return len({tuple(part) for part in parts})


def _place(group: str) -> int:
    return GROUP_ORDER.index(group) if group in GROUP_ORDER else len(GROUP_ORDER)
