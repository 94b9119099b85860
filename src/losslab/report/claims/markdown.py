"""Verdicts as Markdown: docs/claims.md, a page for each claim in docs/claims/, and the tables of the READMEs.

Not here: the pictures on those pages (`forest_figure.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from losslab.claims.conditions import spoken
from losslab.claims.schema import CORE, PREMISE, SIDE
from losslab.claims.verdict import ARTICLES, PAPERS, PredictionOutcome, Verdict
from losslab.report.claims import words
from losslab.report.claims.figures import by_condition
from losslab.support.markdown import escaped, table

PAGE = "claims/{}.md"  # a claim's page, from docs/claims.md


def index(verdicts: Sequence[Verdict], introduction: str = "") -> str:
    """The text of docs/claims.md: all verdicts in one table, which links to the claims' pages.

    Args:
        introduction: paragraphs below the heading.
    """
    parts = [
        "# Verdicts on claims",
        introduction,
        f"{words.counts(verdicts)}. Each page has the answer, a picture, all numbers and the command that "
        "repeats them; [method.md](method.md) explains how claims are judged, "
        "[own_claim.md](own_claim.md) how to add your own.",
        *_tables(verdicts),
        words.EXPLANATION,
        "**What they cost**\n\n" + costs(verdicts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def costs(verdicts: Sequence[Verdict]) -> str:
    """Seeds, runs and processor time of each claim that trains, the dearest first, and of all together."""
    dearest = sorted((one for one in verdicts if one.arms), key=lambda one: -one.seconds)
    rows = [
        [
            _name(verdict),
            _range(one.seeds for one in verdict.conditions),
            str(len(verdict.conditions)),
            verdict.protocol.get("runs", ""),
            words.duration(verdict.seconds),
        ]
        for verdict in dearest
    ]
    if checks := [one for one in verdicts if not one.arms]:
        seconds = sum(one.seconds for one in checks)
        rows.append([f"{len(checks)} without training", "", "", "", words.duration(seconds)])
    heading = ["claim", "seeds until decided", "conditions", "runs", "processor time"]
    return table(heading, rows, {2, 4})


def _range(numbers: Iterable[int]) -> str:
    """The smallest and the largest: "8 to 27"."""
    least, *_, most = sorted([*numbers] * 2)
    return str(least) if least == most else f"{least} to {most}"


def page(verdict: Verdict, picture: str = "") -> str:
    """A claim's own page: the answer, the picture and the command first, then all numbers.

    Args:
        picture: address of the picture, relative to the page; empty for none.
    """
    parts = [part for part in _parts(verdict, picture) if part]
    return "\n\n".join(parts) + "\n"


def _tables(verdicts: Sequence[Verdict]) -> list[str]:
    """A table for each part of the report; beside papers, one with what they report."""
    parts = words.in_parts(verdicts)
    if list(parts) == [ARTICLES]:
        return [verdict_table(verdicts, link=PAGE)]
    found = []
    for part, inside in parts.items():
        found += [f"**{words.PART_HEADINGS[part]}**", verdict_table(inside, link=PAGE)]
        if part == PAPERS:
            found += ["What the papers report, and what was found here:", _beside_papers(inside)]
    return found


def _beside_papers(verdicts: Sequence[Verdict]) -> str:
    rows = [
        [
            _linked(verdict, PAGE),
            escaped(verdict.reported),
            f"**{escaped(words.outcome_text(verdict))}**",
        ]
        for verdict in _in_order(verdicts)
    ]
    return table(["claim", "the paper reports", "here"], rows)


def verdict_table(verdicts: Sequence[Verdict], link: str = "") -> str:
    """One row per claim: name, statement, verdict with its conditions, and the answer.

    Args:
        link: the address of a claim's page, with {} for its name; empty for no links.
    """
    rows = [
        [
            _linked(verdict, link),
            escaped(verdict.statement),
            f"**{escaped(verdict.outcome)}**" + (f": {escaped(verdict.where)}" if verdict.where else ""),
            escaped(verdict.answer or words.headline(verdict)),
        ]
        for verdict in _in_order(verdicts)
    ]
    return table(["claim", "statement", "verdict", "answer, or the number that says most"], rows)


def _in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    parts = words.in_parts(verdicts).values()
    return [verdict for inside in parts for some in words.grouped(inside).values() for verdict in some]


def _parts(verdict: Verdict, picture: str) -> list[str]:
    return [
        f"# {_name(verdict)}",
        f"> {escaped(verdict.statement)}",
        f"The paper reports: {escaped(verdict.reported)}" if verdict.reported else "",
        f"**{escaped(words.outcome_text(verdict).capitalize())}.** {escaped(verdict.answer)}"
        + (" Quick run: embedded data, few seeds." if verdict.quick else ""),
        f"![The intervals of its predictions beside what was predicted]({picture})" if picture else "",
        f"    {' '.join(verdict.command.split())}",
        f"Took {words.duration(verdict.seconds)} of one processor. Source: {escaped(verdict.source)}",
        "## Predictions",
        f"{escaped(verdict.summary)}"
        + (f" Tags: {escaped('; '.join(verdict.tags))}." if verdict.tags else ""),
        escaped(verdict.note),
        _list(verdict.problems),
        _conditions(verdict),
        _predictions(words.of_role(verdict, PREMISE, CORE)),
        _list(words.collapsed_text(share) for share in verdict.collapsed),
        "Sides, which qualify the verdict and do not change it:" if words.of_role(verdict, SIDE) else "",
        _predictions(words.of_role(verdict, SIDE)),
        _list(
            f"{words.row_name(row)}: {' '.join(row.notes)}"
            for prediction in verdict.predictions
            for row in prediction.rows
            if row.notes
        ),
        "## Arms" if verdict.arms else "",
        *_arms(verdict),
        "## Measured without training" if verdict.check else "",
        *_check(verdict),
        "## Protocol" if verdict.protocol else "",
        table(["protocol", ""], [[escaped(key), escaped(value)] for key, value in verdict.protocol.items()]),
    ]


def _conditions(verdict: Verdict) -> str:
    if len(verdict.conditions) < 2:
        return ""
    rows = [
        [escaped(spoken(one.condition)), one.word, words.basis(verdict, one.seeds)]
        for one in verdict.conditions
    ]
    return table(["condition", "verdict", "after"], rows)


def _predictions(some: Sequence[PredictionOutcome]) -> str:
    if not some:
        return ""
    p_value = some[0].role == SIDE
    heading = ["prediction", "measured", "row", "mean [interval]", "n", "predicted"]
    heading += ["corrected p"] * p_value + ["outcome"]
    rows = [row for prediction in some for row in _prediction_rows(prediction)]
    return table(heading, rows, {3, 4, 6} if p_value else {3, 4})


def _prediction_rows(prediction: PredictionOutcome) -> list[list[str]]:
    """One row, or one for the whole and one for each of its parts."""
    outcome = f"**{escaped(prediction.outcome)}**"
    premise = "Premise: " if prediction.role == PREMISE else ""
    head = [escaped(premise + prediction.says), escaped(prediction.measured)]
    tail = [escaped(prediction.margin)]
    if prediction.p_value is not None:
        tail.append(escaped(words.p_text(prediction.p_value)))
    if not prediction.rows:
        return [[*head, words.DASH, words.DASH, words.DASH, *tail, outcome]]
    rows = [
        [
            escaped(words.row_name(row)),
            escaped(words.row_estimate(row, prediction.ratio)),
            "exact" if row.exact else str(row.n),
        ]
        for row in prediction.rows
    ]
    if len(rows) == 1:
        return [[*head, *rows[0], *tail, outcome]]
    whole = [*head, "all of these:", "", "", *tail, outcome]
    parts = zip(rows, prediction.rows, strict=True)
    return [whole, *(["", "", *cells, *[""] * len(tail), escaped(row.outcome)] for cells, row in parts)]


def _arms(verdict: Verdict) -> list[str]:
    parts = []
    for condition, arms in by_condition(verdict).items():
        names = words.spoken_metrics(verdict, arms)
        tuned = any(arm.chosen for arm in arms)
        found = any(words.findings_text(arm) for arm in arms)
        heading = ["arm", *(escaped(name.replace("_", " ")) for name in names), "runs finished"]
        rows = [
            [
                escaped(arm.arm),
                *(escaped(words.metric_cell(arm, name)) for name in names),
                words.ended(arm),
                *([escaped(words.chosen_text(arm))] if tuned else []),
                *([escaped(words.findings_text(arm)) or words.DASH] if found else []),
            ]
            for arm in arms
        ]
        heading += ["chosen"] * tuned + ["diagnosis"] * found
        parts += [
            f"**{escaped(spoken(condition))}**" if condition else "",
            table(heading, rows, set(range(1, len(names) + 2))),
        ]
    return parts


def _check(verdict: Verdict) -> list[str]:
    if verdict.check is None:
        return []
    parts = [escaped(note) for note in verdict.check.notes]
    for measured in verdict.check.tables:
        parts += [
            f"**{escaped(measured.title)}**",
            table(
                [escaped(name) for name in measured.columns],
                [[escaped(words.cell(value)) for value in row] for row in measured.rows],
            ),
        ]
    return parts


def _linked(verdict: Verdict, link: str) -> str:
    return f"[{_name(verdict)}]({link.format(quote(verdict.claim))})" if link else _name(verdict)


def _name(verdict: Verdict) -> str:
    return escaped(verdict.claim)


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)
