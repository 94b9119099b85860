"""The page of verdicts: everything is on it, nothing on it is live, and it stands alone."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest

from fabricated_verdicts import HOSTILE, arm, metric, point, prediction, row, verdict, with_runs
from losslab.claims import verdict as verdicts
from losslab.claims.check_result import CheckResult, Table
from losslab.errors import UserError
from losslab.records.record import Environment
from losslab.report.claims.figures import MOST_POINTS, curve_pictures, sensitivity_pictures
from losslab.report.claims.html import write_html
from losslab.report.claims.report import write_report

VOID = {"meta", "br", "wbr", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Text, tags and attributes; fails on tags that are not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).replace("\u00a0", " ").split())


def page_of(tmp_path, *some):
    write_html(some, tmp_path, tmp_path / "report" / "index.html")
    return Page((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))


def test_every_part_of_a_claim_is_there(tmp_path):
    page = page_of(tmp_path, with_runs(verdict(), tmp_path))
    for part in (
        "MSE is better than cross-entropy.",
        "an article, section 2",
        "At one learning rate, says the article.",
        "Use cross-entropy: MSE ends 0.02 lower.",
        "right advice, wrong reason",
        "mse (sgd): 1 of 8 runs collapsed",
        "MSE is calibrated better.",
        "1 run of mse failed and is missing.",
        "MSE is better by one point.",
        "One point is what a reader would notice.",
        "test accuracy",
        "at least 0.01",
        "0.0021",
        "mse − cross_entropy",
        "−0.020 [−0.030, −0.010]",
        "0.930 [0.920, 0.940]",
        "lr 0.01",
        "validation accuracy by step",
        "tuning optimizer.lr",
        "dead units (1 of 2)",
        "Half precision ends at 65504.",
        "logit",
        "1.4612",
        "losslab-reproduce mse_is_better",
        "torch 2.11.0",
        "digits",
        "4 min",
    ):
        assert part in page.text, part
    assert "not shown" not in page.text


def test_grouped_by_outcome_with_counts(tmp_path):
    some = [
        verdict(f"claim_{place}", outcome=outcome)
        for place, outcome in enumerate(["depends", "confirmed", "undecided", "confirmed"])
    ]
    text = page_of(tmp_path, *some).text
    assert re.search(r"2 confirmed\s?1 depends\s?1 undecided", text)
    order = [
        text.index(words) for words in ("holds wherever", "holds under some conditions", "do not decide it")
    ]
    assert order == sorted(order)
    assert "fails wherever it was tested" not in text


def test_hostile_text_stays_text(tmp_path):
    hostile = verdict(
        HOSTILE,
        statement=HOSTILE,
        source=HOSTILE,
        note=HOSTILE,
        summary=HOSTILE,
        predictions=[
            prediction(HOSTILE, why=HOSTILE, rows=[row(f'"{HOSTILE}', condition=HOSTILE, notes=[HOSTILE])])
        ],
        arms=[arm(HOSTILE, HOSTILE, primary=HOSTILE, metrics={HOSTILE: metric(0.5)}, findings={HOSTILE: 1})],
        check=CheckResult({HOSTILE: 1.0}, [Table(HOSTILE, [HOSTILE], [[HOSTILE]])], [HOSTILE]),
        protocol={HOSTILE: HOSTILE},
        problems=[HOSTILE],
        command=HOSTILE,
        environment=Environment(packages={HOSTILE: HOSTILE}),
    )
    page = page_of(tmp_path, hostile)
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count("alert(1)") > 15
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_the_page_stands_alone(tmp_path):
    page = page_of(tmp_path, with_runs(verdict(), tmp_path))
    addresses = [
        value for _, attributes in page.tags for name, value in attributes.items()
        if name in ("href", "src", "xlink:href", "srcset")
    ]  # fmt: skip
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    source = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "@import" not in source
    assert set(re.findall(r"url\((.)", source)) <= {"#"}
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)), "two figures share an id: one is clipped by the other"
    assert {address[1:] for address in addresses} <= set(ids)


@pytest.mark.parametrize(
    "some",
    [
        verdict(arms=[], protocol={}, environment=Environment()),
        verdict(check=None),
        verdict(check=CheckResult({}, [], [])),
        verdict(predictions=[]),
        verdict(predictions=[prediction(rows=[])]),
        verdict(
            predictions=[
                prediction(
                    rows=[row(mean=None, n=0), row(mean=math.nan), row(mean=0.0, low=None, high=None, n=1)],
                    p_value=math.nan,
                    outcome="open",
                )
            ]
        ),
        verdict(
            arms=[
                arm(
                    metrics={"accuracy": metric(None, n=0)},
                    finished=0,
                    failed=2,
                    chosen={},
                    tuning=[],
                    primary="",
                    findings={},
                )
            ]
        ),
        verdict(arms=[arm(metrics={})]),
        verdict(
            predictions=[
                prediction(
                    ratio=True,
                    low=None,
                    high=0.5,
                    rows=[
                        row(mean=2.0, low=0.001, high=4000.0),
                        row(mean=0.0),
                        row(mean=1e12, high=math.inf),
                    ],
                )
            ]
        ),
        verdict(predictions=[prediction(low=1.0, high=1.0, rows=[row(mean=1.0, low=1.0, high=1.0)])]),
        verdict(predictions=[prediction(low=0.0, rows=[row(mean=0.0, low=0.0, high=0.0)])]),
    ],
    ids=[
        "no arms", "no check", "empty check", "no predictions", "no rows", "no numbers", "no finished run",
        "no metrics", "extreme ratios", "exact on its margin", "nothing but zero",
    ],
)  # fmt: skip
def test_what_may_be_missing(tmp_path, some):
    folder = tmp_path / "claims" / some.claim
    folder.mkdir(parents=True)
    verdicts.save(some, folder)
    path = write_report(tmp_path / "claims")
    assert path == tmp_path / "claims" / "report" / "index.html"
    page = Page(path.read_text(encoding="utf-8"))
    assert some.statement in page.text
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text
    places = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("x", "cx", "x1")
    ]
    assert not any("nan" in place for place in places)


def test_no_verdicts(tmp_path):
    assert "There is no verdict yet." in page_of(tmp_path).text


def test_runs_that_are_gone_or_broken_are_not_drawn(tmp_path):
    some = with_runs(verdict(), tmp_path)
    home = tmp_path / some.claim
    (home / some.arms[0].runs[0] / "curves.csv").write_text("")
    (home / some.arms[0].runs[1] / "record.json").write_text("{")
    some.arms[1].runs.append("reporting/gone")
    assert len(curve_pictures(some, home)) >= 1
    assert curve_pictures(verdict(), home) == []


def test_a_run_that_broke_off_ends_in_a_cross(tmp_path):
    whole = with_runs(verdict("whole"), tmp_path)
    broken = with_runs(verdict("broken"), tmp_path, ("finished", "diverged"))
    marks = [
        str(curve_pictures(some, tmp_path / some.claim)[0].svg).count("<use ") for some in (whole, broken)
    ]
    assert marks[1] == marks[0] + 2  # one for each arm


def test_long_curves_are_thinned_with_both_ends(tmp_path):
    some = with_runs(verdict(arms=[arm()]), tmp_path)
    home = tmp_path / some.claim
    for run in some.arms[0].runs:
        lines = [f"{step},0.0,validation,accuracy,{1 - 1 / (1 + step)}" for step in range(0, 30_000, 3)]
        (home / run / "curves.csv").write_text("\n".join(["step,seconds,split,metric,value", *lines]))
    picture = str(curve_pictures(some, home)[0].svg)
    longest = max(re.findall(r' d="([^"]*)"', picture), key=len)
    assert MOST_POINTS <= longest.count("L") + 1 <= 2 * MOST_POINTS + 4
    assert len(picture) < 20_000


def test_arms_keep_their_colour_under_every_condition(tmp_path):
    arms = [arm(name, condition) for condition in ("adam", "sgd") for name in ("mse", "l1")]
    some = verdict(arms=arms[:2] + arms[:1:-1])
    first, second = (str(picture.svg) for picture in sensitivity_pictures(some))
    assert re.findall(r"--series-\d", first)[0] == "--series-0"
    assert re.findall(r"--series-\d", second)[0] == "--series-1"


def test_sensitivity_of_words_and_of_several_keys():
    points = [
        point([mean], optimizer=name, optimizer__lr=rate)
        for name, rate, mean in [
            ("adam", 0.1, 0.5),
            ("adam", 0.01, 0.9),
            ("sgd", 0.1, 0.7),
            ("sgd", 0.01, 0.6),
        ]
    ]
    some = verdict(arms=[arm(tuning=points, chosen={"optimizer": "adam", "optimizer.lr": 0.01})])
    by_optimizer, by_rate = sensitivity_pictures(some)
    assert by_optimizer.caption == "tuning optimizer, everything else at its best"
    assert ">adam<" in by_optimizer.svg
    assert ">0.01<" in by_rate.svg


def test_a_page_for_all_claims_is_small(tmp_path):
    """32 claims of 5 arms, 2 conditions and 4 predictions of 8 rows stay below 8 MB: measured on one."""
    arms = [arm(f"arm_{place}", condition) for condition in "ab" for place in range(5)]
    rows = [row(f"arm_{place} − arm_0", condition=condition) for condition in "ab" for place in range(1, 5)]
    some = with_runs(verdict(arms=arms, predictions=[prediction(rows=rows)] * 4), tmp_path, ("finished",) * 2)
    for run in (run for one in some.arms for run in one.runs):
        lines = [f"{step},0.0,validation,accuracy,{1 - 1 / (1 + step)}" for step in range(200)]
        text = "\n".join(["step,seconds,split,metric,value", *lines])
        (tmp_path / some.claim / run / "curves.csv").write_text(text)
    page_of(tmp_path, some)
    assert (tmp_path / "report" / "index.html").stat().st_size < 8e6 / 32


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "report").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        write_html([verdict()], tmp_path, tmp_path / "report" / "index.html")


def test_papers_are_a_part_of_their_own_beside_what_they_report(tmp_path):
    paper = verdict("squentropy", part="papers", reported="Better calibrated.", outcome="confirmed")
    page = page_of(tmp_path, paper, verdict())
    first, second = (
        page.text.index("Articles: what is told"),
        page.text.index("Papers: what the literature reports"),
    )
    assert first < second
    table = page.text[page.text.index("What papers report, and what was found here") :]
    assert re.match(r".*?squentropy\s*Better calibrated\.\s*confirmed Use cross-entropy", table)
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert {target.removeprefix("#") for target in targets} <= set(ids)
    assert "Papers:" not in page_of(tmp_path, verdict()).text
