"""What a run ran on: versions, device, threads, git revision, command. Part of the record."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import torch

import losslab
from losslab.records.record import Checkout, Environment

_PACKAGES = (
    "torch",
    "torchvision",
    "pytorch-lightning",
    "hydra-core",
    "torchmetrics",
    "monai",
    "numpy",
    "scikit-learn",
)
# They change the arithmetic or its order.
_VARIABLES = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG", "CUDA_VISIBLE_DEVICES"),
    *("NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "MKL_CBWR", "ATEN_CPU_CAPABILITY"),
)


def describe(device: torch.device) -> Environment:
    """What this process runs on, with `device`."""
    on_gpu = device.type == "cuda"
    return Environment(
        losslab=losslab.__version__,
        python=platform.python_version(),
        packages=_versions(),
        platform=platform.platform(),
        device=_device_name(device),
        threads=torch.get_num_threads(),
        cuda=torch.version.cuda if on_gpu else None,
        cudnn=torch.backends.cudnn.version() if on_gpu else None,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        variables={name: os.environ[name] for name in _VARIABLES if name in os.environ},
        git=_git(Path(__file__).parent),
        git_working_folder=_git(Path.cwd()),
        command=[Path(sys.argv[0]).name, *sys.argv[1:]],
    )


@functools.cache
def _versions() -> dict[str, str]:
    return {package: metadata.version(package) for package in _PACKAGES}


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return f"{device.type}: {processor_name()}"


@functools.cache
def processor_name() -> str:
    """The CPU's model as Linux reports it, else as Python does: it can change the last digits."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


@functools.cache
def _git(folder: Path) -> Checkout | None:
    """Revision of the checkout that contains `folder`, and whether it is dirty; None outside a checkout."""
    try:
        revision = _run_git(folder, "rev-parse", "HEAD")
        return {"revision": revision, "dirty": bool(_run_git(folder, "status", "--porcelain", "-uno"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _run_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
