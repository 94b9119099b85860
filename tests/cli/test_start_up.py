"""Commands that train nothing answer without the seconds that importing torch takes."""

from __future__ import annotations

import json
import subprocess
import sys

from fabricated_records import fabricate, write_all

TRAINING = {"torch", "pytorch_lightning", "torchmetrics", "torchvision", "sklearn", "monai", "transformers"}
DRAWING = {"matplotlib", "PIL", "tensorboard"}
STATISTICS = {"scipy", "pandas", "numpy"}

# Each command in turn, in one process: what it imports stays, so those that may import least come first.
COMMANDS = [
    ("losslab.cli.main", ["optimizer.lrr=1"], 2, TRAINING | DRAWING | STATISTICS),
    ("losslab.cli.main", ["--help"], 0, TRAINING | DRAWING | STATISTICS),
    ("losslab.cli.report", ["--help"], 0, TRAINING | DRAWING | STATISTICS),
    ("losslab.cli.reproduce", ["--help"], 0, TRAINING | DRAWING | STATISTICS),
    ("losslab.cli.check", ["--help"], 0, TRAINING | DRAWING | STATISTICS),
    ("losslab.cli.main", ["optimizer.lr=-1"], 2, TRAINING | DRAWING),
    ("losslab.cli.report", ["nowhere"], 2, TRAINING | DRAWING),
    ("losslab.cli.main", ["-m", "loss=mse,msee"], 2, TRAINING | DRAWING),
    ("losslab.cli.reproduce", ["--list"], 0, TRAINING | DRAWING),
    ("losslab.cli.report", ["sweep"], 0, TRAINING),
]
RUN = """
import importlib, json, sys
found = []
for module, arguments in json.loads(sys.argv[1]):
    sys.argv = ["losslab", *arguments]
    try:
        status = importlib.import_module(module).main()
    except SystemExit as ended:
        status = ended.code
    found.append([status or 0, sorted(name for name in sys.modules if "." not in name)])
print("\\n" + json.dumps(found))
"""


def test_a_command_that_trains_nothing_imports_nothing_that_trains(tmp_path):
    write_all([fabricate(loss, seed, 0.8) for loss in ("mse", "l1") for seed in (0, 1)], tmp_path / "sweep")
    asked = json.dumps([(module, arguments) for module, arguments, _, _ in COMMANDS])
    process = [sys.executable, "-c", RUN, asked]
    ended = subprocess.run(process, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(ended.stdout.splitlines()[-1])
    for (module, arguments, status, unwanted), (ended_with, imported) in zip(COMMANDS, found, strict=True):
        assert (ended_with, unwanted & set(imported)) == (status, set()), (module, arguments, ended.stderr)
