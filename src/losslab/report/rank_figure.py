"""Mean ranks of arms over several data sets as a critical-difference diagram.

A bar joins arms that the test cannot tell apart.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from losslab.errors import UserError
from losslab.judgement.over_conditions import OverConditions

LONGEST_LABEL = 48


def draw_ranks(overall: OverConditions, noun: str = "data set") -> Figure:
    """The diagram of Demšar 2006, https://jmlr.org/papers/v7/demsar06a.html."""
    # it imports statsmodels, which takes a second
    from scikit_posthocs import critical_difference_diagram

    arms = list(overall.mean_ranks)
    short = {arm: arm if len(arm) <= LONGEST_LABEL else f"{arm[: LONGEST_LABEL - 1]}…" for arm in arms}
    names = short if len(set(short.values())) == len(arms) else {arm: arm for arm in arms}
    figure = Figure(figsize=(9, 1.6 + 0.28 * len(arms)), layout="constrained")
    axes = figure.add_subplot()
    critical_difference_diagram(
        {names[arm]: rank for arm, rank in overall.mean_ranks.items()},
        overall.p_values.rename(index=names, columns=names),
        ax=axes,
        label_fmt_left="{label} ({rank:.3g})",
        label_fmt_right="({rank:.3g}) {label}",
        label_props={"parse_math": False},
    )
    count = len(overall.conditions)
    bar = f"a bar joins arms that {overall.pair_test} cannot tell apart"
    axes.set_title(f"mean ranks over {count} {noun}s, 1 is best; {bar}", fontsize=10)
    return figure


def write_rank_figure(overall: OverConditions, path: Path, noun: str = "data set") -> None:
    """Saves the diagram in the format of the file's ending. Raises UserError if it cannot be saved."""
    try:
        draw_ranks(overall, noun).savefig(path, dpi=150, bbox_inches="tight", facecolor="white")
    except (OSError, ValueError) as error:  # matplotlib's ValueError names the formats
        raise UserError(f"the picture cannot be saved as {path}: {error}") from error
