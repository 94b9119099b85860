"""`losslab-judge`: formats, exit status, output to paste, and one sentence for what cannot be judged."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from losslab.cli.judge_table import main


def results(arms=("ce", "mse"), data_sets=("digits",), seeds=8):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            (data, arm, seed, 0.95 - 0.03 * (arm == "mse") + rng.normal(0, 0.002))
            for data in data_sets
            for seed in range(seeds)
            for arm in arms
        ],
        columns=["data", "loss", "seed", "accuracy"],
    )


@pytest.fixture
def judged(tmp_path, capsys):
    """Writes a table and judges it: (exit status, standard output, errors)."""

    def call(table, *options, name="results.csv"):
        path = tmp_path / name
        if isinstance(table, bytes):
            path.write_bytes(table)
        else:
            path.write_text(table if isinstance(table, str) else table.to_csv(index=False))
        status = main([str(path), "--arm", "loss", "--metric", "accuracy", *options])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def test_decided_is_0_and_open_is_3(judged):
    status, out, _ = judged(results(), "--margin", "0.01")
    assert status == 0
    assert out.startswith("mse is worse than ce by 0.029")
    assert out.splitlines()[-1].split()[-2:] == ["8", "worse"]
    assert judged(results(("ce", "brier")), "--margin", "0.0001")[0] == 3
    assert "ce is better than mse" in judged(results(), "--reference", "mse")[1]


@pytest.mark.parametrize("name", ["r.csv", "r.tsv", "r.jsonl", "r.semicolon.csv"])
def test_formats_give_the_same(judged, name):
    table = results()
    texts = {
        "r.csv": "\ufeff" + table.to_csv(index=False),
        "r.tsv": table.to_csv(index=False, sep="\t"),
        "r.jsonl": table.to_json(orient="records", lines=True, double_precision=15),
        "r.semicolon.csv": table.to_csv(index=False, sep=";"),
    }
    options = ["--separator", ";"] if "semicolon" in name else []
    status, out, err = judged(texts[name], "--json", *options, name=name)
    assert (status, err) == (0, "")
    (row,) = json.loads(out)["rows"]
    expected = table.groupby("loss")["accuracy"].mean()
    assert row["mean"] == pytest.approx(expected["mse"] - expected["ce"])


def test_parquet_is_read_or_asks_for_pyarrow(judged, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, err = judged("PAR1", name="r.parquet")
    assert (status, err.count("\n")) == (2, 1)
    assert "reading Parquet needs pyarrow: pip install pyarrow" in err


def test_data_sets_end_with_one_answer(judged, tmp_path):
    picture = tmp_path / "ranks.png"
    table = results(("ce", "mse", "brier"), [f"d{i}" for i in range(7)], seeds=3)
    _, out, err = judged(table, "--dataset", "data", "--margin", "0.01", "--picture", str(picture))
    assert err == ""
    assert "Over 7 data sets, mean ranks (1 is best): " in out
    assert "mse beside ce, of 7 data sets: worse on 7." in out
    assert picture.stat().st_size > 10_000
    data = json.loads(judged(table, "--dataset", "data", "--json")[1])
    assert data["overall"]["test"] == "Friedman"
    assert {arm["arm"] for arm in data["overall"]["arms"]} == {"ce", "mse", "brier"}


def test_tables_to_paste(judged):
    table = results(("ce_1", "mse|x")).replace({"loss": {"mse|x": "mse|x"}})
    _, markdown, _ = judged(table, "--markdown")
    assert "| mse\\|x | ce_1 |" in markdown
    _, latex, _ = judged(table, "--latex")
    assert r"\toprule" in latex
    assert r"mse|x & ce\_1" in latex


def test_an_arm_may_be_called_none_and_numbers_stay_as_written(judged):
    table = results().replace({"loss": {"ce": "None", "mse": "0.50"}})
    out = judged(table.to_csv(index=False), "--reference", "0.50")[1]
    assert out.startswith("None is better than 0.50")


ROWS = "loss,seed,accuracy\nce,0,0.9\nmse,0,0.8\n"


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("", [], "is empty"),
        ("loss,seed,accuracy\n", [], "has no rows"),
        (ROWS.replace(",", ";"), [], "it is separated by ';', not by ',': add --separator ';'"),
        (ROWS.replace(",", "\t"), [], "it is separated by a tab, not by ',': add --separator tab"),
        (ROWS.replace("accuracy", "acuracy"), [], "no column accuracy; did you mean acuracy?"),
        (ROWS.replace("0.8", "high"), [], "column accuracy holds 'high', which is not a number"),
        (ROWS.replace("0.8", "0,8"), [], "Expected 3 fields in line 3, saw 4"),
        (ROWS.replace("0.", "0,"), [], "more cells than its header (a decimal comma?)"),
        (ROWS + "ce,0,0.7\n", [], "loss ce, seed 0 occurs more than once"),
        (ROWS.replace("mse", ""), [], "column loss has an empty cell in row 2"),
        (ROWS.replace("mse,0", "ce,1"), [], "column loss holds only one arm, ce"),
        (ROWS, ["--reference", "hinge"], "no arm hinge to compare with; the arms are: ce, mse"),
        (ROWS, ["--margin", "much"], "margin=much is wrong"),
        (ROWS, ["--stages", "5,5"], "give rising numbers of seeds"),
        (ROWS, ["--seed", "loss"], "column loss is named twice"),
        (ROWS, ["--picture", "r.png"], "--picture shows ranks over data sets: it needs --dataset"),
        (b"\xff\xfe\x00", [], "is not text in UTF-8"),
    ],
)
def test_wrong_input_is_one_sentence(judged, text, options, sentence):
    status, out, err = judged(text, *options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_wrong_files_are_one_sentence(judged, tmp_path, capsys):
    assert "line 2 is not JSON" in judged('{"loss": 1}\n{"loss"', name="r.jsonl")[2]
    assert "line 1 is not an object" in judged("[1]\n", name="r.jsonl")[2]
    assert "not a table that can be read" in judged("", name="r.xlsx")[2]
    assert main([str(tmp_path / "none.csv"), "--metric", "m"]) == 2
    assert "No such file" in capsys.readouterr().err


def test_one_seed_and_missing_pairs_are_said(judged):
    status, out, _ = judged(ROWS)
    assert status == 3
    assert "with one seed, which says nothing about others" in out
    table = results()
    table.loc[3, "accuracy"] = np.nan
    assert "as one of the two has no value: seed 1" in judged(table)[1]
