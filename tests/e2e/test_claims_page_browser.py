"""The page of verdicts in a real browser: on a phone, a tablet and a wide screen, in the dark, and printed.

Needs Debian's chromium and playwright; skipped with a reason without them, required with
LOSSLAB_REQUIRE_BROWSER=1. With LOSSLAB_SCREENSHOTS=FOLDER every page is also saved as a picture.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fabricated_verdicts import arm, metric, prediction, row, verdict, with_runs
from losslab.report.claims.html import write_html

pytestmark = pytest.mark.xdist_group("claims_page")
LONG = "cross_entropy_with_label_smoothing_and_class_weights"
CONTRAST = """() => {
    const luminance = colour => {
        const channels = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(value => {
            const share = value / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    const against = colour => {
        const ink = luminance(colour);
        return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    };
    const words = [...document.querySelectorAll('p, h2, h4, td, .badge')].map(e => getComputedStyle(e).color);
    const labels = [...document.querySelectorAll('figure svg text')].map(e => getComputedStyle(e).fill);
    const lines = [...document.querySelectorAll('.swatch line')].map(e => getComputedStyle(e).stroke);
    return [Math.min(...[...words, ...labels].map(against)), Math.min(...lines.map(against)), labels.length];
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims")
    rows = [
        row(f"{LONG} − {other}", mean, condition="adam") for other, mean in (("mse", 0.02), ("l1", -0.01))
    ]
    wild = row(f"{LONG} / mse", 3.0, low=0.01, high=900.0)
    some = with_runs(
        verdict(
            arms=[
                arm(name, where)
                for where in ("adam", "sgd")
                for name in (LONG, *(f"arm_{n}" for n in range(8)))
            ],
            predictions=[
                prediction(rows=rows),
                prediction(rows=[wild], ratio=True, low=1.1, measured="steps"),
            ],
            command="losslab-reproduce " + "--override trainer.max_epochs=3 " * 6,
        ),
        folder,
    )
    some.arms[0].metrics |= {
        f"metric_{place}": metric(0.5, measured=f"test metric {place}") for place in range(9)
    }
    check = verdict("only_a_check", arms=[], outcome="confirmed")
    check.check.tables[0].columns = [f"column {place}" for place in range(12)]
    check.check.tables[0].rows = [["a cell"] * 12]
    write_html([some, check], folder, folder / "index.html")
    return f"file://{folder / 'index.html'}"


@pytest.fixture
def visit(browser, address, request):
    """visit(360, "dark") opens the page and gives it; complaints of the browser fail the test."""
    complaints = []
    contexts = []

    def go(width, colours):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda asked: complaints.append(asked.url) if asked.url != address else None)
        page.goto(address)
        if folder := os.environ.get("LOSSLAB_SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / f"claims_{colours}_{width}.png"), full_page=True)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not complaints


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1400])
def test_fits_the_screen_and_can_be_read(visit, width, colours):
    page = visit(width, colours)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = """width => [...document.querySelectorAll('main *')]
        .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll, pre, svg'))
        .map(e => e.outerHTML.slice(0, 80))"""
    assert page.evaluate(outside, width) == []
    words, lines, labels = page.evaluate(CONTRAST)
    assert words >= 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
    assert lines >= 3  # https://www.w3.org/TR/WCAG22/#non-text-contrast
    assert labels > 20
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (colours == "dark")
    strips = page.locator("svg.strip:visible")
    assert strips.count() >= 3
    assert min(strip.bounding_box()["width"] for strip in strips.all()) > 150


def test_links_lead_to_claims(visit):
    page = visit(800, "light")
    page.get_by_role("link", name="mse is better").click()
    top = page.locator("#claim-mse_is_better").bounding_box()["y"]
    assert abs(top) < 50


def test_print_shows_what_is_folded_away(visit, tmp_path):
    page = visit(800, "light")
    folded = page.get_by_text("seeds reported").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.bounding_box()["height"] > 5
    assert len(page.pdf(format="A4")) > 20_000
