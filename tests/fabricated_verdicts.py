"""Verdicts for tests of reports: every part there is, with names and numbers that reports must survive."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from fabricated_records import fabricate, write
from losslab.claims.check_result import CheckResult, Table
from losslab.claims.verdict import (
    ArmMetric,
    ArmResult,
    CollapsedShare,
    ConditionVerdict,
    PredictionOutcome,
    Row,
    TunedPoint,
    Verdict,
)
from losslab.records.record import Environment

HOSTILE = "<script>alert(1)</script>"


def row(label: str = "mse − cross_entropy", mean: float | None = -0.02, **changes: Any) -> Row:
    near = None if mean is None else mean
    low, high = (None, None) if near is None else (near - 0.01, near + 0.01)
    fields: dict[str, Any] = {
        "label": label,
        "condition": "",
        "mean": mean,
        "low": low,
        "high": high,
        "level": 0.05,
        "n": 5,
        "exact": False,
        "outcome": "fails",
        "narrow": False,
        "values": [] if near is None else [near - 0.005, near, near + 0.005],
        "notes": [],
    }
    return Row(**{**fields, **changes})


def prediction(says: str = "MSE is better by one point.", **changes: Any) -> PredictionOutcome:
    fields: dict[str, Any] = {
        "says": says,
        "why": "One point is what a reader would notice.",
        "role": "core",
        "measured": "test accuracy",
        "margin": "at least 0.01",
        "low": 0.01,
        "high": None,
        "ratio": False,
        "rows": [row()],
        "outcome": "fails",
    }
    return PredictionOutcome(**{**fields, **changes})


def metric(mean: float | None, n: int = 2, **changes: Any) -> ArmMetric:
    low, high = (None, None) if mean is None else (mean - 0.01, mean + 0.01)
    fields: dict[str, Any] = {
        "measured": "test accuracy",
        "mean": mean,
        "low": low,
        "high": high,
        "n": n,
        "values": {"0": mean, "1": mean},
    }
    return ArmMetric(**{**fields, **changes})


def point(values: list[float], diverged: int = 0, **tuned: Any) -> TunedPoint:
    """`tuned`: key -> value, with __ for each dot."""
    mean = sum(values) / len(values) if values else None
    keys = {key.replace("__", "."): value for key, value in tuned.items()}
    return TunedPoint(point=keys, mean=mean, values=values, diverged=diverged)


def arm(name: str = "mse", condition: str = "", **changes: Any) -> ArmResult:
    fields: dict[str, Any] = {
        "condition": condition,
        "arm": name,
        "overrides": [f"loss={name}"],
        "chosen": {"optimizer.lr": 0.01},
        "at_edge": [],
        "tuning": [
            point([0.79, 0.81], optimizer__lr=0.001),
            point([0.89, 0.91], optimizer__lr=0.01),
            point([], 2, optimizer__lr=0.1),
        ],
        "primary": "accuracy",
        "higher_is_better": True,
        "metrics": {
            "accuracy": metric(0.93),
            "macro_f1": metric(0.92, measured="test macro f1"),
            "steps to 0.95": metric(
                120.0,
                measured="optimiser steps until the primary validation metric first reaches 0.95",
                censored=1,
            ),
        },
        "finished": 2,
        "diverged": 0,
        "failed": 0,
        "findings": {"dead_units": 1},
        "runs": [],
    }
    return ArmResult(**{**fields, **changes})


def verdict(claim: str = "mse_is_better", **changes: Any) -> Verdict:
    fields: dict[str, Any] = {
        "claim": claim,
        "statement": "MSE is better than cross-entropy.",
        "source": "an article, section 2",
        "note": "At one learning rate, says the article.",
        "tags": ["right advice, wrong reason"],
        "quick": False,
        "outcome": "refuted",
        "where": "",
        "conditions": [ConditionVerdict(condition="", word="refuted", seeds=5)],
        "answer": "Use cross-entropy: MSE ends 0.02 lower.",
        "summary": "Core: 1 fails. Sides: 1 holds.",
        "predictions": [
            prediction(),
            prediction("MSE is calibrated better.", role="side", outcome="holds", p_value=0.0021),
        ],
        "collapsed": [
            CollapsedShare(condition="sgd", arm="mse", seeds=[3], n=8, share=0.125, low=0.003, high=0.53)
        ],
        "arms": [arm("mse"), arm("cross_entropy")],
        "check": CheckResult(
            quantities={"floor": 1.4612, "ratios": [1.0, 2.0, 1.0, 2.0, 1.0]},
            tables=[Table("Values", ["logit", "float16"], [[20, math.inf], [50, None]])],
            notes=["Half precision ends at 65504."],
        ),
        "protocol": {"task": "digits", "seeds reported": "0, 1"},
        "problems": ["1 run of mse failed and is missing."],
        "command": f"losslab-reproduce {claim}",
        "environment": Environment(python="3.12.1", packages={"torch": "2.11.0"}, command=["not shown"]),
        "seconds": 240.0,
    }
    return Verdict(**{**fields, **changes})


def with_runs(some: Verdict, folder: Path, statuses: tuple[str, ...] = ("finished", "finished")) -> Verdict:
    """The same verdict with a recorded run of each arm for each status, in `folder`/<claim>."""
    for place, one in enumerate(some.arms):
        for seed, status in enumerate(statuses):
            run = f"reporting/{one.condition}{place}-{seed}"
            values = [0.1, 0.7 - 0.1 * place, 0.9 - 0.1 * place + 0.01 * seed]
            write(fabricate("mse", seed, values[-1], status=status), folder / some.claim / run, values)
            one.runs.append(run)
    return some
