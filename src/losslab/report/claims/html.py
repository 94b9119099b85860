"""All verdicts as one HTML page that needs nothing else: no script, no network, no file beside it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from losslab import __version__
from losslab.claims.conditions import spoken
from losslab.claims.schema import CORE, PREMISE, SIDE
from losslab.claims.verdict import ArmResult, PredictionOutcome, Verdict
from losslab.claims.words import MEANING
from losslab.errors import UserError
from losslab.records import write_atomically
from losslab.report.claims import words
from losslab.report.claims.figures import (
    Legend,
    Picture,
    by_condition,
    curve_pictures,
    legends,
    sensitivity_pictures,
)
from losslab.report.claims.forest import forest
from losslab.report.claims.reliability import reliability_pictures

TEMPLATES = Path(__file__).parent / "templates"


@dataclasses.dataclass(frozen=True)
class View:
    """A verdict, and what else its section of the page shows.

    Attributes:
        deciding, sides: predictions that the verdict follows from, and all others.
        spoken, others: condition -> metrics that predictions are about, and all others.
        other_rows: the cells of those others, one row per arm.
        findings: arm, and the number of its runs with each finding.
        points: every point of every grid.
    """

    verdict: Verdict
    anchor: str
    deciding: list[PredictionOutcome]
    sides: list[PredictionOutcome]
    conditions: dict[str, list[ArmResult]]
    spoken: dict[str, list[str]]
    others: dict[str, list[str]]
    other_rows: dict[str, list[list[str]]]
    legends: dict[str, Legend]
    curves: list[Picture]
    reliability: list[Picture]
    sensitivity: list[Picture]
    findings: list[tuple[str, str]]
    points: list[list[Any]]
    environment: list[tuple[str, str]]


def write_html(verdicts: Sequence[Verdict], folder: Path, path: Path) -> None:
    """Writes the page to `path`, completely or not at all.

    Args:
        folder: holds a folder for each claim, with the curves of its runs. Missing runs are not drawn.

        Raises UserError if it cannot be written.
    """
    parts = words.in_parts(verdicts)
    views = {
        part: {
            outcome: [view(one, folder / one.claim) for one in some]
            for outcome, some in words.grouped(inside).items()
        }
        for part, inside in parts.items()
    }
    page = _environment().get_template("claims.html.jinja").render(
        parts=views,
        headings=words.PART_HEADINGS,
        meaning=MEANING,
        explanation=words.EXPLANATION,
        css=Markup((TEMPLATES / "claims.css").read_text(encoding="utf-8")),
        version=__version__,
        runs=sum(len(arm.runs) for verdict in verdicts for arm in verdict.arms),
    )  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, page)
    except OSError as error:
        raise UserError(f"the report {path} cannot be written: {error.strerror or error}") from error


def view(verdict: Verdict, folder: Path) -> View:
    """What the page shows of a verdict; `folder` is the claim's."""
    conditions = by_condition(verdict)
    others = {name: words.other_metrics(verdict, arms) for name, arms in conditions.items()}
    return View(
        verdict=verdict,
        anchor="claim-" + re.sub(r"[^A-Za-z0-9_-]", "-", verdict.claim),
        deciding=words.of_role(verdict, PREMISE, CORE),
        sides=words.of_role(verdict, SIDE),
        conditions=conditions,
        spoken={name: words.spoken_metrics(verdict, arms) for name, arms in conditions.items()},
        others=others,
        other_rows={
            name: [[arm.arm, *(words.metric_cell(arm, metric) for metric in others[name])] for arm in arms]
            for name, arms in conditions.items()
        },
        legends=legends(verdict),
        curves=curve_pictures(verdict, folder),
        reliability=reliability_pictures(verdict, folder),
        sensitivity=sensitivity_pictures(verdict),
        findings=[
            (words.full_name(arm), found) for arm in verdict.arms if (found := words.findings_text(arm))
        ],
        points=[
            [
                spoken(arm.condition) or words.DASH,
                arm.arm,
                ", ".join(f"{key} {words.setting(value)}" for key, value in point.point.items()),
                point.mean,
                len(point.values),
                point.diverged,
            ]
            for arm in verdict.arms
            for point in arm.tuning
        ],
        environment=words.environment_rows(verdict.environment),
    )


def _breakable(text: str) -> Markup:
    """A line may break after each _ . = of a long name."""
    return Markup("<wbr>").join(re.findall(r"[^_.=]*[_.=]|[^_.=]+", text))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "cell": words.cell,
        "collapsed_text": words.collapsed_text,
        "chosen_text": words.chosen_text,
        "duration": words.duration,
        "ended": words.ended,
        "forest": forest,
        "headline": words.headline,
        "basis": words.basis,
        "label": lambda name: str(name).replace("_", " "),
        "metric_cell": words.metric_cell,
        "p_text": words.p_text,
        "pct": lambda place: f"{place:.1f}%",
        "row_estimate": words.row_estimate,
        "row_name": words.row_name,
        "spoken": spoken,
        "slug": lambda word: word.replace(" ", "-"),
        "solid": lambda text: text.replace(" ", "\u00a0"),
    }
    return environment
