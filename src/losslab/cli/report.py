"""`losslab-report`: compares runs that are already recorded. Only parses arguments."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from losslab.support.terminal import forgive_output


def main(argv: list[str] | None = None) -> int:
    """The command's exit status: 0; 1 if records cannot be read, 2 for wrong input, with one sentence."""
    forgive_output()
    arguments = _parser().parse_args(argv)
    # heavy imports come after parsing, so that --help answers at once
    from losslab.errors import UserError
    from losslab.judgement.rows import Margin
    from losslab.report.comparison import summarise
    from losslab.support.terminal import console

    try:
        comparison = summarise(
            arguments.folders,
            console(),
            reference=arguments.reference,
            metric=arguments.metric,
            output=arguments.output or _beside(arguments),
            margin=Margin.parse(arguments.margin),
        )
    except UserError as error:
        print(f"losslab-report: {error}", file=sys.stderr)
        return error.exit_status
    if unreadable := comparison.unreadable():
        print(f"losslab-report: {unreadable}", file=sys.stderr)
        return 1
    return 0


def _beside(arguments: argparse.Namespace) -> Path | None:
    """With options, a folder of its own: the sweep's comparison is not overwritten by another one."""
    options = {key: getattr(arguments, key) for key in ("reference", "metric", "margin")}
    name = ",".join(f"{key}={value}" for key, value in options.items() if value is not None)
    if not name or len(arguments.folders) > 1:
        return None
    return arguments.folders[0] / f"comparison,{re.sub(r'[^A-Za-z0-9_.=,+-]+', '_', name)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="losslab-report",
        description="Compare the runs that are recorded at or below FOLDER: one table per task, with paired "
        "differences over seeds, saved as comparison.csv, comparison.md and comparison.png.",
    )
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=Path, help="run, sweep, or a folder of them"
    )
    parser.add_argument("--reference", metavar="ARM", help="arm to compare with (default: the first)")
    parser.add_argument("--metric", metavar="NAME", help="test metric (default: the task's primary one)")
    parser.add_argument(
        "--margin", help="smallest difference that matters: 0.01 in the metric's unit, or 5%%"
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        type=Path,
        help="where to save (default: FOLDER; with options a folder in it; with several ./comparison)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
