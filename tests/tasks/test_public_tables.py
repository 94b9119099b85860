"""Published tables: from a server on this machine, held to a checksum, split and encoded."""

import hashlib
import json
import urllib.request

import numpy as np
import pytest
from local_server import serving

from losslab.config import catalogue
from losslab.config.compose import compose_run
from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError
from losslab.tasks import load_task
from losslab.tasks.sources.openml import openml
from losslab.tasks.sources.public_table import public_table

CONF = package_folder("conf")
TARGET = "losslab.tasks.sources.public_table.public_table"
PUBLIC = [
    name
    for name in catalogue.names("task", [CONF])
    if catalogue.load("task", name, [CONF])["source"]["_target_"] == TARGET
]
# KEEL's format: attributes first; a word with a gap, a number in quotes as the target
KEEL = b"@relation mine\n@attribute a real\n@data\n" + b"".join(
    f"{row},{'xyz'[row % 3] if row % 5 else '?'},'{1 if row % 4 == 0 else -1}'\n".encode()
    for row in range(80)
)
CHECKSUM = f"sha256:{hashlib.sha256(KEEL).hexdigest()}"
READ = {"names": ["a", "letter", "rare"], "comment": "@", "quotechar": "'", "na_values": ["?"]}
OPTIONS = {"target": "rare", "positive": 1, "categories": "auto", "missing": "fill", "read": READ}


def load(root, url, **changed):
    options = {"file": "mine.dat", "urls": [url], "checksums": [CHECKSUM], "rows": 80, **OPTIONS, **changed}
    return public_table(str(root), **options)


def test_a_table_is_downloaded_once_and_encoded(tmp_path):
    with serving({"/mine.dat": KEEL}) as server:
        for _ in range(2):
            raw = load(tmp_path, f"{server.url}/mine.dat")
        assert len(server.ranges) == 1
    assert int(raw.targets.sum()) == 20
    assert raw.columns.categories["letter"].tolist()[:3] == ["missing", "y", "z"]
    assert (tmp_path / "tabular" / "mine.dat").read_bytes() == KEEL


def test_a_wrong_file_is_refused_wherever_it_comes_from(tmp_path):
    with serving({"/mine.dat": KEEL + b" "}) as server:
        with pytest.raises(UserError, match=r"no data of mine.dat .* the checksum is wrong"):
            load(tmp_path, f"{server.url}/mine.dat")
        (tmp_path / "tabular" / "mine.dat").write_bytes(KEEL[:-5])
        with pytest.raises(UserError, match=r"mine.dat is not the published file, its checksum differs"):
            load(tmp_path, f"{server.url}/mine.dat")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"rows": 81}, "has 80 rows, but task.source.rows=81"),
        ({"target": "rarity"}, r"no column rarity \(did you mean rare\?\)"),
        ({"features": ["b"]}, "task.source.features: .* no column b"),
        ({"positive": 7}, "no such value in column rare, it has -1, 1"),
        ({"categories": None}, "column letter must hold numbers"),
        ({"missing": "error"}, "16 of 80 rows have missing values in letter"),
        ({"missing": "guess"}, "task.source.missing=guess is wrong"),
        ({"read": {**READ, "comment": None}}, "rows, but task.source.rows=80"),
        ({"read": {**READ, "sepp": ","}}, "cannot be read as a CSV file: .*sepp"),
        ({"read": {**READ, "names": ["a", "a", "rare"]}}, "cannot be read as a CSV file: Duplicate names"),
    ],
)
def test_wrong_descriptions_are_named(tmp_path, changed, sentence):
    (tmp_path / "tabular").mkdir()
    (tmp_path / "tabular" / "mine.dat").write_bytes(KEEL)
    with pytest.raises(UserError, match=sentence):
        load(tmp_path, "http://127.0.0.1:1/none", **changed)


def test_there_are_enough_tables_and_each_says_where_it_is_from():
    described = {name: catalogue.description(catalogue.find("task", name, [CONF])) for name in PUBLIC}
    assert all(set(text) == {"what", "source", "licence"} for text in described.values()), described
    kinds = [catalogue.load("task", name, [CONF])["kind"] for name in PUBLIC]
    assert kinds.count("regression") + len(["diabetes", "california_housing"]) >= 10
    assert kinds.count("binary") >= 5


@pytest.mark.real_data
@pytest.mark.parametrize("name", PUBLIC)
def test_real_tables_are_as_described(real_data_dir, name):
    settings = compose_run(f"task={name}").task
    if not (real_data_dir / "tabular" / settings.source.arguments["file"]).exists():
        pytest.skip("this table is not in the folder")
    task = load_task(settings, name)
    assert sum(len(split) for split in task.splits.values()) == settings.source.arguments["rows"]
    if settings.kind == "binary":
        shares = [float(split.sample(len(split))[1].float().mean()) for split in task.splits.values()]
        assert max(shares) - min(shares) < 0.005


def openml_files(table, target="price"):
    """What OpenML answers for table 7: its description, columns, sizes and data, in its own formats."""
    columns = [("rooms", "numeric"), ("town", "nominal"), ("price", "numeric")]
    features = [
        {
            "index": str(index), "name": name, "data_type": kind, "is_target": str(name == target).lower(),
            "is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0",
        }
        for index, (name, kind) in enumerate(columns)
    ]  # fmt: skip
    description = {
        "id": "7", "name": "houses", "version": "1", "description": "", "format": "ARFF", "status": "active",
        "url": "https://www.openml.org/data/v1/download/70/houses.arff", "file_id": "70",
        "md5_checksum": hashlib.md5(table).hexdigest(),
    }  # fmt: skip
    answers = {
        "7": {"data_set_description": description},
        "features/7": {"data_features": {"feature": features}},
        "qualities/7": {"data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "3.0"}]}},
    }
    files = {f"/api/v1/json/data/{path}": json.dumps(answer).encode() for path, answer in answers.items()}
    return files | {"/data/v1/download/70/houses.arff": table}


ARFF = b"""@relation houses
@attribute rooms numeric
@attribute town {Ulm,Bonn}
@attribute price numeric
@data
3,Ulm,200
?,Bonn,310
5,Ulm,400
"""


@pytest.fixture
def openml_server(monkeypatch):
    """Serves what it is given in the place of openml.org."""
    plain = urllib.request.urlopen

    with serving({}) as server:

        def local(request, *arguments, **options):
            return plain(
                f"{server.url}{urllib.request.urlparse(request.full_url).path}", *arguments, **options
            )

        monkeypatch.setattr("sklearn.datasets._openml.urlopen", local)
        monkeypatch.setattr("sklearn.datasets._openml.time.sleep", lambda seconds: None)
        yield server


def test_a_table_of_openml(openml_server, tmp_path):
    openml_server.files.update(openml_files(ARFF))
    for _ in range(2):
        raw = openml(str(tmp_path), data_id=7)
    asked = len(openml_server.ranges)
    assert asked == 4
    assert raw.targets.tolist() == [200, 310, 400]
    encoded = raw.encoded(np_indices(3)).inputs.tolist()
    assert encoded == [[3, 0, 1], [4, 1, 0], [5, 0, 1]]


def np_indices(count):
    import torch

    return torch.from_numpy(np.arange(count))


@pytest.mark.parametrize(
    ("files", "options", "sentence"),
    [
        ({}, {"data_id": 7}, "no OpenML table 7 below .* could not be downloaded"),
        ({}, {"data_id": "houses"}, "task.source.data_id=houses is wrong"),
        ({}, {"data_id": True}, "task.source.data_id=True is wrong"),
        (
            openml_files(ARFF, target=""),
            {"data_id": 7},
            "names no target: set task.source.target to one of rooms",
        ),
        (openml_files(ARFF), {"data_id": 7, "target": "rent"}, "could not be downloaded"),
        (openml_files(ARFF), {"data_id": 7, "features": ["garden"]}, "no column garden"),
        (openml_files(ARFF), {"data_id": 7, "missing": "error"}, "1 of 3 rows have missing values in rooms"),
        (openml_files(ARFF), {"data_id": 7, "positive": 9}, "no such value in column price"),
        (openml_files(ARFF), {"data_id": 7, "categories": None}, "column town must hold numbers"),
        (
            {**openml_files(ARFF), "/data/v1/download/70/houses.arff": ARFF[:-4]},
            {"data_id": 7},
            "could not be downloaded .*md5",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid cache", "ignore:A network error")
def test_what_is_wrong_with_an_openml_table_is_named(openml_server, tmp_path, files, options, sentence):
    openml_server.files.update(files)
    with pytest.raises(UserError, match=sentence):
        openml(str(tmp_path), **options)
