"""`losslab-judge`: judges a table of results, wherever they were made. Only parses arguments and prints."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from losslab.support.terminal import forgive_output

if TYPE_CHECKING:
    from losslab.judgement.result import Judgement

EXIT_OPEN = 3


def main(argv: list[str] | None = None) -> int:
    """The command's exit status: 0 if everything is decided, 3 if something is open, 2 for bad input."""
    forgive_output()
    arguments = _parser().parse_args(argv)
    # pandas and scipy come after parsing, so that --help answers at once
    from losslab.cli.results_file import read_results
    from losslab.errors import UserError
    from losslab.judgement.judge import judge

    names = [arguments.arm, arguments.seed, *([arguments.dataset] if arguments.dataset else [])]
    try:
        found = judge(
            read_results(arguments.table, names, arguments.metric, arguments.separator),
            arm=arguments.arm,
            seed=arguments.seed,
            metric=arguments.metric,
            reference=arguments.reference,
            margin=arguments.margin,
            lower_is_better=arguments.lower_is_better,
            condition=arguments.dataset,
            stages=arguments.stages,
        )
        if arguments.picture:
            _draw(found, arguments.picture)
    except UserError as error:
        print(f"losslab-judge: {error}", file=sys.stderr)
        return error.exit_status
    print(_shown(found, arguments))
    return 0 if found.decided else EXIT_OPEN


def _shown(found: Judgement, arguments: argparse.Namespace) -> str:
    if arguments.json:
        return _as_json(found)
    if arguments.markdown:
        return found.to_markdown()
    if arguments.latex:
        return found.to_latex()
    return "\n".join([*found.sentences(), "", found.table().to_string(index=False)])


def _as_json(found: Judgement) -> str:
    rows = json.loads(found.frame().to_json(orient="records", double_precision=15))  # NaN becomes null
    overall = found.overall
    data = {
        "decided": found.decided,
        "rows": rows,
        "overall": overall
        and {
            "test": overall.test,
            "p_value": overall.p_value,
            "data_sets": overall.conditions,
            "left_out": overall.left_out,
            "arms": json.loads(overall.frame().to_json(orient="records", double_precision=15)),
        },
        "sentences": found.sentences(),
    }
    return json.dumps(data, indent=1)  # ASCII, whatever the terminal can show


def _draw(found: Judgement, path: Path) -> None:
    from losslab.errors import UserError
    from losslab.report.rank_figure import write_rank_figure

    if found.overall is None:
        raise UserError("--picture shows ranks over data sets: it needs --dataset, with at least two of them")
    write_rank_figure(found.overall, path)


def _stages(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is wrong: give numbers of seeds like 8,12,18") from None


def _separator(text: str) -> str:
    sign = "\t" if text in ("tab", "\\t") else text
    if len(sign) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is wrong: give one sign, or tab")
    return sign


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="losslab-judge",
        description="Judge a table of results with one row per run: which arm is better than the reference, "
        "by how much, and whether it matters. Runs with the same seed are paired. The exit status is 0 if "
        "everything is decided, 3 if something is open, 2 if the input is wrong.",
    )
    parser.add_argument("table", metavar="TABLE", type=Path, help="a .csv, .tsv, .jsonl or .parquet file")
    parser.add_argument("--arm", metavar="COLUMN", default="arm", help="what is compared (default: arm)")
    parser.add_argument("--seed", metavar="COLUMN", default="seed", help="what pairs runs (default: seed)")
    parser.add_argument("--metric", metavar="COLUMN", required=True, help="the result of each run")
    parser.add_argument("--dataset", metavar="COLUMN", help="data set, task or other condition of each run")
    parser.add_argument("--reference", metavar="ARM", help="arm to compare with (default: the first)")
    parser.add_argument(
        "--margin", help="smallest difference that matters: 0.01 in the metric's unit, or 5%%"
    )
    parser.add_argument("--lower-is-better", action="store_true", help="for errors, losses and seconds")
    parser.add_argument(
        "--stages",
        metavar="N,N,…",
        type=_stages,
        help="numbers of seeds at which you look while adding seeds, e.g. 8,12,18,27,40",
    )
    parser.add_argument(
        "--separator", metavar="SIGN", type=_separator, help="between a text file's columns: ';', tab, …"
    )
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="save the ranks over data sets, as .png, .svg or .pdf"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON")
    output.add_argument("--markdown", action="store_true", help="print a Markdown table")
    output.add_argument("--latex", action="store_true", help="print a LaTeX table (booktabs)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
