"""The documentation as a site: built without network and without a warning, then used in a real browser.

With LOSSLAB_SCREENSHOTS=FOLDER every page that is visited is also saved as a picture.
"""

from __future__ import annotations

import functools
import os
import re
import socket
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import losslab

pytestmark = pytest.mark.xdist_group("site")
TOP = Path(__file__).parents[2]
LOCAL = ("http://127.0.0.1", "data:", "blob:")
CLAIM = "claims/softmax_before_cross_entropy/"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; mkdocs ends strict builds with SystemExit if there is a warning."""
    from mkdocs.commands.build import build  # not needed to collect the tests
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")

    def refuse(*_):
        raise OSError("the site must be built without network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        config = load_config(str(TOP / "mkdocs.yml"), strict=True, site_dir=str(folder))
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    return folder


@pytest.fixture(scope="module")
def address(site):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_every_claim_and_every_public_name_has_its_place(site):
    for page in (TOP / "docs" / "claims").glob("*.md"):
        assert (site / "claims" / page.stem / "index.html").is_file()
    reference = (site / "api" / "functions" / "index.html").read_text(encoding="utf-8")
    for name in losslab._PUBLIC:
        assert re.search(rf"<h3[^>]*>\s*(<[^>]*>\s*)*losslab\.{name}\s*<", reference), name


def test_pages_need_nothing_from_other_servers(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(
            r"<(?:script|img|iframe)[^>]* src=\"https?:|<link[^>]*stylesheet[^>]*https?:", text
        )


@pytest.fixture
def visit(browser, address):
    """visit("claims/", "dark") opens a page; complaints of the browser fail the test."""
    complaints, contexts = [], []

    def go(path, colours="light"):
        contexts.append(browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=colours))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda asked: complaints.append(asked.url))
        page.on("request", lambda asked: asked.url.startswith(LOCAL) or complaints.append(asked.url))
        page.goto(address + path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not complaints


@pytest.mark.parametrize(
    ("path", "colours"),
    [("", "light"), ("", "dark"), (CLAIM, "light"), (CLAIM, "dark"), ("api/functions/", "light")],
)
def test_pages_fit_the_screen(visit, path, colours):
    page = visit(path, colours)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (colours == "light")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    for width in (390, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        # the menu slides out when the width changes, so this may take a moment
        page.wait_for_function(
            "width => document.documentElement.scrollWidth <= width", arg=width, timeout=5000
        )
        if folder := os.environ.get("LOSSLAB_SCREENSHOTS"):
            name = f"site_{path.strip('/').replace('/', '_') or 'home'}_{width}_{colours}.png"
            page.screenshot(path=str(Path(folder) / name), full_page=True)


def test_search_leads_to_a_claim(visit):
    page = visit("")
    page.locator("input[name=query]").fill("focal_on_imbalance")
    page.locator(".md-search-result__item a").first.click()
    page.wait_for_url("**/claims/focal_on_imbalance/**")
    assert page.get_by_text("losslab-reproduce focal_on_imbalance").is_visible()
