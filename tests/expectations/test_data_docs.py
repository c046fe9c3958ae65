"""Great Expectations renders the pages. The tests read the text of the pages, as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from expectations.data_docs import DataDocsError, SavedResult, render
from expectations.errors import ExpectationError

BETWEEN = "expect_column_values_to_be_between"


class Page(HTMLParser):
    """Collects the links, tags, text and table rows of a page. The text of a row includes the text of nested tables."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.rows, self.links, self.tags, self.text = path, [], [], [], ""
        self._open, self._skip = [], False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._skip = tag in ("style", "script")
        if tag == "tr":
            self._open.append(len(self.rows))
            self.rows.append("")
        self.links += [value for name, value in attrs if name == "href" and tag == "a"]

    def handle_data(self, data):
        if not self._skip:
            self.text += data
            for row in self._open:
                self.rows[row] = " ".join(f"{self.rows[row]} {data}".split())

    def handle_endtag(self, tag):
        self._skip = False
        if tag == "tr":
            self._open.pop()

    def row(self, text: str) -> str:
        return next(row for row in self.rows if text in row)


def make_result(id_="n_ok", type_=BETWEEN, success=True, result=None, meta=None, **config):
    config = {"kwargs": {"column": "n", "min_value": 0, "mostly": 0.95}, "description": None, **config}
    met = {"element_count": 10, "unexpected_count": 0, "unexpected_percent": 0.0, "partial_unexpected_list": []}
    return {
        "success": success,
        "expectation_config": {"id": id_, "type": type_, "severity": "critical", "meta": {}, **config},
        "result": met if result is None else result,
        "meta": meta or {},
        "exception_info": {"raised_exception": False, "exception_traceback": None, "exception_message": None},
    }


def make_saved(*entries, run_id="20260101T101112-3518", dataset="calls", outcome="met", day=1):
    document = {"success": all(item["success"] for item in entries), "results": entries, "suite_name": dataset}
    met = sum(item["success"] for item in entries)
    statistics = {"evaluated_expectations": len(entries), "unsuccessful_expectations": len(entries) - met}
    document |= {"meta": {"great_expectations_version": "1.24.1"}, "statistics": statistics}
    started = datetime(2026, 1, day, 10, 11, 12)
    return SavedResult(dataset, run_id, "refine", started, outcome, json.dumps(document))


def result_page(home: Path) -> Page:
    (page,) = home.parent.glob("validations/*/*/*/refine.html")
    return Page(page)


def test_result_page_shows_details_of_each_expectation(tmp_path):
    """The details are the description, the severity and the counts."""
    unexpected = {"element_count": 10, "unexpected_count": 2, "unexpected_percent": 20.0}
    unexpected |= {"partial_unexpected_list": [-3, -3], "partial_unexpected_counts": [{"value": -3, "count": 2}]}
    home = render(
        [
            make_saved(
                make_result("n_not_negative", success=False, result=unexpected, description="Counts are not negative."),
                make_result(
                    "some_rows",
                    "expect_table_row_count_to_be_between",
                    kwargs={"min_value": 1},
                    severity="warning",
                    result={"observed_value": 4321},
                    meta={"judged_by": "Great Expectations 1.24.1"},
                ),
                outcome="blocked",
            )
        ],
        tmp_path / "docs",
    )
    assert "badge-danger" in home.read_text(encoding="utf-8")
    page = result_page(home)
    row = page.row("n_not_negative")
    assert "values must be greater than or equal to 0 , at least 95 % of the time." in row
    assert "2 unexpected values found. 20% of 10 total rows." in row
    assert "Counts are not negative. critical" in " ".join(page.rows)
    assert "-3 2" in page.rows
    assert "4321 some_rows warning Great Expectations 1.24.1" in page.row("some_rows")
    assert page.row("Unsuccessful Expectations").endswith("1")


def test_home_page_lists_the_latest_run_first(tmp_path):
    """The page lists the runs by dataset. The target of each link exists."""
    home = render(
        [
            make_saved(make_result(), run_id="run-1", day=1),
            make_saved(
                make_result("a"), make_result("b", success=False), run_id="run-2", day=2, outcome="met with warnings"
            ),
            make_saved(make_result(), dataset="parks", run_id="run-3"),
        ],
        tmp_path,
    )
    assert home == tmp_path / "index.html"
    page = Page(home)
    rows = [row for row in page.rows if "run-" in row]
    assert rows == [
        "met with warnings 2026-01-02 10:11:12 run-2 10 1 of 2 b",
        "met 2026-01-01 10:11:12 run-1 10 1 of 1",
        "met 2026-01-01 10:11:12 run-3 10 1 of 1",
    ]
    pages = [Page(path) for path in tmp_path.rglob("*.html")]
    assert len(pages) == 1 + 3 + 2
    for page in pages:
        links = [link for link in page.links if not link.startswith(("http", "#"))]
        assert links
        assert [link for link in links if not (page.path.parent / link).resolve().is_file()] == []


def test_suite_page_shows_ids_and_descriptions(tmp_path):
    render(
        [make_saved(make_result("n_ok", description="Not *negative*."), make_result("odd", "expect_no_such_thing"))],
        tmp_path,
    )
    text = " ".join(Page(tmp_path / "expectations" / "calls.html").text.split())
    assert "values must be greater than or equal to" in text
    assert "n_ok (critical) Not *negative*." in text
    assert "odd: expect_no_such_thing" in text


@pytest.mark.parametrize("result", [{}, None, {"observed_value": None}], ids=["empty", "absent", "not observed"])
def test_expectations_with_empty_or_missing_results_are_shown(tmp_path, result):
    item = make_result("n_ok", success=False)
    item["result"] = result
    if result is None:
        del item["result"], item["exception_info"]
    page = result_page(render([make_saved(item)], tmp_path))
    assert "n_ok" in page.row("must be greater")
    assert "-- n_ok" in page.row("n_ok")


def test_result_page_shows_exception_messages_from_gx(tmp_path):
    item = make_result("n_ok", success=False, result={})
    exception = {"raised_exception": True, "exception_message": "no such column", "exception_traceback": "File <x>"}
    item["exception_info"] = {"('metric', 'n')": exception}
    page = result_page(render([make_saved(item)], tmp_path))
    assert "no such column" in page.row("n_ok")
    assert "File <x>" in page.text


def test_result_page_includes_expectations_that_gx_rejects(tmp_path):
    page = result_page(
        render(
            [make_saved(make_result("own", "expect_no_such_thing"), make_result("bare", kwargs={"column": "n"}))],
            tmp_path,
        )
    )
    assert "'min_value': 0" in page.row("expect_no_such_thing")
    assert "may have any numerical value" in page.row("bare")


def test_text_from_the_data_is_escaped(tmp_path):
    bad = "<script>alert(1)</script><b>x</b>"
    pairs = [[bad, 1], {"column": bad}]
    result = {"element_count": 2, "unexpected_count": 2, "unexpected_percent": 100.0, "partial_unexpected_list": pairs}
    counted = {**result, "partial_unexpected_list": [bad], "partial_unexpected_counts": [{"value": bad, "count": 2}]}
    observed = {"observed_value": [bad]}
    home = render(
        [
            make_saved(
                make_result("pairs", success=False, result=result, description=bad),
                make_result("values", success=False, result=counted, meta={"judged_by": bad}),
                make_result(
                    "seen",
                    "expect_column_distinct_values_to_be_in_set",
                    kwargs={"column": "n", "value_set": [bad]},
                    result=observed,
                ),
            )
        ],
        tmp_path,
    )
    pages = [result_page(home), Page(home), Page(tmp_path / "expectations" / "calls.html")]
    assert [page.tags.count("b") for page in pages] == [0, 0, 0]
    assert not any("<script>alert" in page.path.read_text() for page in pages)
    assert "alert(1)" in pages[0].row("values")


def test_rendering_replaces_only_pages_of_an_earlier_rendering(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    render([make_saved(make_result(), run_id="run-1")], tmp_path)
    render([make_saved(make_result(), run_id="run-2")], tmp_path)
    assert [path.parts[-3] for path in tmp_path.rglob("refine.html")] == ["run-2"]
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_missing_or_invalid_results_create_no_pages(tmp_path):
    with pytest.raises(DataDocsError, match="no saved results were found. Run a dataset first"):
        render([], tmp_path)
    broken = SavedResult("calls", "run-9", "refine", datetime(2026, 1, 1), "met", '{"success": true}')
    with pytest.raises(
        ExpectationError, match="the result that run run-9 saved for calls is not a validation result. Expected"
    ):
        render([make_saved(make_result()), broken], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_error_shows_the_unwritable_folder(tmp_path):
    (tmp_path / "docs").write_text("a file")
    with pytest.raises(DataDocsError, match="cannot write to .*docs: .*Check the permissions of the folder"):
        render([make_saved(make_result())], tmp_path / "docs")


def test_error_for_missing_gx_shows_install_command(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "great_expectations"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(DataDocsError, match=r"cannot be imported: .*pip install 'citylake\[gx\]'"):
        render([make_saved(make_result())], tmp_path)


def test_gx_is_imported_only_when_pages_are_rendered(tmp_path):
    code = "import os, sys, expectations.data_docs.pages as pages; print('great_expectations' in sys.modules)"
    code += "; pages.html_writer(); print(os.environ['GX_ANALYTICS_ENABLED'])"
    environment = {name: value for name, value in os.environ.items() if name != "GX_ANALYTICS_ENABLED"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert run.stdout.split() == ["False", "false"], run.stderr
