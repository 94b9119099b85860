"""The CSV source: what it reads, and what it says about a table that is not right."""

import pytest
import torch

from losslab.errors import UserError
from losslab.tasks.sources.table import csv


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return str(path)

    return write


HOUSES = "rooms,age,town,price\n3,10,Ulm,200.5\n4,20,Bonn,310\n5,5,Ulm,400\n"


def test_features_and_target(table):
    raw = csv(table(HOUSES), target="price", features=["age", "rooms"])
    assert raw.inputs.tolist() == [[10, 3], [20, 4], [5, 5]]
    assert raw.targets.tolist() == [200.5, 310, 400]


def test_all_other_columns_are_features_by_default(table):
    raw = csv(table("a,b,y\n1,2,0\n3,4,1\n"), target="y")
    assert raw.inputs.tolist() == [[1, 2], [3, 4]]
    assert raw.targets.dtype == torch.int64


def test_words_are_classes_in_alphabetical_order(table):
    raw = csv(table(HOUSES), target="town", features=["rooms"])
    assert raw.targets.tolist() == [1, 0, 1]
    assert raw.class_names == ["Bonn", "Ulm"]


def test_several_targets(table):
    raw = csv(table("x,red,blue\n1,0,1\n2,1,1\n"), target=["red", "blue"])
    assert raw.inputs.tolist() == [[1], [2]]
    assert raw.targets.tolist() == [[0, 1], [1, 1]]


def test_rows_with_missing_values_can_be_left_out(table):
    raw = csv(table("x,y\n1,2.5\n,3.5\n3,\n4,5.5\n"), target="y", missing="drop")
    assert raw.inputs.tolist() == [[1], [4]]
    assert raw.targets.tolist() == [2.5, 5.5]


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (
            HOUSES,
            {"target": "prize"},
            r"no column prize \(did you mean price\?\); its columns are rooms, age",
        ),
        (HOUSES, {"target": "price", "features": ["garden"]}, "task.source.features: .* no column garden"),
        (HOUSES, {"target": "price"}, r"column town must hold numbers, but 3 of 3 rows do not: line 2, 3, 4"),
        ("x,y\n1,2\nn/k,3\n4,5\n", {"target": "y"}, r"1 of 3 rows do not: line 3, the first is 'n/k'"),
        ("x,y\n1,2\n,3\n4,\n5,6\n", {"target": "y"}, r"2 of 4 rows have missing values in x, y: line 3, 4;"),
        ("x,y\n1,inf\n2,3\n", {"target": "y"}, r"1 of 2 rows have missing values"),
        ("x,y\n", {"target": "y"}, "has 0 rows"),
        ("y\n1\n", {"target": "y"}, "0 feature columns"),
        ("", {"target": "y"}, "cannot be read as a CSV file"),
        (HOUSES, {"target": "price", "features": ["price"]}, "column price is both"),
        (HOUSES, {"target": "price", "missing": "mean"}, "task.source.missing=mean is wrong"),
    ],
)
def test_what_is_wrong_is_named(table, text, options, sentence):
    with pytest.raises(UserError, match=sentence):
        csv(table(text), **options)


def test_a_file_that_is_not_there():
    with pytest.raises(UserError, match=r"task.source.path=nowhere.csv cannot be read .*No such file"):
        csv("nowhere.csv", target="y")


def test_a_table_is_trained_on(train, table):
    rows = "".join(f"{i % 17},{i % 5},{2 * (i % 17) - (i % 5)}\n" for i in range(200))
    path = table(f"a,b,price\n{rows}")
    record, _ = train(
        "task=csv", "task.kind=regression", f"task.source.path={path}", "task.source.target=price",
        "task.target_scaling=standardise", "loss=mse", "trainer.max_epochs=20", "pictures=1",
    )  # fmt: skip
    assert record.primary("test") < 2
