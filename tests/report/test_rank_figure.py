"""The critical-difference diagram: arms, ranks, and names as they are."""

import numpy as np
import pandas as pd

from losslab.judgement.judge import judge
from losslab.report.rank_figure import draw_ranks


def test_names_and_ranks_are_shown_as_they_are():
    rng = np.random.default_rng(0)
    arms = ["$ce$", "mse, optimizer.lr=0.1, " + 50 * "x", "l1"]
    frame = pd.DataFrame(
        [(d, a, s, rng.normal(k)) for d in range(6) for k, a in enumerate(arms) for s in range(2)],
        columns=["condition", "arm", "seed", "score"],
    )
    overall = judge(frame, metric="score", condition="condition").overall
    figure = draw_ranks(overall, "task")
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert len(texts) == 3
    assert any("$ce$" in text and f"{overall.mean_ranks['$ce$']:.3g}" in text for text in texts)
    assert "over 6 tasks" in axes.get_title()
    figure.canvas.draw()
