"""`losslab-check`: examines one loss. Only parses arguments."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from losslab.support.terminal import forgive_output


def main(argv: list[str] | None = None) -> int:
    """The command's exit status: 0, 1 if something unsound was found, 2 for bad input."""
    forgive_output()
    parser = _parser()
    arguments = parser.parse_intermixed_args(argv)
    words = [arguments.target, *arguments.overrides]
    targets = [word for word in words if "=" not in word]
    if len(targets) != 1:
        parser.error(
            f"give one loss, besides KEY=VALUE; not {len(targets)}: {' '.join(targets)}".rstrip(": ")
        )
    # heavy imports come after parsing, so that --help answers at once
    from losslab.errors import UserError
    from losslab.support import _torchmetrics

    _torchmetrics.import_quickly()
    from losslab.soundness.compose import compose_subject
    from losslab.soundness.examine import examine
    from losslab.soundness.mark import UNSOUND
    from losslab.soundness.table import table
    from losslab.support.terminal import console

    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        subject = compose_subject(
            targets[0],
            [word for word in words if "=" in word],
            kind=arguments.kind,
            config_dir=arguments.config_dir,
        )
    except UserError as error:
        print(f"losslab-check: {error}", file=sys.stderr)
        return error.exit_status
    examination = examine(subject, machine_code=arguments.compile)
    if arguments.json:
        print(json.dumps(examination.as_data(), indent=1, ensure_ascii=False))
    else:
        console().print(table(examination))
    return 1 if examination.verdict == UNSOUND else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="losslab-check",
        description="Examine a loss: shapes, minimum, gradients, large outputs, precision, batches, speed. "
        "The exit status is 1 if something is unsound.",
    )
    parser.add_argument(
        "target", metavar="TARGET", help="a loss in the catalogue, or a dotted path such as my_losses.MyLoss"
    )
    parser.add_argument(
        "overrides",
        metavar="KEY=VALUE",
        nargs="*",
        help="as for losslab, e.g. loss.loss.gamma=3 or loss.output_activation=softmax",
    )
    parser.add_argument(
        "--kind",
        help="multiclass, binary, multilabel, regression or segmentation (default: what suits the loss)",
    )
    parser.add_argument("--config-dir", metavar="FOLDER", type=Path, help="has your own losses in loss/")
    parser.add_argument("--compile", action="store_true", help="also try torch.compile's default backend")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


if __name__ == "__main__":
    sys.exit(main())
