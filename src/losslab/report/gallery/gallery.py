"""The gallery: one HTML page that needs nothing else, and the same figures in TensorBoard."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from pathlib import Path

import jinja2

from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder
from losslab.config.settings import Target, validated
from losslab.errors import UserError
from losslab.report.gallery.curves import Picture, activation_picture, loss_picture
from losslab.report.gallery.figures import both_halves, page_svg
from losslab.soundness.compose import compose_subject

PAGE = "gallery.html"
# Placeholders for any loss or activation.
_PLACES = {"loss": ("custom", "sum"), "activation": ("custom", "layers")}


@dataclasses.dataclass
class Entry:
    """Attributes:
    group: "loss" or "activation".
    text: its description, by paragraph; see `catalogue.description`.
    """

    group: str
    text: dict[str, str]
    picture: Picture

    @property
    def name(self) -> str:
        return self.picture.name


def entries(only: Collection[str] = (), config_dir: Path | None = None) -> Iterator[Entry]:
    """Every loss, then every activation, by name; with the user's own losses from `config_dir`.

    Args:
        only: names to choose; empty for all.

    Raises UserError for a name that is neither a loss nor an activation.
    """
    folders = [package_folder("conf")]
    if config_dir is not None:
        if not config_dir.is_dir():
            raise UserError(f"--config-dir {config_dir} is not a folder")
        folders.insert(0, config_dir.absolute())
    known = {
        group: [name for name in catalogue.names(group, folders) if name not in places]
        for group, places in _PLACES.items()
    }
    if unknown := sorted(set(only).difference(*known.values())):
        raise UserError(f"{unknown[0]} is neither a loss nor an activation of the catalogue")
    for group, names in known.items():
        for name in names:
            if only and name not in only:
                continue
            text = catalogue.description(catalogue.find(group, name, folders))
            if group == "loss":
                picture = loss_picture(compose_subject(name, config_dir=config_dir))
            else:
                picture = activation_picture(
                    name, validated(Target, catalogue.load(group, name, folders), where=group)
                )
            yield Entry(group, text, picture)


def write_gallery(folder: Path, only: Collection[str] = (), config_dir: Path | None = None) -> Path:
    """Write the page and TensorBoard figures into `folder`; returns the page's path. See `entries`."""
    from torch.utils.tensorboard import SummaryWriter

    found = list(entries(only, config_dir))
    folder.mkdir(parents=True, exist_ok=True)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    sections = [
        {
            "id": group,
            "title": title,
            "cards": [
                {
                    "name": entry.name,
                    "text": {"formula": "", **entry.text},
                    "value": page_svg(entry.picture, "value"),
                    "derivative": page_svg(entry.picture, "derivative"),
                }
                for entry in found
                if entry.group == group
            ],
        }
        for group, title in (("loss", "Losses"), ("activation", "Activations"))
    ]
    page = folder / PAGE
    page.write_text(environment.get_template("page.html.jinja").render(sections=sections))
    with SummaryWriter(str(folder)) as writer:
        for entry in found:
            writer.add_figure(f"{entry.group}/{entry.name}", both_halves(entry.picture), 0)
    return page
