"""The stand of all states, and one Chromium that walks along it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.look.combinations import LAYOUTS, Combination
from tests.look.stand import Stand, load_shipped
from tests.servers import free_port
from tests.walks.conftest import serving
from tests.walks.processes import ROOT

HERE = Path(__file__).parent
PROBES = (HERE / "probes.js").read_text("utf-8")
AXE = (ROOT / "tests/npm/node_modules/axe-core/axe.min.js").read_text("utf-8")
LEAVES = "form_post"  # the state whose page posts itself to the application
FORCED = """["(forced-colors: active)", "(prefers-reduced-motion: reduce)"]
  .map(one => matchMedia(one).matches)"""
UNFOLD = "document.querySelectorAll('details').forEach(e => {e.open = true})"
# WCAG 2.2, 1.4.12; style sheets made by script are not the page's own, so no policy stops them.
SPACING = """{const sheet = new CSSStyleSheet();
sheet.replaceSync(`*{line-height:1.5!important;letter-spacing:.12em!important;
  word-spacing:.16em!important}p{margin-bottom:2em!important}`);
document.adoptedStyleSheets = [sheet]}"""
ENLARGING = {"spaced": SPACING, "zoomed": "document.documentElement.style.fontSize = '200%'"}


@dataclass
class Visitor:
    """Opens states in a tab as a combination says."""

    tab: Page
    stand: Stand

    def open(self, row: Combination) -> Page:
        width, height = LAYOUTS[row.layout]
        self.tab.set_viewport_size({"width": width, "height": height})
        self.tab.emulate_media(
            color_scheme="dark" if row.scheme == "dark" else "light",
            forced_colors="active" if row.scheme == "forced" else "none",
            reduced_motion="reduce" if row.scheme == "forced" else "no-preference",
            media="screen",
        )
        stays = row.state != LEAVES  # with its script it would be gone before anybody looks
        has_script = row.has_script and stays
        address = self.stand.address(row.state, row.locale, row.theme, has_script=has_script)
        answer = self.tab.goto(address)
        assert answer is not None
        assert answer.ok, address
        if row.scheme == "forced":
            assert self.tab.evaluate(FORCED) == [True, True]
        if row.layout in ENLARGING:
            self.tab.evaluate(ENLARGING[row.layout])
        return self.tab

    def show(
        self,
        state: str,
        locale: str = "bn",
        layout: str = "phone",
        *,
        theme: str = "portal",
        scheme: str = "light",
    ) -> Page:
        """Open a state as most people meet it."""
        row = Combination(theme, layout, scheme, has_script=True, locale=locale, state=state)
        return self.open(row)

    def probe(self, *probes: str) -> list[str]:
        """Return what the probes find on the page that is open."""
        asked = ",".join(f'probe.{one}().map(fault => "{one}: " + fault)' for one in probes)
        found: list[str] = self.tab.evaluate(f"{UNFOLD};[].concat({asked})")
        return found


@pytest.fixture(scope="session")
def stand() -> Iterator[Stand]:
    port = free_port()
    stand = Stand(load_shipped(), f"http://127.0.0.1:{port}")
    with serving(stand, port):
        yield stand


@pytest.fixture(scope="session")
def visitor(stand: Stand, chromium: Browser) -> Iterator[Visitor]:
    context = chromium.new_context()
    context.add_init_script(f"{AXE};{PROBES}")  # sent once, not with every page
    # Where the page that leaves would go: an answer without content keeps it standing.
    context.set_default_timeout(5_000)
    context.route(re.compile("^https:"), lambda route: route.fulfill(status=204))
    yield Visitor(context.new_page(), stand)
    context.close()
