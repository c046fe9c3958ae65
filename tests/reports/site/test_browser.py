"""Open the site of all sample datasets in Chromium: pages, charts, tables, downloads and accessibility.

The tests keep pictures of the pages in the folder `screenshots`, for people to look at.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from pyspark.sql import types as T

from reports.facts import DatasetFacts
from reports.site.pages import MAX_TABLE_ROWS
from tests.reports.shared import SAMPLED, made_once
from workflows.report import Outputs, write_reports

PAGES = ("index", "quality", *SAMPLED)
SCREENSHOTS = Path(__file__).parents[3] / "screenshots"
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed. Install the package chromium")
    with sync_playwright() as playwright:
        # Containers run tests as root, and Chromium's sandbox does not work as root. Their shared memory is small.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(sample_warehouse: Path, shared_folder: Path) -> Path:
    outputs, warehouse = Outputs(site=str(shared_folder / "site")), str(sample_warehouse)
    return made_once(
        shared_folder / "site",
        lambda: write_reports(SAMPLED, outputs, only_published=False, warehouse=warehouse, quiet=True),
    )


class Visit:
    """Opens pages, and collects everything that goes wrong."""

    def __init__(self, browser: Browser, site: Path) -> None:
        self.browser, self.site = browser, site
        self.problems: list[str] = []

    def open(self, name: str, **settings) -> Page:
        page = self.browser.new_context(**{"viewport": LAPTOP, **settings}).new_page()
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("requestfailed", lambda request: self.problems.append(f"not loaded: {request.url}"))
        page.on("request", self._check_request)
        page.goto(f"file://{self.site}/{name}.html")
        return page

    def _check_request(self, request) -> None:
        if not request.url.startswith(("file://", "data:", "blob:")):
            self.problems.append(f"network: {request.url}")


@pytest.fixture
def visit(browser: Browser, site: Path) -> Iterator[Visit]:
    visit = Visit(browser, site)
    yield visit
    for context in browser.contexts:
        context.close()


def make_all_charts_interactive(page: Page, width: str) -> int:
    """Bring each chart into view until it is interactive, and return the number of charts."""
    charts = page.locator(f".chart.{width}")
    for number in range(charts.count()):
        charts.nth(number).scroll_into_view_if_needed()
        page.locator(f".chart.{width}[data-interactive]").nth(number).wait_for(state="attached")
    return charts.count()


@pytest.mark.parametrize("name", PAGES)
def test_pages_load_without_errors_and_have_no_serious_faults(visit: Visit, name: str) -> None:
    """axe looks for faults of accessibility, in light and in dark colors."""
    for scheme in ("light", "dark"):
        page = visit.open(name, color_scheme=scheme)
        page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]}).response["violations"]
        faults = {
            fault["id"]: fault["nodes"][0]["html"] for fault in found if fault["impact"] in ("serious", "critical")
        }
        assert faults == {}, scheme

    assert visit.problems == []


@pytest.mark.parametrize("name", SAMPLED)
def test_charts_have_marks_before_and_after_they_become_interactive(visit: Visit, name: str) -> None:
    page = visit.open(name)
    counts = "svgs => svgs.map(svg => svg.querySelectorAll('path, circle').length)"
    drawn = page.locator(".chart.wide svg").evaluate_all(counts)

    assert make_all_charts_interactive(page, "wide") == len(drawn) > 0
    assert min(drawn) > 0
    assert min(page.locator(".chart.wide svg").evaluate_all(counts)) > 0
    assert visit.problems == []


def test_charts_need_no_script(visit: Visit) -> None:
    page = visit.open("police_dispatch", java_script_enabled=False)

    assert page.locator(".chart.wide svg").first.is_visible()
    assert not page.locator(".chart.narrow svg").first.is_visible()


def test_a_phone_shows_narrow_charts_and_does_not_scroll_sideways(visit: Visit) -> None:
    for name in PAGES:
        page = visit.open(name, viewport=PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name

    page = visit.open("police_dispatch", viewport=PHONE)
    assert page.locator(".chart.narrow svg").first.is_visible()
    assert not page.locator(".chart.wide svg").first.is_visible()


def test_interactive_charts_show_values(visit: Visit) -> None:
    page = visit.open("police_dispatch")
    make_all_charts_interactive(page, "wide")
    page.locator("#cities .mark-rect path").first.hover()

    assert "SILVER SPRING" in page.locator("#vg-tooltip-element").inner_text()


def test_the_keyboard_sorts_tables(visit: Visit) -> None:
    page = visit.open("police_dispatch")
    page.locator("#cities summary").click()

    def counts() -> list[int]:
        return [int(text.replace(",", "")) for text in page.locator("#table-cities td:nth-child(3)").all_inner_texts()]

    before = counts()
    page.locator("#table-cities th:nth-child(3) button").press("Enter")
    assert counts() == sorted(before)
    page.locator("#table-cities th:nth-child(3) button").press("Enter")
    assert counts() == sorted(before, reverse=True)
    assert page.locator("#table-cities th[aria-sort=descending]").inner_text().startswith("Incidents")


CLICK_ALL_HEADERS = """tables => tables.flatMap(table => [...table.tHead.rows[0].cells].flatMap(header =>
    ["ascending", "descending"].map(order => {
        header.querySelector("button").click();
        const cells = [...table.tBodies[0].rows].map(row => row.cells[header.cellIndex].textContent.trim());
        return [`${table.id} ${header.textContent} ${order}`, header.ariaSort === order, cells];
    })))"""


def compare(page: Page, first: str, second: str) -> float:
    """Compare two cells: numbers by value, and texts as the collation of the browser does."""
    try:
        return float(first.replace(",", "")) - float(second.replace(",", ""))
    except ValueError:
        order: float = page.evaluate("([a, b]) => new Intl.Collator().compare(a, b)", [first, second])
        return order


@pytest.mark.parametrize("name", ["quality", *SAMPLED])
def test_each_table_sorts_by_each_column(visit: Visit, name: str) -> None:
    page = visit.open(name)
    before = page.locator("tbody td").evaluate_all("cells => cells.map(cell => cell.textContent).sort()")
    sorted_columns = page.locator("table").evaluate_all(CLICK_ALL_HEADERS)

    for label, is_announced, cells in sorted_columns:
        known = [cell for cell in cells if cell != "-"]
        assert cells == [*known, *["-"] * (len(cells) - len(known))], label  # A missing value is always last.
        pairs = pairwise(known if label.endswith("ascending") else known[::-1])
        assert all(compare(page, *pair) <= 0 for pair in pairs if pair[0] != pair[1]), label
        assert is_announced, label
    assert len(sorted_columns) > 4
    assert page.locator("tbody td").evaluate_all("cells => cells.map(cell => cell.textContent).sort()") == before
    assert visit.problems == []


@pytest.mark.parametrize("name", SAMPLED)
def test_each_download_equals_its_table(visit: Visit, name: str, sample_reports: dict[str, DatasetFacts]) -> None:
    page = visit.open(name)
    for answer in sample_reports[name].answers:
        section = page.locator(f"#{answer.answer.name}")
        section.locator("summary").click()
        with page.expect_download() as download:
            section.locator("a[download]").click()
        downloaded = [*csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8").splitlines())]
        cells = section.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )

        # For pages that are opened as files, the browser ignores the shorter name that the link suggests.
        file_name = rf"{name}_{answer.answer.name}(\.\w+)?\.csv"
        assert re.fullmatch(file_name, download.value.suggested_filename)
        assert len(downloaded) == len(answer.rows)
        assert cells == [
            [column.text(parse(row[column.name], answer.schema[column.name].dataType)) for column in answer.columns]
            for row in downloaded[:MAX_TABLE_ROWS]
        ]


def parse(cell: str, data_type: T.DataType) -> Any:
    """Return the value of a cell of a csv file."""
    if not cell or isinstance(data_type, T.StringType):
        return cell or None
    if isinstance(data_type, T.DateType):
        return date.fromisoformat(cell)
    return cell == "true" if isinstance(data_type, T.BooleanType) else json.loads(cell)


def test_a_picture_for_the_readme_is_kept(visit: Visit) -> None:
    """`docs/report.png` is a copy of this picture."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page = visit.open("inquiry_volume", viewport={"width": 800, "height": 900})
    page.screenshot(path=SCREENSHOTS / "report.png")

    assert page.locator("#departments .chart.wide svg").is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_pictures_of_the_pages_are_kept(visit: Visit, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    views = {"laptop": {"viewport": LAPTOP}, "phone": {"viewport": PHONE, "color_scheme": "dark"}, "print": {}}
    for kind, settings in views.items():
        page = visit.open(name, **settings)
        page.emulate_media(media="print" if kind == "print" else "screen")
        page.screenshot(path=SCREENSHOTS / f"{name}-{kind}.png", full_page=True)
        page.context.close()

    assert {path.name for path in SCREENSHOTS.glob(f"{name}-*.png")} == {f"{name}-{kind}.png" for kind in views}
