"""Records, plans, claims, tables and training functions with values that nobody should write.

Each is read, or refused with one sentence; nothing outside the folder is touched; no code in a file runs.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import losslab
from fabricated_records import fabricate, plan, write_all
from losslab.claims.catalogue import claims
from losslab.claims.parse import parse
from losslab.claims.stages import count
from losslab.cli.judge_table import main as judge_table
from losslab.comparison.comparison import compare
from losslab.config.hydra_setup import experiment_files
from losslab.errors import UserError
from losslab.report.comparison.documents import as_markdown
from losslab.sweep.plan import PlannedRun, outstanding, write_plan

HOSTILE: list[Any] = [
    *(None, True, False, -1, 0, 1e308, 10**30, 0.5, "", "NaN", "Infinity", "-Infinity", "0", "ü", "a\nb"),
    *("../../precious", "/etc/passwd", "<script>alert(1)</script>", "${oc.env:HOME}", "x" * 5000),
    *([], {}, [[]], [None], {"a": {}}, ["x"] * 3, {"_target_": "os.system"}, "!!python/name:os.system"),
]
ANEW = int(os.environ.get("LOSSLAB_FUZZ", "0"))  # so many of each, others each time
CELLS = [
    *("", "nan", "inf", "-inf", "1e999", "NA", "ce", "mse", "0", "1", "0.9", "x"),
    *('"', ",", "\0", "ü", "\n", "=1+1"),
]
OPTIONS = [[], ["--margin", "0.01"], ["--stages", "2,4"], ["--json"], ["--reference", "mse"]]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a mapping or list."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def spoilt(value: Any, chance: random.Random) -> Any:
    """A copy in which one to three values are replaced, removed or renamed."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        *above, key = chance.choice(list(places(value)) or [(None,)])
        if key is None:
            return value
        inside = value
        for step in above:
            inside = inside[step]
        what = chance.randrange(8)
        if what == 0:
            del inside[key]
        elif what == 1 and isinstance(inside, dict):
            inside[str(chance.choice(HOSTILE))] = inside.pop(key)
        else:
            inside[key] = copy.deepcopy(chance.choice(HOSTILE))
    return value


def records_and_plans(place: Path, chance: random.Random) -> None:
    """A report over four records and their plan, one file of which is spoilt; then the sweep goes on."""
    sweep = place / "sweep"
    made = [fabricate(loss, seed) for loss in ("mse", "l1") for seed in range(2)]
    write_all(made, sweep)
    plan(made, sweep)
    path = chance.choice([*sorted(sweep.glob("*/record.json")), sweep / "sweep.json"])
    path.write_text(json.dumps(spoilt(json.loads(path.read_text()), chance)))
    run = PlannedRun(["seed=9"], f"seed=9-{'9' * 6}", "9" * 16, "9" * 16, "9" * 16, 9)
    try:
        shown = as_markdown(compare([sweep]))
        assert "<script>" not in shown
    finally:
        write_plan([run], sweep)
        outstanding([run], sweep, retry_failed=True)


CLAIMS = [
    yaml.safe_load(path.read_text())["claim"]
    for name, path in experiment_files().items()
    if name in list(claims())[::6]
]


def claim_files(place: Path, chance: random.Random) -> None:
    count(parse(spoilt(chance.choice(CLAIMS), chance), "claim.yaml").in_quick())


def tables(place: Path, chance: random.Random) -> None:
    rows = [["arm", "seed", "accuracy"]]
    rows += [[arm, str(seed), f"{0.9 + seed / 100}"] for seed in range(4) for arm in ("ce", "mse")]
    for _ in range(chance.randint(1, 4)):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(CELLS)
    if chance.random() < 0.2:
        chance.choice(rows).append("1")
    path = place / f"table{chance.choice(['.csv', '.tsv', '.jsonl', '.txt'])}"
    separator = "\t" if path.suffix == ".tsv" else ","
    path.write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    options = chance.choice(OPTIONS)
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        status = judge_table([str(path), "--metric", "accuracy", *options])
    assert status in (0, 2, 3)
    if status == 2:
        raise UserError(errors.getvalue().removesuffix("\n"))
    assert errors.getvalue() == ""


RESULTS: list[Any] = [
    *(None, "0.9", True, float("nan"), float("inf"), 10**400, 1j, [], [0.9], {}, 0.9, {"accuracy": 0.9}),
    *({"accuracy": "0.9"}, {"accuracy": None}, {3: 0.9}, {"accuracy": [0.9]}),
    *({"accuracy": 0.9, "x": object()}, ValueError("no"), SystemExit(0), MemoryError()),
]


def training_functions(place: Path, chance: random.Random) -> None:
    result = chance.choice(RESULTS)

    def train(run: Any) -> Any:
        run.log(chance.choice([0, 1, 1]), loss=chance.choice([0.5, float("nan"), 1e308]))
        if isinstance(result, BaseException):
            raise result
        return result

    losses = {"a": abs, chance.choice(["b", "", "../b", "ü", "a b", "x" * 300]): max}
    with contextlib.redirect_stdout(io.StringIO()):
        losslab.compare(train, losses, metric="accuracy", seeds=2, folder=place / "study")


# What is fuzzed, how often in every run of the suite, and how often in the whole fault suite: 10,000 in all.
FUZZED: dict[str, tuple[Callable[[Path, random.Random], None], int, int]] = {
    "records and plans": (records_and_plans, 15, 2500),
    "claims": (claim_files, 60, 5000),
    "tables": (tables, 15, 2400),
    "training functions": (training_functions, 0, 100),
}


def fuzz(what: str, examples: int, tmp_path: Path) -> tuple[int, int]:
    """(read, refused)"""
    work, read, refused = FUZZED[what][0], 0, 0
    precious = tmp_path / "precious"
    precious.write_text("untouched")
    for number in range(examples):
        place = tmp_path / "place"
        place.mkdir()
        seed = os.urandom(8).hex() if ANEW else f"{what} {number}"
        sentence = None
        try:
            work(place, random.Random(seed))
        except UserError as error:
            sentence = str(error)
        except Exception as error:
            raise AssertionError(f"{what}: random.Random({seed!r}) gives a traceback") from error
        assert sentence is None or len(sentence.splitlines()) == 1, (seed, sentence)
        read += sentence is None
        refused += sentence is not None
        shutil.rmtree(place)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["precious"], seed
        assert precious.read_text() == "untouched"
    return read, refused


@pytest.mark.parametrize("what", [what for what, (_, quick, _) in FUZZED.items() if quick])
def test_some_hostile_files(what, tmp_path):
    examples = FUZZED[what][1]
    assert sum(fuzz(what, examples, tmp_path)) == examples


@pytest.mark.faults
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("what", FUZZED)
def test_many_hostile_files(what, tmp_path, tell):
    read, refused = fuzz(what, ANEW or FUZZED[what][2], tmp_path)
    tell(read + refused, what, {"read": read, "refused": refused})
