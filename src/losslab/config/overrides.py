"""Overrides (`key=value`) as Hydra's grammar reads them: https://hydra.cc/docs/advanced/override_grammar/basic/"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException


def combinations(overrides: Iterable[str], config_loader: ConfigLoader | None = None) -> list[list[str]]:
    """Every combination of the values that are swept: [["loss=mse", "seed=0"], ["loss=mse", "seed=1"], ...].

    Args:
        overrides: "loss=mse,l1", "seed=range(0,3)", "optimizer.lr=0.1"; the last one of a repeated key
            counts.
        config_loader: finds the names that "loss=glob(*)" stands for.

    Raises HydraException if one is not an override, or sweeps over an interval.
    """
    values: dict[str, list[str]] = {}
    for override in OverridesParser.create(config_loader).parse_overrides(list(overrides)):
        key = override.get_key_element()
        if not override.is_sweep_override():
            values[key] = [f"{key}={override.get_value_element_as_str()}"]
        elif override.is_discrete_sweep():
            values[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            raise HydraException(
                f"{override.input_line} names an interval: give values, "
                f"as in {key}=0.1,0.2 or {key}=range(0,3)"
            )
    return [list(combination) for combination in itertools.product(*values.values())]


def first_sweep(overrides: Sequence[str]) -> str | None:
    """The first override with several values."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return next((override.input_line for override in parsed if override.is_sweep_override()), None)


def quoted(value: Path | str) -> str:
    """The text as an override's value, with any characters."""
    escaped = str(value).replace("'", "\\'")
    return f"'{escaped}'"
