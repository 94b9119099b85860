"""The CSV source: what it reads and encodes, and what it says about a table that is not right."""

import pytest
import torch

from losslab.errors import UserError
from losslab.tasks import load_task
from losslab.tasks.sources.table import csv


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return str(path)

    return write


def inputs(raw, train=None):
    """Encoded features of all rows, where `train` are the training rows, by default all."""
    return raw.encoded(torch.tensor(range(len(raw)) if train is None else train)).inputs.tolist()


HOUSES = "rooms,age,town,price\n3,10,Ulm,200.5\n4,20,Bonn,310\n5,5,Ulm,400\n"


def test_features_and_target(table):
    raw = csv(table(HOUSES), target="price", features=["age", "rooms"])
    assert inputs(raw) == [[10, 3], [20, 4], [5, 5]]
    assert raw.targets.tolist() == [200.5, 310, 400]


def test_all_other_columns_are_features_by_default(table):
    raw = csv(table("a,b,y\n1,2,0\n3,4,1\n"), target="y")
    assert inputs(raw) == [[1, 2], [3, 4]]
    assert raw.targets.dtype == torch.int64


def test_words_are_classes_in_alphabetical_order(table):
    raw = csv(table(HOUSES), target="town", features=["rooms"])
    assert raw.targets.tolist() == [1, 0, 1]
    assert raw.class_names == ["Bonn", "Ulm"]


def test_numbers_are_classes_where_they_are_called_categories(table):
    raw = csv(table("x,y\n1,30\n2,50\n3,30\n"), target="y", categories=["y"])
    assert raw.targets.tolist() == [0, 1, 0]
    assert raw.class_names == ["30", "50"]


@pytest.mark.parametrize(
    ("positive", "targets", "names"), [(2, [0, 1, 0], ["1", "2"]), ("1", [1, 0, 1], ["2", "1"])]
)
def test_the_positive_class_is_chosen(table, positive, targets, names):
    raw = csv(table("x,y\n1,1\n2,2\n3,1\n"), target="y", positive=positive)
    assert raw.targets.tolist() == targets
    assert raw.class_names == names


def test_several_targets(table):
    raw = csv(table("x,red,blue\n1,0,1\n2,1,1\n"), target=["red", "blue"])
    assert inputs(raw) == [[1], [2]]
    assert raw.targets.tolist() == [[0, 1], [1, 1]]


def test_rows_with_missing_values_can_be_left_out(table):
    raw = csv(table("x,y\n1,2.5\n,3.5\n3,\n4,5.5\n"), target="y", missing="drop")
    assert inputs(raw) == [[1], [4]]
    assert raw.targets.tolist() == [2.5, 5.5]


def test_missing_numbers_become_the_median_of_the_training_rows(table):
    raw = csv(table("x,y\n1,0\n3,1\n,0\n100,1\n"), target="y", missing="fill")
    assert inputs(raw, train=[0, 1, 2]) == [[1], [3], [2], [100]]


def test_categories_of_the_training_rows_become_columns(table):
    text = "town,size,y\nUlm,1,0\nBonn,2,1\n,3,0\nKiel,4,1\n"
    raw = csv(table(text), target="y", categories="auto", missing="fill")
    # size, Bonn, Ulm, missing; Kiel is not among the training rows
    assert inputs(raw, train=[0, 1, 2]) == [[1, 0, 1, 0], [2, 1, 0, 0], [3, 0, 0, 1], [4, 0, 0, 0]]


def test_numbers_that_are_names_are_encoded_on_request(table):
    raw = csv(table("code,y\n10,1\n20,2\n10,3\n"), target="y", categories=["code"])
    assert inputs(raw) == [[1, 0], [0, 1], [1, 0]]


def test_columns_that_are_constant_in_training_are_left_out(table):
    raw = csv(table("x,same,y\n1,7,0\n2,7,1\n3,1e30,0\n"), target="y")
    assert inputs(raw, train=[0, 1]) == [[1], [2], [3]]
    with pytest.raises(UserError, match="no feature of the table varies in the training rows"):
        inputs(csv(table("x,y\n1,0\n1,1\n2,1\n"), target="y"), train=[0, 1])


def test_other_separators_and_files_without_names(table):
    raw = csv(table("1;2,5;0\n3;4,5;1\n"), target="2", read={"sep": ";", "header": None, "decimal": ","})
    assert inputs(raw) == [[1, 2.5], [3, 4.5]]
    assert raw.targets.tolist() == [0, 1]


IDENTIFIERS = "name,y\n" + "".join(f"row{row},{row % 2}\n" for row in range(30))


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (
            HOUSES,
            {"target": "prize"},
            r"no column prize \(did you mean price\?\); its columns are rooms, age",
        ),
        (HOUSES, {"target": "price", "features": ["garden"]}, "task.source.features: .* no column garden"),
        (HOUSES, {"target": "price"}, r"column town must hold numbers, .* line 2, 3, 4.*categories=auto"),
        ("x,y\n1,2\nn/k,3\n4,5\n", {"target": "y"}, r"1 of 3 rows do not: line 3, the first is 'n/k'"),
        ("x,y\n1,2\n,3\n4,\n5,6\n", {"target": "y"}, r"2 of 4 rows have missing values in x, y: line 3, 4;"),
        ("x,y\n1,2\n,3\n4,\n", {"target": "y", "missing": "fill"}, "missing values in y: line 4; leave"),
        ("x,y\n,1\n,2\n", {"target": "y", "missing": "drop"}, "missing=drop leaves none"),
        ("x,y\n1,inf\n2,3\n", {"target": "y"}, r"1 of 2 rows have missing values in y"),
        ("x,y\n1,2\n1e39,3\n", {"target": "y"}, r"column x has numbers beyond 3.4e\+38, .*: line 3"),
        ("x,y\n1,-1e39\n2,3\n", {"target": "y"}, r"column y has numbers beyond"),
        ("x,y\n", {"target": "y"}, "has 0 rows"),
        ("y\n1\n", {"target": "y"}, "0 feature columns"),
        ("", {"target": "y"}, "cannot be read as a CSV file"),
        ("x,x,y\n1,2,3\n", {"target": "y"}, "has several columns named 'x'"),
        (HOUSES, {"target": "price", "features": ["price"]}, "column price is both"),
        (HOUSES, {"target": "price", "missing": "mean"}, "task.source.missing=mean is wrong"),
        (HOUSES, {"target": "price", "categories": ["city"]}, "task.source.categories: .* no column city"),
        (
            HOUSES,
            {"target": "town", "features": ["age"], "positive": "Rome"},
            "no such value in column town, it has Bonn",
        ),
        (HOUSES, {"target": ["price", "age"], "features": ["rooms"], "positive": 1}, "names 2 columns"),
        (
            HOUSES,
            {"target": ["price", "age"], "features": ["rooms"], "categories": ["age"]},
            "names 2 columns",
        ),
        (IDENTIFIERS, {"target": "y", "categories": "auto"}, "names rows, not categories"),
        (HOUSES, {"target": "price", "read": {"separator": ";"}}, "cannot be read as a CSV file"),
        (
            ",".join(f"c{i}" for i in range(1_000_000)) + "\n",
            {"target": "c0"},
            "1,000,000 columns, and at most",
        ),
    ],
)
def test_what_is_wrong_is_named(table, text, options, sentence):
    with pytest.raises(UserError, match=sentence):
        csv(table(text), **options)


def test_a_file_that_is_not_there():
    with pytest.raises(UserError, match=r"task.source.path=nowhere.csv cannot be read .*No such file"):
        csv("nowhere.csv", target="y")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("segmentation", "task.kind=segmentation needs images"),
        (
            "regression",
            "task.kind=regression needs numbers, the table's target column has the classes no, yes",
        ),
        ("multilabel", "with one column per label"),
    ],
)
def test_a_target_of_words_does_not_serve_every_kind(composed, table, kind, sentence):
    path = table("x,y\n" + "1,no\n2,yes\n" * 20)
    settings = composed("task=csv", f"task.kind={kind}", f"task.source.path={path}", "task.source.target=y")
    with pytest.raises(UserError, match=sentence):
        load_task(settings.task, "csv")


def test_fewer_classes_keep_their_rows_of_a_table(composed, table):
    path = table("x,y\n" + "1,a\n2,b\n3,c\n" * 20)
    settings = composed(
        "task=csv", "task.kind=multiclass", "task.num_classes=2", "task.scaling=null",
        f"task.source.path={path}", "task.source.target=y",
    )  # fmt: skip
    train = load_task(settings.task, "csv").splits["train"]
    inputs, targets = train.sample(len(train))
    assert torch.equal(inputs[:, 0], targets + 1.0)


def test_a_table_with_words_and_gaps_is_trained_on(train, table):
    towns = ["Ulm", "Bonn", "Kiel"]
    rows = "".join(
        f"{i % 17 if i % 9 else ''};{towns[i % 3]};{2 * (i % 17) - 5 * (i % 3)}\n" for i in range(200)
    )
    path = table(f"a;town;price\n{rows}")
    record, _ = train(
        "task=csv", "task.kind=regression", f"task.source.path={path}", "task.source.target=price",
        "task.source.categories=auto", "task.source.missing=fill",
        'task.source.read={sep: ";"}', "loss=mse", "trainer.max_epochs=20",
    )  # fmt: skip
    assert record.primary("test") < 3
