"""What `import losslab` offers, and what it costs."""

import subprocess
import sys

import pytest

import losslab


def test_importing_is_cheap_and_judging_needs_no_torch():
    code = (
        "import sys, losslab; assert 'numpy' not in sys.modules; losslab.judge; "
        "assert not {'torch', 'hydra', 'pydantic', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'jugde'"):
        _ = losslab.jugde
