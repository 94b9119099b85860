"""What `import losslab` offers, and what it costs."""

import subprocess
import sys

import pytest

import losslab


def test_importing_is_cheap_and_judging_needs_no_torch(tmp_path):
    code = (
        "import sys, losslab; assert 'numpy' not in sys.modules; losslab.judge; "
        "from losslab.cli.judge_table import main; status = main(sys.argv[1:]); "
        "assert not {'torch', 'hydra', 'pydantic', 'matplotlib'} & set(sys.modules); sys.exit(status)"
    )
    table = tmp_path / "results.csv"
    rows = [
        f"{arm},{seed},{0.9 + 0.05 * (arm == 'ce') + 0.0001 * seed}"
        for arm in ("ce", "l1")
        for seed in range(100)
    ]
    table.write_text("\n".join(["arm,seed,accuracy", *rows]))
    command = [sys.executable, "-c", code, str(table), "--metric", "accuracy", "--margin", "0.01"]
    found = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert found.stdout.startswith("l1 is worse than ce by 0.05")


def test_public_names_are_listed_and_there():
    assert {"judge", "check", "parametrize_with_checks"} <= set(dir(losslab))
    assert losslab.check.__module__ == "losslab.soundness.check"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'jugde'"):
        _ = losslab.jugde
