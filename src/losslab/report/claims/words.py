"""Numbers and words of a verdict, the same in the terminal, in Markdown and on the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from losslab.claims.conditions import spoken
from losslab.claims.schema import CORE, PREMISE
from losslab.claims.verdict import (
    ARTICLES,
    CLOSE,
    CONFIRMED,
    DEPENDS,
    FAILS,
    HOLDS,
    NOT_TESTED,
    OPEN,
    OWN,
    PAPERS,
    PARTS,
    REFUTED,
    TOO_CLOSE,
    ArmResult,
    CollapsedShare,
    PredictionOutcome,
    Row,
    Verdict,
)
from losslab.claims.words import WORDS
from losslab.records.record import Environment

DASH = "–"
PART_HEADINGS = {
    ARTICLES: "Articles: what is told about losses, activations and training",
    PAPERS: "Papers: what the literature reports about losses",
    OWN: "Your own claims",
}
EXPLANATION = (
    "A verdict follows from its core predictions alone, condition by condition: confirmed if all of them "
    "hold, refuted if one fails. Too close to matter: the difference is smaller than the margin, which is "
    "fixed for each metric. Borderline: the interval is narrower than the margin and includes the bound. "
    "Seeds are added in stages until a condition is decided; [ ] is the interval at the stage that counts, "
    "so wide that all stages together are wrong in at most 5 % (Student's t over paired seeds, of logarithms "
    "for ratios; exact for shares), and a signed-rank test must agree. Sides qualify a verdict and never "
    "change it; their p-values are corrected together (Benjamini-Hochberg). Where a premise fails, the claim "
    "is not tested here. Runs that collapsed are counted apart and left out of differences."
)


def finite(value: float | None, otherwise: float) -> float:
    """A verdict's number; `otherwise` for None, NaN and infinity."""
    return otherwise if value is None or not math.isfinite(value) else value


def number(value: Any, digits: int = 4) -> str:
    """Significant digits, as shown: 0.9703, 12,400, 1e-07; a dash for anything that is not a number."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if not isinstance(value, int | float):
        return str(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}".replace("-", "−", value < 0)
    decimals = max(0, digits - 1 - (math.floor(math.log10(size)) if size else 0))
    text = f"{value:,.{min(decimals, 7)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def estimate(mean: float | None, low: float | None, high: float | None, ratio: bool = False) -> str:
    """ "0.0132 [0.0053, 0.0210]": as many decimals as the interval is wide; three digits of a ratio."""
    if mean is None or low is None or high is None or not all(map(math.isfinite, (mean, low, high))):
        return number(mean)
    width = (high - low) / 2
    largest = max(abs(mean), abs(low), abs(high))
    if width <= 1e-9 * max(largest, 1e-300):
        return number(mean)
    if ratio or largest >= 1e5 or largest < 1e-4:
        return f"{number(mean, 3)} [{number(low, 3)}, {number(high, 3)}]"
    decimals = min(7, max(0, 1 - math.floor(math.log10(width))))
    ends = [_minus(f"{end:,.{decimals}f}") for end in (mean, low, high)]
    return f"{ends[0]} [{ends[1]}, {ends[2]}]"


def row_estimate(row: Row, ratio: bool = False) -> str:
    return number(row.mean, 6) if row.exact else estimate(row.mean, row.low, row.high, ratio)


def row_name(row: Row) -> str:
    return f"{row.label} ({spoken(row.condition)})" if row.condition else row.label


def p_text(p_value: float) -> str:
    if math.isnan(p_value):
        return DASH
    if p_value == 0:
        return "0"
    return "< 0.0001" if p_value < 1e-4 else f"{p_value:.2g}" if p_value < 0.1 else f"{p_value:.2f}"


def outcome_text(verdict: Verdict) -> str:
    """ "depends: with sgd, not with adam"."""
    return f"{verdict.outcome}: {verdict.where}" if verdict.where else verdict.outcome


def basis(verdict: Verdict, seeds: int) -> str:
    """What a condition's word rests on: "12 seeds", "10 measurements", or "exact"."""
    if seeds == 1:
        return "exact"
    return f"{seeds} seeds" if verdict.arms else f"{seeds} measurements"


def collapsed_text(share: CollapsedShare) -> str:
    """ "mse (sgd): 2 of 12 runs collapsed, 0.17 [0.02, 0.48]"."""
    place = f" ({spoken(share.condition)})" if share.condition else ""
    interval = estimate(share.share, share.low, share.high)
    return f"{share.arm}{place}: {len(share.seeds)} of {share.n} runs collapsed, {interval}"


def of_role(verdict: Verdict, *roles: str) -> list[PredictionOutcome]:
    return [prediction for prediction in verdict.predictions if prediction.role in roles]


def telling_row(prediction: PredictionOutcome) -> Row | None:
    """The row that decides the outcome: the one farthest from the prediction."""
    rows = [row for row in prediction.rows if not math.isnan(finite(row.mean, math.nan))]
    return min(rows, key=lambda row: _room(row, prediction)) if rows else None


def telling_prediction(verdict: Verdict) -> PredictionOutcome | None:
    """The core, or the premise, that the verdict follows from."""
    by_word: dict[str, str] = {CONFIRMED: HOLDS, TOO_CLOSE: CLOSE}
    by_word |= dict.fromkeys((REFUTED, DEPENDS, NOT_TESTED), FAILS)
    wanted = by_word.get(verdict.outcome, OPEN)
    some = of_role(verdict, PREMISE if verdict.outcome == NOT_TESTED else CORE)
    return next((one for one in some if one.outcome == wanted), some[0] if some else None)


def headline(verdict: Verdict) -> str:
    """The one number that says most, with its prediction."""
    prediction = telling_prediction(verdict)
    if prediction is None:
        return DASH
    row = telling_row(prediction)
    if row is None:
        return f"{prediction.measured}: no value"
    same = row_name(row) == prediction.measured or row.label.replace("_", " ") == prediction.measured
    name = prediction.measured if same else f"{prediction.measured}, {row_name(row)}"
    return f"{name}: {row_estimate(row, prediction.ratio)}; predicted: {prediction.margin}"


def grouped(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """By outcome in the order of a report; outcomes without a claim are left out."""
    found: dict[str, list[Verdict]] = {word: [] for word in WORDS}
    for verdict in verdicts:
        found.setdefault(verdict.outcome, []).append(verdict)
    return {outcome: some for outcome, some in found.items() if some}


def in_parts(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """By the report's part, in its order; parts without a claim are left out."""
    some = list(verdicts)
    found = {part: [one for one in some if one.part == part] for part in PARTS}
    return {part: inside for part, inside in found.items() if inside}


def counts(verdicts: Sequence[Verdict]) -> str:
    """ "3 claims: 1 confirmed, 2 refuted"."""
    parts = [f"{len(some)} {outcome}" for outcome, some in grouped(verdicts).items()]
    return f"{len(verdicts)} claim{'' if len(verdicts) == 1 else 's'}: {', '.join(parts)}"


def spoken_metrics(verdict: Verdict, arms: Sequence[ArmResult]) -> list[str]:
    """The primary metric, then those that predictions are about."""
    measured = {name: metric.measured for arm in arms for name, metric in arm.metrics.items()}
    spoken = {prediction.measured for prediction in verdict.predictions}
    primary = list(dict.fromkeys(arm.primary for arm in arms if arm.primary in measured))
    return [*primary, *(name for name in measured if name not in primary and measured[name] in spoken)]


def other_metrics(verdict: Verdict, arms: Sequence[ArmResult]) -> list[str]:
    spoken = spoken_metrics(verdict, arms)
    return [
        name for name in dict.fromkeys(name for arm in arms for name in arm.metrics) if name not in spoken
    ]


def metric_cell(arm: ArmResult, name: str) -> str:
    metric = arm.metrics.get(name)
    if metric is None:
        return DASH
    never = f" ({metric.censored} never)" if metric.censored else ""
    return estimate(metric.mean, metric.low, metric.high) + never


def ended(arm: ArmResult) -> str:
    """ "5", or "3, 1 diverged, 1 failed"."""
    parts = [
        f"{count} {word}" for count, word in ((arm.diverged, "diverged"), (arm.failed, "failed")) if count
    ]
    return ", ".join([str(arm.finished), *parts])


def chosen_text(arm: ArmResult) -> str:
    edges = set(arm.at_edge)
    return ", ".join(
        f"{key.rsplit('.', 1)[-1]} {setting(value)}{' (edge of its grid)' if key in edges else ''}"
        for key, value in arm.chosen.items()
    )


def setting(value: Any) -> str:
    """A tuned value: a number, a word, "null" or a list of such."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(setting(item) for item in value)}]"
    return "null" if value is None else number(value)


def full_name(arm: ArmResult) -> str:
    return f"{arm.arm} ({spoken(arm.condition)})" if arm.condition else arm.arm


def findings_text(arm: ArmResult) -> str:
    """ "dead units (3 of 5), divergence (1 of 5)"; empty if there are no findings."""
    return ", ".join(
        f"{rule.replace('_', ' ')} ({count} of {len(arm.runs)})"
        for rule, count in arm.findings.items()
        if count
    )


def cell(value: Any) -> str:
    """Any value in a table of a check, as text."""
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    return number(value, 6)


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def environment_rows(environment: Environment) -> list[tuple[str, str]]:
    """A record's environment as lines of a table, without the command and unknown values."""
    rows = []
    for key, value in environment.model_dump(exclude={"command"}, exclude_defaults=True).items():
        if isinstance(value, Mapping):
            rows.append((key, ", ".join(f"{name} {cell(item)}" for name, item in value.items())))
        else:
            rows.append((key, cell(value)))
    return rows


def _room(row: Row, prediction: PredictionOutcome) -> float:
    """How far within the margins a row lies, relative to its interval; negative outside."""
    logarithmic = prediction.ratio and finite(row.mean, 0.0) > 0
    place = math.log if logarithmic else float
    mean = place(finite(row.mean, 0.0))
    low, high = (finite(end, math.nan) for end in (row.low, row.high))
    width = 0.0
    if not math.isnan(low) and not math.isnan(high) and (not logarithmic or low > 0):
        width = (place(high) - place(low)) / 2
    rooms = []
    if prediction.low is not None and not (logarithmic and prediction.low <= 0):
        rooms.append(mean - place(prediction.low))
    if prediction.high is not None and not (logarithmic and prediction.high <= 0):
        rooms.append(place(prediction.high) - mean)
    return min(rooms, default=0.0) / max(width, 1e-12)


def _minus(text: str) -> str:
    return text.replace("-", "−")
