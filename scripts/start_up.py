"""How long commands take to start and answer: `scripts/start_up.py [SRC ...]` prints a table.

SRC are the `src` folders of checkouts, this one's by default; their commands take turns. Processor
seconds depend less on what else the machine does than wall-clock seconds. Not for Windows.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 5
RUN = ["task=digits", "trainer.max_epochs=1", "quiet=true"]
COMMANDS = {
    "one epoch on digits": ("losslab.cli.main", [*RUN, "folder=run{count}"]),
    "the same without pictures": ("losslab.cli.main", [*RUN, "pictures=null", "folder=bare{count}"]),
    "`losslab-report` of one run": ("losslab.cli.report", ["run1"]),
    "`losslab-judge` of 20 results": ("losslab.cli.judge_table", ["results.csv", "--metric", "accuracy"]),
    "`losslab optimizer.lr=-1`": ("losslab.cli.main", ["optimizer.lr=-1"]),
    "`losslab -m loss=mse,msee`": ("losslab.cli.main", ["-m", "loss=mse,msee"]),
    "`losslab --help`": ("losslab.cli.main", ["--help"]),
}
RESULTS = "arm,seed,accuracy\n" + "".join(
    f"{arm},{seed},{mean + 0.001 * (seed * 7 % 10)}\n"
    for arm, mean in (("mse", 0.93), ("l1", 0.95))
    for seed in range(10)
)


def seconds(source: Path, module: str, arguments: list[str], folder: str) -> tuple[float, float]:
    """(processor time, wall-clock time) of one command in a new process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {
        **os.environ,
        "PYTHONPATH": str(source),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    sources = [Path(argument).absolute() for argument in sys.argv[1:]] or [Path(__file__).parents[1] / "src"]
    print("| command | " + " | ".join(f"{source.parent.name}: processor, wall" for source in sources) + " |")
    print("| :--- |" + " ---: |" * len(sources))
    with tempfile.TemporaryDirectory() as made:
        folders = [str(Path(made) / str(number)) for number in range(len(sources))]
        for folder in folders:
            Path(folder).mkdir()
            (Path(folder) / "results.csv").write_text(RESULTS)
        for title, (module, arguments) in COMMANDS.items():
            taken: list[list[tuple[float, float]]] = [[] for _ in sources]
            for count in range(1, REPEATS + 1):
                for source, folder, times in zip(sources, folders, taken, strict=True):
                    given = [argument.format(count=count) for argument in arguments]
                    times.append(seconds(source, module, given, folder))
            cells = [
                ", ".join(f"{statistics.median(values):.1f}" for values in zip(*times, strict=True))
                for times in taken
            ]
            print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
