"""A finished multirun as a user sees it: TensorBoard in a real browser, page by page.

Needs Debian's chromium and playwright; skipped with a reason without them, required with
LOSSLAB_REQUIRE_BROWSER=1. With LOSSLAB_SCREENSHOTS=FOLDER every page is also saved as a picture.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from commands import Started
from losslab import records

pytestmark = pytest.mark.xdist_group("tensorboard")
ARMS = ("cross_entropy", "mse")


@pytest.fixture(scope="module")
def multirun(browser, tmp_path_factory):
    """Two losses over two seeds, looked into with diagnostics=full."""
    folder = tmp_path_factory.mktemp("browser") / "losses"
    arguments = ["-m", f"loss={','.join(ARMS)}", "seed=0,1", "activation=sigmoid", "diagnostics=full"]
    arguments += ["trainer.max_epochs=4", "trainer.accelerator=cpu", f"folder={folder}"]
    log = folder.parent / "log"
    done = Started("losslab", *arguments, folder=folder.parent, out=log).wait(timeout=240)
    assert done == 0, log.read_text()
    return folder


@pytest.fixture(scope="module")
def address(multirun):
    """What `losslab-tensorboard` prints; at the end it must stop on Ctrl-C without a word of complaint."""
    log = multirun.parent / "tensorboard.log"
    process = Started("losslab-tensorboard", str(multirun), folder=multirun.parent, out=log)
    deadline = time.monotonic() + 60
    while not (log.exists() and "Ctrl-C" in log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    yield re.search(r"http://localhost:\d+/", log.read_text())[0]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page(viewport={"width": 1500, "height": 950})
    page.set_default_timeout(30_000)
    yield page
    page.close()


@pytest.fixture
def visit(page, address, request):
    """visit("scalars") opens that page of TensorBoard."""

    def go(name):
        page.goto("about:blank")  # from page to page TensorBoard rewrites the address as it likes
        page.goto(f"{address}#{name}")
        return page

    yield go
    if folder := os.environ.get("LOSSLAB_SCREENSHOTS"):
        page.wait_for_timeout(1500)
        page.screenshot(path=str(Path(folder) / f"{request.node.name.removeprefix('test_')}.png"))
    page.goto("about:blank")  # TensorBoard's pages go on drawing


def runs(multirun):
    return {folder.name: records.load(folder) for folder in records.find([multirun])}


def sees(page, *texts):
    for text in texts:
        page.get_by_text(text).first.wait_for(state="visible")


def sees_drawn(page, selector):
    """Some path inside `selector` has more than a point to draw."""
    # a line of many points has a long description; axes and legends have short ones
    page.wait_for_function(
        """selector => {
            const within = (root, found) => {
                for (const element of root.querySelectorAll('*')) {
                    if (element.matches(selector)) found.push(element);
                    if (element.shadowRoot) within(element.shadowRoot, found);
                }
                return found;
            };
            const paths = root => [
                ...root.querySelectorAll('path'),
                ...[...root.querySelectorAll('*')]
                    .filter(e => e.shadowRoot).flatMap(e => paths(e.shadowRoot)),
            ];
            return within(document, []).some(
                element => paths(element.shadowRoot || element).concat(paths(element))
                    .some(path => (path.getAttribute('d') || '').length > 60));
        }""",
        arg=selector,
    )


def test_time_series(visit, multirun):
    page = visit("timeseries")
    sees(page, *runs(multirun), "comparison", *(f"comparison/{arm}" for arm in ARMS))
    card = page.locator("card-view", has_text="accuracy/test").first
    for name, record in runs(multirun).items():
        row = card.locator("tb-data-table-content-row", has_text=name).first
        row.wait_for()
        numbers = [float(number) for number in re.findall(r"\d\.\d+", row.inner_text())]
        assert any(abs(number - record.primary("test")) < 5e-4 for number in numbers)


def test_scalars(visit, multirun):
    page = visit("scalars")
    groups = ("accuracy", "batch_loss", "gradient_norm", "update_ratio", "gradient_noise", "learning_rate")
    sees(page, *runs(multirun), "accuracy/validation", *groups)
    sees_drawn(page, "tf-scalar-card")


def test_custom_scalars(visit):
    page = visit("custom_scalars")
    sees(page, "validation accuracy: mean over seeds, band from lowest to highest", "Matches (2)")
    sees(page, "gradient norm of the first layer", "Matches (4)")
    sees_drawn(page, "tf-custom-scalar-margin-chart-card")
    sees_drawn(page, "tf-custom-scalar-multi-line-chart-card")


def test_histograms(visit, multirun):
    page = visit("histograms")
    sees(page, "gradients", "weights", "tag: activations/layer_1", *runs(multirun))
    sees_drawn(page, "vz-histogram-timeseries")


def test_distributions(visit, multirun):
    page = visit("distributions")
    sees(page, "gradients", "weights", "tag: activations/layer_1", *runs(multirun))
    sees_drawn(page, "vz-distribution-chart")


def test_images(visit):
    page = visit("images")
    sees(page, "tag: comparison", "gradient_norms")
    picture = page.locator("tf-image-loader img").first
    picture.wait_for(state="visible")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300


def test_hparams_shows_every_run_and_sorts(visit, multirun):
    page = visit("hparams")
    sees(page, "learning_rate", "final/accuracy_test", "final/accuracy_validation")
    sees(page, *runs(multirun))

    def trials():
        cells = page.locator("vaadin-grid-cell-content").all_inner_texts()
        return [cell.strip() for cell in cells if cell.strip() in runs(multirun)]

    values = {name: record.primary("test") for name, record in runs(multirun).items()}
    cells = [cell.strip() for cell in page.locator("vaadin-grid-cell-content").all_inner_texts()]
    assert {f"{value:.5f}" for value in values.values()} <= set(cells)
    assert set(ARMS) <= set(cells)
    for place, choice in enumerate(("final/accuracy_test", "Descending")):
        menu = page.locator("paper-dropdown-menu:visible").nth(place)
        menu.click()
        menu.locator("paper-item", has_text=choice).first.click()
    best_first = sorted(values, key=lambda name: -values[name])
    for _ in range(50):
        if trials() == best_first:
            break
        page.wait_for_timeout(100)
    assert trials() == best_first


def test_text(visit):
    page = visit("text")
    sees(page, "comparison/text_summary", "difference from cross_entropy", "config", "findings", "model")
    sees(page, *ARMS)


def test_graphs(visit):
    page = visit("graphs")
    sees(page, "Main Graph")
    for node in ("input", "Sequential", "output"):
        page.locator("tf-graph-scene text", has_text=node).first.wait_for(state="visible")


def test_projector(visit):
    page = visit("projector")
    inner = page.frame_locator("iframe").frame_locator("iframe")
    inner.get_by_text("penultimate_layer").first.wait_for(state="attached")  # in a menu
    inner.get_by_text("270").first.wait_for(state="visible")  # validation samples of digits
    inner.get_by_text("128").first.wait_for(state="visible")  # units of the hidden layer
