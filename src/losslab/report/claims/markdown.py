"""Verdicts as Markdown: docs/claims.md, and the table of README."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from losslab.claims.conditions import spoken
from losslab.claims.schema import CORE, PREMISE, SIDE
from losslab.claims.verdict import ARTICLES, PAPERS, PredictionOutcome, Verdict
from losslab.markdown import escaped, table
from losslab.report.claims import words
from losslab.report.claims.figures import by_condition


def markdown(verdicts: Sequence[Verdict]) -> str:
    """All verdicts as the text of docs/claims.md: the table, then a section for each claim."""
    parts = [
        "# Verdicts on claims",
        f"{words.counts(verdicts)}. Each was run and judged by the command in its section; "
        "[method.md](method.md) explains how, [own_claim.md](own_claim.md) how to add your own.",
        *_tables(verdicts),
        words.EXPLANATION,
    ]
    for verdict in _in_order(verdicts):
        parts += _section(verdict)
    return "\n\n".join(part for part in parts if part) + "\n"


def _tables(verdicts: Sequence[Verdict]) -> list[str]:
    """A table for each part of the report; beside papers, one with what they report."""
    parts = words.in_parts(verdicts)
    if list(parts) == [ARTICLES]:
        return [verdict_table(verdicts, link=True)]
    found = []
    for part, inside in parts.items():
        found += [f"**{words.PART_HEADINGS[part]}**", verdict_table(inside, link=True)]
        if part == PAPERS:
            found += ["What the papers report, and what was found here:", _beside_papers(inside)]
    return found


def _beside_papers(verdicts: Sequence[Verdict]) -> str:
    rows = [
        [
            f"[{_name(verdict)}](#{_slug(verdict)})",
            escaped(verdict.reported),
            f"**{escaped(words.outcome_text(verdict))}**",
        ]
        for verdict in _in_order(verdicts)
    ]
    return table(["claim", "the paper reports", "here"], rows)


def verdict_table(verdicts: Sequence[Verdict], link: bool = False) -> str:
    """One row per claim: name, statement, verdict with its conditions, and the answer.

    Args:
        link: whether names link to the claims' sections, below on the same page.
    """
    rows = [
        [
            f"[{_name(verdict)}](#{_slug(verdict)})" if link else _name(verdict),
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


def _section(verdict: Verdict) -> list[str]:
    parts = [
        f"## {_name(verdict)}",
        f"> {escaped(verdict.statement)}",
        f"{escaped(verdict.source)}",
        f"The paper reports: {escaped(verdict.reported)}" if verdict.reported else "",
        f"**{escaped(words.outcome_text(verdict).capitalize())}.** {escaped(verdict.answer)}"
        + (" Quick run: embedded data, few seeds." if verdict.quick else ""),
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
        *_arms(verdict),
        *_check(verdict),
        table(["protocol", ""], [[escaped(key), escaped(value)] for key, value in verdict.protocol.items()]),
        f"    {' '.join(verdict.command.split())}",
        f"Took {words.duration(verdict.seconds)} of one processor.",
    ]
    return [part for part in parts if part]


def _conditions(verdict: Verdict) -> str:
    if len(verdict.conditions) < 2:
        return ""
    rows = [[escaped(spoken(one.condition)), one.word, str(one.seeds)] for one in verdict.conditions]
    return table(["condition", "verdict", "seeds"], rows, {2})


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


def _name(verdict: Verdict) -> str:
    return escaped(verdict.claim)


def _slug(verdict: Verdict) -> str:
    """The anchor that Markdown viewers give the claim's heading."""
    kept = [letter for letter in verdict.claim.lower() if letter.isalnum() or letter in "_- "]
    return "".join(kept).replace(" ", "-")


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)
