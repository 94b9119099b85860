"""The reliability diagram of a claim's page: only where predictions are about calibration."""

from fabricated_records import fabricate, write
from fabricated_verdicts import arm, metric, prediction, verdict
from losslab.report.claims.html import view
from losslab.report.claims.reliability import reliability_pictures

BINS = {"counts": [0, 1, 3], "confidence": [None, 0.4, 0.9], "accuracy": [None, 1.0, 1.0]}
MEASURED = "test expected calibration error"


def calibrated(tmp_path, measured=MEASURED, **kept):
    write(fabricate("mse", 0, **kept), tmp_path / "reporting" / "mse")
    metrics = {"accuracy": metric(0.9), "expected_calibration_error": metric(0.123, measured=MEASURED)}
    one = arm(metrics=metrics, runs=["reporting/mse", "reporting/gone"])
    return verdict(arms=[one], predictions=[prediction(measured=measured)])


def test_a_claim_about_calibration_has_one_with_the_error(tmp_path):
    some = calibrated(tmp_path, reliability={"test": BINS})
    (picture,) = reliability_pictures(some, tmp_path)
    assert picture.caption.endswith("calibration error: mse 0.123")
    assert "--series-0" in picture.svg
    assert view(some, tmp_path).reliability == [picture]


def test_other_claims_and_older_runs_have_none(tmp_path):
    other = calibrated(tmp_path / "other", measured="test accuracy", reliability={"test": BINS})
    assert reliability_pictures(other, tmp_path / "other") == []
    assert reliability_pictures(calibrated(tmp_path / "older"), tmp_path / "older") == []
