"""`losslab-tensorboard`: TensorBoard on this machine only, set up to show everything that losslab writes."""

from __future__ import annotations

import argparse
import sys
import threading
import urllib.parse
from pathlib import Path
from typing import Any

from losslab.support.terminal import forgive_output

# How many entries TensorBoard keeps per tag; its own defaults thin out curves, text and pictures. 0 is
# documented as "all", but the fast data server then keeps none.
SAMPLES = {"scalars": 10_000, "histograms": 200, "distributions": 200, "images": 100, "text": 100}

# What TensorBoard reads from its address: only the runs of the comparison, and a colour for each arm that its
# runs (arm,seed=0-3fa2b1) share.
ARMS = "?" + urllib.parse.urlencode(
    {
        "runFilter": r"(^|/)comparison/",
        "runColorGroup": r"regex:([^/]+?)(?:,seed=[^/]*)?$",
        "smoothing": "0",
    }
)


def main(argv: list[str] | None = None) -> int:
    """Serve until Ctrl-C. The exit status: 0, or 2 after one sentence about what is wrong with the input."""
    forgive_output()
    arguments = _parser().parse_args(argv)
    from losslab.errors import UserError

    try:
        server, address = serve(arguments.folder, arguments.port)
    except UserError as error:
        print(f"losslab-tensorboard: {error}", file=sys.stderr)
        return error.exit_status
    lines = [f"TensorBoard shows {arguments.folder} at {address} (Ctrl-C stops it)"]
    if any(arguments.folder.rglob("comparison/*/events.out.tfevents.*")):
        lines.insert(0, f"One curve for each arm, all runs of an arm in its colour: {address}{ARMS}")
    print("\n".join(lines), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print()
    finally:
        del server  # this also ends the process that reads the events
    return 0


def serve(folder: Path, port: int = 0) -> tuple[Any, str]:
    """Start TensorBoard in a thread of this process, bound to localhost; returns it and its address.

    Args:
        port: 0 for any free port.

    Raises UserError if there is nothing to show or the port is taken.
    """
    from tensorboard import program

    from losslab.errors import UserError

    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give one that holds runs")
    if next(folder.rglob("events.out.tfevents.*"), None) is None:
        raise UserError(
            f"no run at or below {folder} has TensorBoard events: give a folder that losslab wrote"
        )
    server = program.TensorBoard()
    server.configure(
        logdir=str(folder),
        host="localhost",
        port=port,
        samples_per_plugin=SAMPLES,
        window_title=f"losslab · {folder.resolve().name}",
    )
    try:
        return server, server.launch()
    except program.TensorBoardServerException as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"port {port} cannot be used ({reason}): choose another, or leave out --port"
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="losslab-tensorboard",
        description="Show the runs at or below FOLDER in TensorBoard, on this machine only (localhost).",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="a run, a sweep, or a folder of them")
    parser.add_argument("--port", type=_port, default=0, help="default: any free port")
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to {2**16 - 1}")


if __name__ == "__main__":
    sys.exit(main())
