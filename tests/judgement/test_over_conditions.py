"""One answer over several data sets: ranks, tests against other libraries, and what is left out."""

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from scipy import stats

from losslab.judgement.judge import judge


def frame(means, data_sets=6, seeds=4, noise=0.002):
    """A row a run. `means`: arm -> one value, or one per data set."""
    rng = np.random.default_rng(0)
    rows = []
    for place in range(data_sets):
        for seed in range(seeds):
            shared = rng.normal(0, 0.02)
            for arm, mean in means.items():
                value = np.broadcast_to(mean, data_sets)[place] + shared + rng.normal(0, noise)
                rows.append((f"set{place}", arm, seed, value))
    return pd.DataFrame(rows, columns=["data", "loss", "seed", "accuracy"])


def overall(table, **options):
    return judge(table, **{"arm": "loss", "metric": "accuracy", "condition": "data", **options}).overall


def medians(table):
    return table.pivot_table(index="data", columns="loss", values="accuracy", aggfunc="median", sort=False)


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(3)
    return frame(
        {
            arm: 0.9 + centre + rng.normal(0, 0.02, 9)
            for arm, centre in zip("abcd", (0, 0.01, 0.02, 0.05), strict=True)
        },
        9,
    )


def test_several_arms_agree_with_scipy_and_scikit_posthocs(mixed):
    found = overall(mixed, margin=0.01)
    scores = medians(mixed)[list("abcd")]
    assert found.test == "Friedman"
    assert found.p_value == pytest.approx(stats.friedmanchisquare(*scores.to_numpy().T).pvalue)
    expected = scikit_posthocs.posthoc_nemenyi_friedman(scores.to_numpy())
    assert found.p_values.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-6)
    assert found.mean_ranks == pytest.approx(scores.rank(axis=1, ascending=False).mean().to_dict())
    # Demšar 2006, table 5: q = 2.569 for four classifiers
    assert found.critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 9)), rel=1e-3)


def test_two_arms_are_compared_by_wilcoxon():
    table = frame({"ce": 0.95, "mse": [0.92, 0.93, 0.94, 0.91, 0.90, 0.96, 0.93]}, 7)
    found = overall(table)
    differences = medians(table)["ce"] - medians(table)["mse"]
    assert found.test == "Wilcoxon"
    assert found.p_value == pytest.approx(stats.wilcoxon(differences).pvalue)
    few = overall(table[table["data"] < "set3"])
    assert "fewer than 6 data sets cannot show a difference" in few.sentences()[0]


def test_lower_is_better_and_wins_within_the_margin():
    table = frame(
        {"ce": [0.30, 0.20, 0.20], "mse": [0.32, 0.40, 0.15], "l1": [0.50, 0.50, 0.50]}, 3, noise=0.0001
    )
    found = overall(table, lower_is_better=True, margin="10%")
    assert found.mean_ranks == pytest.approx({"ce": 4 / 3, "mse": 5 / 3, "l1": 3})
    assert found.won == {"ce": 2, "mse": 2, "l1": 0}
    assert found.frame()["arm"].tolist() == ["ce", "mse", "l1"]
    assert dict(found.decisions["l1"]) == {"worse": 3}
    assert "l1 beside ce, of 3 data sets: worse on 3." in found.sentences()


def test_arms_that_are_all_equal_do_not_differ():
    table = frame({"ce": 0.9, "mse": 0.9, "l1": 0.9}, noise=0.0)
    found = overall(table)
    assert found.p_value == 1.0
    assert set(found.mean_ranks.values()) == {2.0}
    assert overall(table[table["loss"] != "l1"]).p_value == 1.0


def test_data_sets_without_a_common_seed_are_named():
    table = frame({"ce": 0.95, "mse": 0.92}, 4)
    table.loc[(table["data"] == "set1") & (table["loss"] == "mse"), "accuracy"] = np.nan
    found = overall(table)
    assert found.conditions == ("set0", "set2", "set3")
    assert found.sentences()[-1] == "Not ranked, as not all arms have a value for the same seed: set1."
    assert overall(table[table["data"] == "set0"]) is None
