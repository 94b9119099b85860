"""The bins of confidence that a record keeps: by hand, and beside the calibration error that they explain."""

import json

import pytest
import torch

from fabricated_records import fabricate, write
from losslab import records
from losslab.tasks.kinds.binary import Binary
from losslab.tasks.kinds.multiclass import Multiclass
from losslab.tasks.kinds.regression import Regression
from losslab.train.reliability import in_bins, reliability

OUTPUTS = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
CLASSES = torch.randint(0, 4, (500,), generator=torch.Generator().manual_seed(1))


def test_bins_by_hand():
    confidences = torch.tensor([0.1, 0.2, 0.25, 0.9, 1.0], dtype=torch.float64)
    right = torch.tensor([1, 0, 0, 0, 1])
    # edges 0, 1/4, 1/2, 3/4, 1: 0.25 lies in the upper bin, 1 in the last
    found = in_bins(confidences, right, 4)
    assert found["counts"] == [2, 1, 0, 2]
    assert found["confidence"] == [pytest.approx(0.15), 0.25, None, pytest.approx(0.95)]
    assert found["accuracy"] == [0.5, 0.0, None, 0.5]


@pytest.mark.parametrize(
    ("kind", "outputs", "targets"),
    [(Multiclass(4), 3 * OUTPUTS, CLASSES), (Binary(), 3 * OUTPUTS[:, :1], CLASSES % 2)],
)
def test_the_calibration_error_follows_from_them(kind, outputs, targets):
    metrics = kind.metrics(final=True)
    for part in range(0, 500, 100):
        metrics.update(outputs[part : part + 100], targets[part : part + 100])
    error = metrics.compute()["expected_calibration_error"]
    found = reliability(metrics)
    occupied = [place for place, n in enumerate(found["counts"]) if n]
    assert len(found["counts"]) == 15
    assert sum(found["counts"]) == 500
    gaps = [found["counts"][at] * abs(found["accuracy"][at] - found["confidence"][at]) for at in occupied]
    assert sum(gaps) / 500 == pytest.approx(error.item(), abs=1e-5)


def test_values_have_none():
    assert reliability(Regression(1).metrics(final=True)) is None


def test_a_record_keeps_them_and_may_lack_them(tmp_path):
    bins = in_bins(torch.tensor([0.1, 0.9]), torch.tensor([0, 1]), 15)
    kept = records.load(write(fabricate(reliability={"test": bins}), tmp_path / "with"))
    assert kept.reliability["test"] == bins
    path = write(fabricate(), tmp_path / "without") / records.RECORD_FILE
    content = json.loads(path.read_text())
    del content["reliability"]
    path.write_text(json.dumps(content))
    assert records.load(path.parent).reliability == {}
