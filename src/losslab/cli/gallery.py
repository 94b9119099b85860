"""`losslab-gallery`: draws losses and activations. Only parses arguments."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from losslab.support.terminal import forgive_output


def main(argv: list[str] | None = None) -> int:
    """The command's exit status: 0, or 2 after one sentence about what is wrong with the input."""
    forgive_output()
    arguments = _parser().parse_args(argv)
    # heavy imports come after parsing, so that --help answers at once
    from losslab.errors import UserError
    from losslab.support import _torchmetrics

    _torchmetrics.import_quickly()
    from losslab.report.gallery.gallery import write_gallery

    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        page = write_gallery(arguments.output, arguments.names, arguments.config_dir)
    except UserError as error:
        print(f"losslab-gallery: {error}", file=sys.stderr)
        return error.exit_status
    except OSError as error:
        print(f"losslab-gallery: {error.filename}: {error.strerror}; set --output FOLDER", file=sys.stderr)
        return 2
    print(page)
    print(f"tensorboard --logdir {arguments.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="losslab-gallery",
        description="Draw each loss and each activation with its derivative, as one HTML page "
        "with SVG figures and as pictures for TensorBoard.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="losses and activations (default: all)")
    parser.add_argument(
        "--output", metavar="FOLDER", type=Path, default=Path("gallery"), help="default: gallery"
    )
    parser.add_argument("--config-dir", metavar="FOLDER", type=Path, help="has your own losses in loss/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
