#!/usr/bin/env python
"""What losslab costs, as ratios against a plain PyTorch loop and a conventional pipeline, in one process.

    scripts/benchmark.py                      MNIST from $LOSSLAB_DATA, 2 threads, medians of 5
    scripts/benchmark.py --device cuda        the same on a GPU
    scripts/benchmark.py --markdown FILE      also write the tables

Arms alternate, after one round of warming up, so that whatever the machine does meanwhile hits all alike.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from losslab.compose import compose_run
from losslab.hydra_setup import default_data_folder
from losslab.models import build_network
from losslab.run import run
from losslab.tasks import load_task

warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

MODELS = {"mlp": ("784-128-10 MLP, batch 64", 64), "cnn": ("small cnn, batch 256", 256)}


def plain_loop(model: str, batch_size: int, epochs: int, device: torch.device) -> float:
    """A hand-written loop over tensors in memory; seconds of training, without any evaluation."""
    config, choices = compose_run("task=mnist", f"model={model}")
    task = load_task(config["task"], choices["task"])
    inputs, targets = (part.to(device) for part in task.splits["train"].head(len(task.splits["train"])))
    network = build_network(
        config["model"], config["activation"], config["init"], task.input_shape, task.kind.output_features, 0
    ).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    started = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(inputs), device=device)
        for first in range(0, len(inputs), batch_size):
            index = order[first : first + batch_size]
            loss = nn.functional.cross_entropy(network(inputs[index]), targets[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    loss.item()  # waits for the device
    return time.perf_counter() - started


def conventional(model: str, batch_size: int, epochs: int, device: torch.device) -> float:
    """torchvision data set with transforms, DataLoader, Lightning's own optimisation, self.log each step."""
    import pytorch_lightning as pl
    from torch.utils.data import DataLoader, Subset
    from torchvision import datasets, transforms

    config, choices = compose_run("task=mnist", f"model={model}")
    task = load_task(config["task"], choices["task"])
    network = build_network(
        config["model"], config["activation"], config["init"], task.input_shape, task.kind.output_features, 0
    )

    class Classifier(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch, index):
            inputs, targets = batch
            loss = nn.functional.cross_entropy(self.network(inputs), targets)
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=1e-3)

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    data = Subset(
        datasets.MNIST(default_data_folder(), transform=transform), range(len(task.splits["train"]))
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            max_epochs=epochs,
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices=1,
            logger=pl.loggers.TensorBoardLogger(folder),
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        started = time.perf_counter()
        trainer.fit(Classifier(), DataLoader(data, batch_size=batch_size, shuffle=True))
        return time.perf_counter() - started


def losslab_run(
    model: str, batch_size: int, epochs: int, device: torch.device, *overrides: str
) -> dict[str, float]:
    """Timing of a whole run of losslab; "total" has evaluation, TensorBoard and the record in it."""
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    config, choices = compose_run(
        "task=mnist",
        f"model={model}",
        f"trainer.batch_size={batch_size}",
        f"trainer.max_epochs={epochs}",
        f"trainer.accelerator={accelerator}",
        "diagnostics=off",
        *overrides,
    )
    with tempfile.TemporaryDirectory() as folder:
        record = run(config, choices, [], Path(folder))
    assert record.status == "finished"
    return record.timing


def alternate(arms: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Median seconds of each arm over `repeats` rounds, after one round that is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(repeats + 1):
        for name, arm in arms.items():
            seconds = arm()
            if turn:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def house_runs(
    models: list[str], epochs: int, repeats: int, device: torch.device, slow: bool
) -> list[list[str]]:
    rows = []
    for model in models:
        title, batch_size = MODELS[model]
        size = (model, batch_size, epochs, device)
        arms: dict[str, Callable[[], float]] = {
            "plain PyTorch loop": lambda size=size: plain_loop(*size),
            "losslab": lambda size=size: losslab_run(*size)["total"],
            "losslab, diagnostics=default": lambda size=size: losslab_run(*size, "diagnostics=default")[
                "total"
            ],
            "losslab, diagnostics=full": lambda size=size: losslab_run(*size, "diagnostics=full")["total"],
        }
        if slow:
            arms["conventional pipeline"] = lambda size=size: conventional(*size)
        medians = alternate(arms, repeats)
        plain = medians["plain PyTorch loop"]
        rows += [
            [title, name, f"{seconds:.2f}", f"{seconds / plain:.2f}×"] for name, seconds in medians.items()
        ]
    return rows


def parts(epochs: int, repeats: int, device: torch.device) -> list[list[str]]:
    """Where the time of a house run goes."""
    timings = [losslab_run("mlp", 64, epochs, device) for _ in range(repeats)]
    total = statistics.median(timing["total"] for timing in timings)
    names = ["setup", "training", "evaluation"]
    medians = {name: statistics.median(timing[name] for timing in timings) for name in names}
    medians["TensorBoard, record, Lightning's start and end"] = total - sum(medians.values())
    return [[name, f"{seconds:.3f}", f"{100 * seconds / total:.0f} %"] for name, seconds in medians.items()]


def sweeps(runs: int, device: torch.device, processes: list[int]) -> list[list[str]]:
    """A sweep of `runs` one-epoch house runs, serial and in processes, by the installed command."""
    rows = []
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    for count in processes:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *(sys.executable, "-m", "losslab.cli.main", "-m", "task=mnist", "trainer.max_epochs=1"),
                *("loss=cross_entropy,mse", f"seed=range(0,{runs // 2})", f"folder={folder}/sweep"),
                *(f"trainer.accelerator={accelerator}", "diagnostics=off"),
            ]
            if count > 1:
                command += ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={count}"]
            started = time.perf_counter()
            subprocess.run(
                command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )
            seconds = time.perf_counter() - started
            records = [json.loads(path.read_text()) for path in Path(folder).glob("sweep/*/record.json")]
            assert len(records) == runs
        setups = statistics.median(record["timing"]["setup"] for record in records)
        rows.append([str(count), f"{seconds:.1f}", f"{60 * runs / seconds:.1f}", f"{setups:.2f}"])
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


def table(heading: list[str], rows: list[list[str]]) -> str:
    rule = [":---" if place < 1 else "---:" for place in range(len(heading))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heading, rule, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--models", choices=list(MODELS), nargs="+", default=list(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sweep", type=int, default=40, help="runs of the sweep; 0 for none")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-conventional", action="store_true", help="leave out the slowest arm")
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {arguments.threads} threads"
    sections = [
        f"{name}; torch {torch.__version__}, Python {platform.python_version()}; {arguments.epochs} epochs, "
        f"medians of {arguments.repeats}.",
        table(
            ["model", "arm", "seconds", "ratio"],
            house_runs(
                arguments.models,
                arguments.epochs,
                arguments.repeats,
                device,
                not arguments.no_conventional,
            ),
        ),
        "Where a house run's time goes:\n\n"
        + table(["part", "seconds", "share"], parts(arguments.epochs, arguments.repeats, device)),
        f"`losslab --help`: {help_seconds(arguments.repeats):.2f} s",
    ]
    if arguments.sweep:
        rows = sweeps(arguments.sweep, device, arguments.processes)
        heading = ["processes", "seconds", "runs a minute", "set-up of a run (s)", "speed-up"]
        sections.append(f"A sweep of {arguments.sweep} one-epoch runs:\n\n" + table(heading, rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sections.append(f"Peak memory of the benchmark's own process: {peak:.0f} MiB")
    text = "\n\n".join(sections) + "\n"
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)


if __name__ == "__main__":
    main()
