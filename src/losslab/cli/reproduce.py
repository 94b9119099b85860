"""`losslab-reproduce` and `losslab.reproduce`: runs what claims still lack, and gives verdicts. Only loops.

Each claim runs as with `losslab -m +experiment=CLAIM` (`losslab/cli/sweeps.py`), in worker processes.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from losslab.support.terminal import forgive_output

if TYPE_CHECKING:
    from losslab.claims.schema import Claim
    from losslab.claims.verdict import Verdict
    from losslab.errors import UserError
    from losslab.sweep.progress import Overall

STARTING_SECONDS = 3.0  # of a batch of runs, tuning or reporting: its processes import torch and load data


def reproduce(
    names: str | Sequence[str],
    *,
    folder: str | Path | None = None,
    quick: bool = False,
    jobs: int | None = None,
    config_dir: str | Path | None = None,
    overrides: Sequence[str] = (),
) -> dict[str, Verdict]:
    """Makes the runs that claims still lack and judges them, as the command `losslab-reproduce` does.

    Args:
        names: of one or several claims; `losslab-reproduce --list` shows them.
        folder: by default claims, with `quick` claims-quick. It holds the runs; the next call makes only what
            is missing there. The report is FOLDER/report/index.html.
        quick: embedded data and few seeds: a first look, not a verdict to quote.
        jobs: how many runs at a time, in processes of their own; by default one a core.
        config_dir: a folder with claims of your own, experiment/NAME.yaml.
        overrides: KEY=VALUE, into every run.

    Returns name -> verdict: `verdict.outcome` is the word, `verdict.answer` the sentence.

    Raises UserError for a claim that does not exist or cannot be run, and RunsFailed, a UserError, if runs
    failed: the first error, after the other claims. Their verdicts are kept in `folder`.

    Examples:
        >>> losslab.reproduce("softmax_before_cross_entropy", quick=True)
    """
    from losslab.claims.catalogue import claims

    arguments = argparse.Namespace(
        claims=[names] if isinstance(names, str) else list(names),
        all=False,
        folder=Path(folder or _default_folder(quick)),
        quick=quick,
        jobs=jobs or _cores(),
        retry_failed=False,
        config_dir=None if config_dir is None else Path(config_dir),
        overrides=list(overrides),
    )
    wrong: dict[str, UserError] = {}
    known = claims(arguments.config_dir, wrong)
    chosen = _chosen(arguments, [*known, *wrong])
    failed = {name: wrong[name] for name in chosen if name in wrong}
    runnable = [name for name in chosen if name in known]
    verdicts = _conduct(known, runnable, arguments, failed.__setitem__)
    for error in failed.values():
        raise error
    return verdicts


def main(argv: list[str] | None = None) -> int:
    """The command's exit status: 0, 1 if runs failed, 2 after one sentence about bad input."""
    forgive_output()
    arguments = _parser().parse_args(argv)
    arguments.folder = arguments.folder or Path(_default_folder(arguments.quick))
    # heavy imports come after parsing, so that --help answers at once
    from losslab.claims.catalogue import claims
    from losslab.errors import UserError

    try:
        wrong: dict[str, UserError] = {}
        known = claims(arguments.config_dir, wrong)
        chosen = [] if arguments.list else _chosen(arguments, [*known, *wrong])
        for name in chosen if arguments.claims else wrong:
            if name in wrong:
                print(f"losslab-reproduce: {name}: {wrong[name]}", file=sys.stderr)
        names = [name for name in chosen if name in known]
        if arguments.list:
            status = _list(known)
        elif arguments.dry_run:
            status = _estimate({name: known[name] for name in names}, arguments)
        else:
            status = _reproduce(known, names, arguments) if names else 0
        skipped = wrong if arguments.all or arguments.list else wrong.keys() & set(chosen)
        return max(status, UserError.exit_status if skipped else 0)
    except UserError as error:
        print(f"losslab-reproduce: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("losslab-reproduce: interrupted: what was finished is kept", file=sys.stderr)
        return 130


def _reproduce(known: dict[str, Claim], names: list[str], arguments: argparse.Namespace) -> int:
    status = 0

    def failed(name: str, error: UserError) -> None:
        nonlocal status
        print(f"losslab-reproduce: {name}: {error}", file=sys.stderr)
        status = max(status, error.exit_status)

    _conduct(known, names, arguments, failed)
    return status


def _conduct(
    known: dict[str, Claim],
    names: list[str],
    arguments: argparse.Namespace,
    failed: Callable[[str, UserError], None],
) -> dict[str, Verdict]:
    """One claim after the other, each with parallel runs; one that cannot be run does not stop the others."""
    from losslab.claims.stages import count
    from losslab.claims.verdict import VERDICT_FILE, load
    from losslab.errors import UserError
    from losslab.report.claims.console import print_verdicts
    from losslab.report.claims.report import write_report
    from losslab.support.terminal import console
    from losslab.sweep.progress import Overall

    verdicts = {}
    asked = {name: known[name].in_quick() if arguments.quick else known[name] for name in names}
    # up to the first stage: how many more it takes is not known yet
    runs = {name: sum(count(claim)[:2]) for name, claim in asked.items()}
    present = {name: min(runs[name], _records(arguments.folder / name)) for name in names}
    overall = Overall(sum(runs.values()), sum(present.values()))
    try:
        for name in names:
            try:
                _run_claim(name, arguments, overall)
            except UserError as error:
                failed(name, error)
            if (arguments.folder / name / VERDICT_FILE).exists():
                verdicts[name] = load(arguments.folder / name)
    finally:
        report = write_report(arguments.folder)
    if len(verdicts) > 1:
        print_verdicts(list(verdicts.values()), console())
    if report is not None:
        console().print(f"Report: {report.absolute()}", highlight=False, markup=False, soft_wrap=True)
    return verdicts


def _run_claim(name: str, arguments: argparse.Namespace, overall: Overall) -> None:
    from losslab.cli import job, sweeps, warnings_policy
    from losslab.config import settings
    from losslab.config.compose import composer
    from losslab.config.hydra_errors import as_sentences
    from losslab.config.overrides import quoted
    from losslab.support.terminal import console
    from losslab.sweep.conduct import Setup
    from losslab.sweep.launchers import OneByOne, SideBySide

    job.make_importable(Path.cwd())
    train, folder = job.train_planned, arguments.folder / name
    config_dir = arguments.config_dir and arguments.config_dir.absolute()
    given = [f"+experiment={name}", f"folder={quoted(folder)}"]
    given += ["quick=true"] if arguments.quick else []
    given += ["retry_failed=true"] if arguments.retry_failed else []
    given += arguments.overrides
    with (
        job.files_as_sentences(),
        warnings_policy.for_people(),
        as_sentences(),
        composer(config_dir) as compose,
    ):
        sweeps.refuse_sweeps(given)
        cfg = compose(given)
        setup = Setup(
            compose,
            launcher=SideBySide(train, arguments.jobs) if arguments.jobs > 1 else OneByOne(train),
            console=console(),
            preflight=job.preflight_for_workers if arguments.jobs > 1 else job.preflight,
            retry_failed=settings.read_command(cfg).retry_failed,
            overall=overall,
        )
        sweeps.run_claim(cfg, given, folder, setup, config_dir)


def _records(folder: Path) -> int:
    """How many runs below a claim's folder have a record, to estimate the remaining time."""
    return sum(1 for _ in folder.glob("*/*/record.json"))


def _list(known: dict[str, Claim]) -> int:
    from losslab.claims.stages import count
    from losslab.support.terminal import console

    for name, claim in known.items():
        tuning, least, most = count(claim)
        kind = "check and sweep" if claim.check and claim.arms else "check" if claim.check else "sweep"
        runs = f", {_range(tuning + least, tuning + most)} runs" if claim.arms else ""
        console().print(f"{name} ({kind}{runs}): {claim.statement}", highlight=False, markup=False)
    return 0


def _estimate(chosen: dict[str, Claim], arguments: argparse.Namespace) -> int:
    from losslab.claims.stages import count
    from losslab.support.terminal import console

    out = console()
    seconds = 0.0
    untimed = 0
    fewest = largest = 0
    for name, claim in chosen.items():
        asked = claim.in_quick() if arguments.quick else claim
        tuning, least, most = count(asked)
        cost = claim.quick.seconds if arguments.quick else claim.seconds
        took = (cost or 0.0) / arguments.jobs + STARTING_SECONDS * sum(map(bool, (tuning, least)))
        told = "" if cost is None else f", about {_duration(took)}"
        check = "a check, " if claim.check else ""
        out.print(
            f"{name}: {check}{tuning} runs to tune, {_range(least, most)} to report{told}", highlight=False
        )
        fewest += tuning + least
        largest += tuning + most
        seconds += took
        untimed += cost is None
    out.print(
        f"{len(chosen)} claims, {_range(fewest, largest)} runs, about {_duration(seconds)} with "
        f"{arguments.jobs} processes: a rough guide, from `seconds` in the claims' files"
        f"{f' ({untimed} without)' if untimed else ''}",
        highlight=False,
    )
    return 0


def _range(least: int, most: int) -> str:
    """Seeds are added until a claim is decided, so its number of runs is only known within limits."""
    return str(least) if least == most else f"{least} to {most}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _chosen(arguments: argparse.Namespace, known: list[str]) -> list[str]:
    from losslab.errors import UserError

    if arguments.all == bool(arguments.claims):
        raise UserError("name claims, or give --all; --list shows them")
    for override in arguments.overrides:
        if override.lstrip("+~").startswith(("hydra.", "hydra/")):
            raise UserError(
                f"--override {override}: runs are launched without Hydra here; for one of its launchers give "
                "losslab -m +experiment=CLAIM"
            )
    for name in arguments.claims:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {nearest[0]}?)" if nearest else ""
            raise UserError(f"there is no claim {name}{hint}: --list shows all {len(known)}")
    return list(dict.fromkeys(arguments.claims)) or known


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="losslab-reproduce",
        description="Run documented claims, or the missing part of them, and judge them. Writes "
        "FOLDER/CLAIM/verdict.json and FOLDER/report/index.html.",
    )
    parser.add_argument("claims", metavar="CLAIM", nargs="*", help="names of claims; see --list")
    parser.add_argument("--all", action="store_true", help="all claims")
    parser.add_argument("--list", action="store_true", help="show all claims and what they say")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="embedded data and few seeds: a first look, not a verdict to quote",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the number of runs and about how long; run nothing"
    )
    parser.add_argument("--folder", metavar="FOLDER", type=Path, help="default: claims, or claims-quick")
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=_cores(), help="number of parallel processes"
    )
    parser.add_argument("--retry-failed", action="store_true", help="repeat runs that failed before")
    parser.add_argument(
        "--config-dir", metavar="FOLDER", type=Path, help="has your own experiment/CLAIM.yaml"
    )
    parser.add_argument(
        "--override",
        metavar="KEY=VALUE",
        dest="overrides",
        action="append",
        default=[],
        help="into every run, e.g. trainer.max_epochs=1; may be given several times",
    )
    return parser


def _default_folder(quick: bool) -> str:
    return "claims-quick" if quick else "claims"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
