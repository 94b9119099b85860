#!/usr/bin/env python
"""What losslab costs, relative to a plain PyTorch loop and to a conventional pipeline.

    scripts/benchmark.py --markdown docs/benchmarks.md    the tables of the documentation, 10 to 16 minutes
    scripts/benchmark.py --decision --claims ...          and the time to a decision, and of all quick claims
    scripts/benchmark.py --small                          one short round on small data: does it still work?
    scripts/benchmark.py --device cuda --processes 1 4 8  on a GPU, sweeps sharing the card

Needs MNIST in $LOSSLAB_DATA, but for --small. Arms, in benchmark_arms.py, alternate after one round of
warming up, so that whatever the machine does meanwhile hits all alike. Of FILE only what stands between its
two markers is replaced.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from benchmark_arms import (
    CASES,
    DIAGNOSTICS_OFF,
    Case,
    conventional,
    losslab_run,
    patched,
    plain_loop,
    without_records,
    without_tensorboard,
)
from benchmark_decision import claims, decision
from benchmark_tables import table
from peak_memory import PeakMemory

from losslab.records.environment import processor_name
from losslab.sweep.launchers import free_earlier_runs

warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PLAIN, CONVENTIONAL = "plain PyTorch loop, only training", "conventional pipeline, only training"
FAIR = "plain PyTorch loop with the same evaluations"
# Against the plain loop that evaluates as well.
AIMS = {"losslab, diagnostics=off pictures=null": 1.10, "losslab (diagnostics=default, pictures)": 1.25}
LOSSLAB_ARMS = {
    "losslab, diagnostics=off pictures=null": DIAGNOSTICS_OFF,
    "losslab (diagnostics=default, pictures)": (),
    "losslab, diagnostics=full": ("diagnostics=full",),
}


def start_up(case: Case, device: torch.device, repeats: int) -> float:
    """Seconds from the start of a later run to its first optimiser step, including the first evaluation."""
    reached: list[float] = []
    step = torch.optim.Adam.step

    def noted(self: Any, *arguments: Any) -> Any:
        reached.append(time.perf_counter())
        return step(self, *arguments)

    waits = []
    with patched(torch.optim.Adam, "step", noted):
        for _ in range(repeats + 1):
            reached.clear()
            started = time.perf_counter()
            free_earlier_runs()
            losslab_run(dataclasses.replace(case, epochs=1), device)
            waits.append(reached[0] - started)
    return statistics.median(waits[1:])


def alternate(arms: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each arm in `repeats` alternating rounds, ascending, after one discarded round."""
    times: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(repeats + 1):
        for name, arm in arms.items():
            seconds = arm()
            if turn:
                times[name].append(seconds)
    return {name: sorted(values) for name, values in times.items()}


def seconds_of(values: list[float]) -> list[str]:
    """Minimum and median as cells."""
    return [f"{values[0]:.2f}", f"{statistics.median(values):.2f}"]


def house_runs(cases: list[Case], repeats: int, device: torch.device, slow: bool) -> list[list[str]]:
    rows = []
    for case in cases:
        arms: dict[str, Callable[[], float]] = {
            PLAIN: lambda case=case: plain_loop(case, device),
            FAIR: lambda case=case: plain_loop(case, device, evaluates=True),
        }
        for name, overrides in LOSSLAB_ARMS.items():
            if case.batch_size < 256 or name != "losslab, diagnostics=full":  # saves a minute per round
                arms[name] = lambda case=case, own=overrides: losslab_run(case, device, *own)["total"]
        if slow and case.has_conventional:
            arms[CONVENTIONAL] = lambda case=case: conventional(case, device)
        times = alternate(arms, repeats)
        medians = {name: statistics.median(values) for name, values in times.items()}
        for name, values in times.items():
            ratio = medians[name] / medians[FAIR]
            aim = f"{AIMS[name]:.2f}×: {'met' if ratio <= AIMS[name] else 'missed'}" if name in AIMS else ""
            against_plain = f"{medians[name] / medians[PLAIN]:.2f}×"
            rows.append([case.title, name, *seconds_of(values), against_plain, f"{ratio:.2f}×", aim])
    return rows


def costs(case: Case, repeats: int, device: torch.device) -> list[list[str]]:
    """What TensorBoard, records, pictures and diagnostics add to a bare run."""
    times = alternate(
        {
            "bare": lambda: losslab_run(case, device, *DIAGNOSTICS_OFF)["total"],
            "without TensorBoard": lambda: without_tensorboard(case, device),
            "without record.json and curves.csv": lambda: without_records(case, device),
            "with pictures": lambda: losslab_run(case, device, "diagnostics=off")["total"],
            "with diagnostics=default, no pictures": lambda: losslab_run(case, device, "pictures=null")[
                "total"
            ],
        },
        repeats,
    )
    return [
        [
            name,
            *seconds_of(values),
            f"{statistics.median(values) - statistics.median(times['bare']):+.2f}",
        ]
        for name, values in times.items()
    ]


def threads(repeats: int, small: bool) -> list[list[str]]:
    """Milliseconds of a training step with one thread and one a core, alone and beside as many busy loops."""
    cores = os.cpu_count() or 1
    program = [sys.executable, str(Path(__file__).with_name("benchmark_threads.py"))]
    waiting: dict[str, dict[str, str]] = {
        "spinning (OpenMP's default)": {},
        "sleeping (losslab's)": {"OMP_WAIT_POLICY": "PASSIVE"},
    }
    found: dict[tuple[str, int, str, int], list[float]] = {}
    for _ in range(1 if small else repeats):
        for loops in (0,) if small else (0, cores):
            busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
            try:
                for words, policy in list(waiting.items())[small:]:
                    seconds = "0.2" if small else "2"
                    own = {key: value for key, value in os.environ.items() if not key.startswith("OMP_")}
                    environment = {**own, **policy}
                    done = subprocess.run(
                        [*program, seconds, str(cores)], env=environment, check=True, capture_output=True
                    )
                    for case, count, milliseconds in json.loads(done.stdout.splitlines()[-1]):
                        where = "1" if count == 1 else f"{count}, {words}"
                        found.setdefault((case, loops, where, count), []).append(milliseconds)
            finally:
                for process in busy:
                    process.kill()
    rows = []
    for (case, loops, where, _), values in sorted(found.items(), key=lambda item: item[0][:2]):
        one = statistics.median(found[case, loops, "1", 1])
        middle = statistics.median(values)
        rows.append([case, str(loops), where, f"{min(values):.2f}", f"{middle:.2f}", f"{middle / one:.2f}×"])
    return rows


def parts(case: Case, repeats: int, device: torch.device) -> list[list[str]]:
    """How a bare run spends its time."""
    timings = [losslab_run(case, device, *DIAGNOSTICS_OFF) for _ in range(repeats)]
    total = statistics.median(timing["total"] for timing in timings)
    names = ["setup", "training", "evaluation"]
    medians = {name: statistics.median(timing[name] for timing in timings) for name in names}
    medians["final metrics, TensorBoard, record, Lightning's start and end"] = total - sum(medians.values())
    return [[name, f"{seconds:.3f}", f"{100 * seconds / total:.0f} %"] for name, seconds in medians.items()]


def sweeps(runs: int, case: Case, device: torch.device, processes: list[int]) -> list[list[str]]:
    """A sweep of `runs` house runs, serial and in processes, by the installed command."""
    rows = []
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    for count in processes:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *(sys.executable, "-m", "losslab.cli.main", "-m", *case.overrides),
                *("loss=cross_entropy,mse", f"seed=range(0,{runs // 2})", f"folder={folder}/sweep"),
                f"trainer.max_epochs={case.epochs}",
                *(f"trainer.accelerator={accelerator}", *DIAGNOSTICS_OFF),
            ]
            if count > 1:
                command += ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={count}"]
            started = time.perf_counter()
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )
            memory = PeakMemory(process.pid)
            assert process.wait() == 0
            seconds = time.perf_counter() - started
            peak = memory.stop()
            left = [json.loads(path.read_text()) for path in Path(folder).glob("sweep/*/record.json")]
            assert len(left) == runs
        rows.append([str(count), f"{seconds:.1f}", f"{60 * runs / seconds:.1f}", f"{peak:.0f}"])
    first = float(rows[0][1])
    return [[*row, f"{first / float(row[1]):.2f}×"] for row in rows]


def help_seconds(repeats: int) -> float:
    command = [sys.executable, "-m", "losslab.cli.main", "--help"]

    def once() -> float:
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started

    once()
    return statistics.median(once() for _ in range(repeats))


def measured(arguments: argparse.Namespace) -> str:
    """All tables, and what they were measured on."""
    device = torch.device(arguments.device)
    repeats = arguments.repeats
    cases = [CASES[name] for name in arguments.cases]
    if arguments.small:
        cases = [case.shortened() for case in cases]
    house = cases[0]
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU ({processor_name()})"
    sections = [
        f"{name}, {arguments.threads} of {os.cpu_count()} cores; torch {torch.__version__}, "
        f"Python {platform.python_version()}; medians of {repeats}. Command: "
        f"`scripts/benchmark.py {' '.join(sys.argv[1:])}`.".replace(" `.", "`."),
        "### One run\n\n"
        + table(
            ["case", "arm", "min s", "median s", "to only training", "to the same evaluations", "aim"],
            house_runs(cases, repeats, device, not arguments.no_conventional),
        ),
    ]
    if arguments.only_runs:
        return "\n\n".join(sections) + "\n"
    sections += [
        f"### Where a bare run's time goes\n\n{house.title}\n\n"
        + table(["part", "seconds", "share"], parts(house, repeats, device)),
        "### What is added to a bare run\n\n"
        + table(["run", "min s", "median s", "difference"], costs(house, repeats, device)),
        "### Start\n\n"
        + table(
            ["what", "seconds"],
            [
                [
                    "later run of a sweep, to its first optimiser step",
                    f"{start_up(house, device, repeats):.2f}",
                ],
                ["`losslab --help`", f"{help_seconds(repeats):.2f}"],
            ],
        ),
        "### Threads of one process\n\nMilliseconds of a training step, alone and beside busy loops.\n\n"
        + table(
            ["case", "busy loops", "threads", "min ms", "median ms", "to one thread"],
            threads(min(repeats, 3), arguments.small),
        ),
    ]
    if arguments.sweep:
        heading = ["processes", "seconds", "runs a minute", "peak MiB of all processes", "speed-up"]
        sections.append(
            f"### A sweep of {arguments.sweep} house runs, epochs each: {house.epochs}\n\n"
            + table(heading, sweeps(arguments.sweep, house, device, arguments.processes))
        )
    if arguments.decision:
        sections.append(decision(arguments.small, device))
    if arguments.claims:
        sections.append(claims())
    return "\n\n".join(sections) + "\n"


def put(text: str, path: Path) -> None:
    """Replace the part between the markers of `path`; a new file gets the markers first."""
    page = path.read_text() if path.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    if BEGIN not in page or END not in page:
        sys.exit(f"{path} has no {BEGIN} and {END}: add them where the tables belong")
    before, rest = page.split(BEGIN, 1)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{rest.split(END, 1)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--cases", choices=list(CASES), nargs="+", default=list(CASES))
    parser.add_argument("--threads", type=int, default=1, help="of each run; losslab's default is 1")
    parser.add_argument("--only-runs", action="store_true", help="only the first table")
    parser.add_argument("--decision", action="store_true", help="also the time to a decision, up to an hour")
    parser.add_argument("--claims", action="store_true", help="also all claims of --quick")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sweep", type=int, default=40, help="runs of the sweep, even; 0 for none")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-conventional", action="store_true", help="leave out the slowest arm")
    parser.add_argument(
        "--small",
        action="store_true",
        help="on digits, one round, one epoch, four runs: not for figures",
    )
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    if arguments.small:
        arguments.repeats, arguments.sweep = 1, min(arguments.sweep, 4)
    torch.set_num_threads(arguments.threads)
    text = measured(arguments)
    print(text)
    if arguments.markdown:
        put(text, arguments.markdown)


if __name__ == "__main__":
    main()
