"""torchmetrics with stand-ins for optional libraries: quicker to import, and everything in it still works."""

from __future__ import annotations

import subprocess
import sys

USED = """
import sys
import losslab.support._torchmetrics as quick
quick.import_quickly()
imported = {name for name in quick.POSTPONED if name in sys.modules}
assert not imported, imported

import torch
from torchmetrics.classification import BinaryConfusionMatrix
from torchmetrics.functional.detection import intersection_over_union
matrix = BinaryConfusionMatrix()
matrix.update(torch.tensor([1, 0]), torch.tensor([1, 1]))
figure, _ = matrix.plot()
assert type(figure) is sys.modules["matplotlib.figure"].Figure
box = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
assert intersection_over_union(box, box) == 1
import scipy.signal
assert len(scipy.signal.windows.hamming(3)) == 3
"""

# As another version of torchmetrics might: it computes with what it imports, which a stand-in cannot do.
REFUSED = """
import pathlib, sys
pathlib.Path("torchmetrics.py").write_text("import torchvision; version = torchvision.__version__ + ' found'")
pathlib.Path("torchvision.py").write_text("__version__ = '9'")
pathlib.Path("torch.py").write_text("")
sys.path.insert(0, "")
import losslab.support._torchmetrics as quick
quick.import_quickly()
assert sys.modules["torchmetrics"].version == "9 found"
"""


def test_what_is_postponed_is_imported_when_it_is_used(tmp_path):
    subprocess.run([sys.executable, "-c", USED], cwd=tmp_path, check=True, timeout=120)


def test_another_torchmetrics_is_imported_as_usual(tmp_path):
    subprocess.run([sys.executable, "-c", REFUSED], cwd=tmp_path, check=True, timeout=60)
