"""How the commands run many runs: an ordinary sweep ends with the comparison, a claim with its verdict.

Hydra's sweeper and `losslab-reproduce` call it with a composed config and a `Setup`.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from losslab import records
from losslab.claims import on_record
from losslab.claims.catalogue import claim_file
from losslab.claims.conduct import conduct_claim
from losslab.claims.study import Study
from losslab.comparison.comparison import compare
from losslab.config import settings
from losslab.config.overrides import first_sweep
from losslab.config.settings import DecideSettings
from losslab.errors import RunsFailed, UserError
from losslab.records.plan import Judging
from losslab.report.claims.console import print_on_record, print_verdict
from losslab.report.claims.exports import write_exports
from losslab.report.comparison import summarise
from losslab.sweep.conduct import Setup, conduct
from losslab.sweep.until_decided import until_decided

# Those of a claim's overrides that say where and how runs are made, and do not change them.
_NOT_REPEATED = {"experiment", "folder", "quick", "quiet", "retry_failed", "fail_fast", "data_dir"}


def run_sweep(batch: Sequence[Sequence[str]], folder: Path, setup: Setup, decide: DecideSettings) -> None:
    """Makes all runs that `folder` lacks, then compares all of them, also after an interruption.

    With a margin, and if the batch does not set the seeds, seeds are added in stages until every arm is
    decided.

    Raises RunsFailed, at the end, if runs failed or records in `folder` cannot be read.
    """
    seeds_given = any(override.startswith("seed=") for overrides in batch for override in overrides)
    in_stages = decide.margin is not None and not seeds_given
    judging = Judging(
        margin=None if decide.margin is None else str(decide.margin),
        reference=decide.reference,
        stages=decide.stages if in_stages else [],
    )
    setup = dataclasses.replace(setup, judging=judging)

    unreadable = ""

    def ending(folder: Path) -> None:
        nonlocal unreadable
        if records.find([folder]):
            unreadable = summarise(folder, setup.console).unreadable()

    if in_stages:
        failed = until_decided(batch, folder, setup, decide.stages, lambda: compare([folder]), ending)
    else:
        failed = conduct(batch, folder, setup, ending=ending).failed
    if failed:
        raise failed
    if unreadable:
        raise RunsFailed(unreadable)


def run_claim(
    cfg: DictConfig, given: Sequence[str], folder: Path, setup: Setup, config_dir: Path | None
) -> None:
    """Makes all runs of the claim `cfg.claim` that `folder` lacks, judges them, and prints the verdict.

    Args:
        given: the overrides that `cfg` was composed from; every run has them.
        config_dir: the folder of `--config-dir`.

        Raises RunsFailed, at the end, if runs failed.
    """
    refuse_sweeps(given)
    name = str(cfg.hydra.runtime.choices.experiment)
    plain = OmegaConf.to_container(cfg.claim, resolve=True)
    study = Study(name, plain, settings.read_command(cfg).quick, given, folder, claim_file(name, config_dir))
    verdict, failed = conduct_claim(study, setup, _command(study, given, config_dir))
    print_verdict(verdict, setup.console)
    write_exports(verdict, folder)
    if study.quick:
        print_on_record(on_record.load().get(name), setup.console)
    if failed:
        raise failed


def refuse_sweeps(given: Sequence[str]) -> None:
    """Raises UserError if an override for a claim has several values."""
    if sweeping := first_sweep(given):
        raise UserError(
            f"{sweeping} sweeps, but a claim says itself what it compares: "
            "give one value, or write your own claim"
        )


def _command(study: Study, given: Sequence[str], config_dir: Path | None) -> str:
    """The command that repeats the verdict, in any folder."""
    words = ["losslab-reproduce", study.name, *(["--quick"] if study.quick else [])]
    if config_dir is not None:
        words += ["--config-dir", str(config_dir)]
    for override in given:
        if override.lstrip("+").partition("=")[0] not in _NOT_REPEATED:
            words += ["--override", override]
    return shlex.join(words)
