"""The pages of Data Docs, made by the renderers of Great Expectations.

Great Expectations is imported where it is used, never at import: no job needs it. Only what a saved result says is
shown.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from expectations.data_docs.look import TEMPLATES

if TYPE_CHECKING:
    from expectations.data_docs import JudgedRun

_COLORS = {"met": "success", "met with warnings": "warning", "refused": "danger"}


def html_writer() -> Callable[[Any, str], str]:
    """Return what makes a page's HTML of its document and the way to the home page."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # which Great Expectations reads when it is imported
    from great_expectations.render.view.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader

    view: Any = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([DictLoader(TEMPLATES), view.env.loader])

    def write(document: Any, home: str) -> str:
        return str(view.render(document, show_how_to_buttons=False, home=home))

    return write


def result_page(result: JudgedRun) -> Any:
    """Return the page of a result: GX's, with columns for id, meaning, severity and, where it is said, who judged."""
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.renderer.content_block.validation_results_table_content_block import (
        ValidationResultsTableContentBlockRenderer,
    )
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    class Table(ValidationResultsTableContentBlockRenderer):
        """Says what is expected in GX's words; its way with a description would show that alone."""

        @classmethod
        def _get_content_block_fn_from_expectation_description(cls, expectation_config: Any) -> None:  # noqa: ARG003 - GX's
            return None

    saved, content = result.saved, result.content
    judges = any((entry.get("meta") or {}).get("judged_by") for entry in content["results"])
    results = [_shown(entry, judges=judges) for entry in content["results"]]
    renderer = ValidationResultsPageRenderer()
    renderer._column_section_renderer._table_renderer = Table
    return renderer.render(
        ExpectationSuiteValidationResult(
            success=bool(content.get("success")),
            results=results,
            suite_name=result.suite,
            suite_parameters=content.get("suite_parameters") or {},
            statistics=content.get("statistics") or {},
            meta={
                **(content.get("meta") or {}),
                # GX takes a name that reads as a time for one, and fails on a run's id such as 20260728T142252-3518.
                "run_id": {"run_name": f"run {saved.run_id}", "run_time": saved.started.isoformat()},
                "batch_spec": {"data_asset_name": saved.dataset, "stage": saved.stage, "verdict": saved.outcome},
            },
        )
    )


def _shown(entry: Mapping[str, Any], *, judges: bool) -> Any:
    """Return one expectation's result for GX's table, with columns of our own."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    config = entry["expectation_config"]
    words = [config.get("description"), (config.get("meta") or {}).get("reason"), *_notes(config)]
    columns = {
        "Id": config.get("id"),
        "Means": " ".join(filter(None, words)),
        "Severity": config.get("severity") or "critical",
    }
    if judges:
        columns["Judged by"] = (entry.get("meta") or {}).get("judged_by")
    # GX takes columns of one's own from here. It puts them, and the values of a result, into the page as they are.
    kwargs = {**config.get("kwargs", {}), "meta_properties_to_render": {name: name for name in columns}}
    attributes = {name: html.escape(str(value or "")) for name, value in columns.items()}
    return ExpectationValidationResult(
        success=entry.get("success"),
        expectation_config=ExpectationConfiguration(config["type"], kwargs, meta={"attributes": attributes}),
        result=_result(entry.get("result") or {}),
        exception_info=_exception(entry.get("exception_info") or {}),
    )


def _exception(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was raised, of which GX keeps one account, or one for each metric; its page takes the one."""
    accounts = [info, *(account for account in info.values() if isinstance(account, dict))]
    raised = next((account for account in accounts if account.get("raised_exception")), {})
    return {
        "raised_exception": bool(raised),
        "exception_message": raised.get("exception_message"),
        "exception_traceback": html.escape(raised.get("exception_traceback") or ""),
    }


def _notes(config: Mapping[str, Any]) -> Sequence[str]:
    """Return the notes of an expectation, which GX takes as a text, as texts, or as an object with its `content`."""
    notes = config.get("notes") or (config.get("meta") or {}).get("notes") or ()
    notes = notes.get("content") or () if isinstance(notes, dict) else notes
    return [notes] if isinstance(notes, str) else [str(note) for note in notes]


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result's values with all text escaped, and examples that are lists or objects as their JSON."""
    values: dict[str, Any] = _escaped(result)
    for name in ("partial_unexpected_list", "unexpected_list"):
        values |= {name: [_as_text(each) for each in values.get(name) or ()]}
    counts = values.get("partial_unexpected_counts") or ()
    return values | {"partial_unexpected_counts": [{**each, "value": _as_text(each["value"])} for each in counts]}


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value, quote=False)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return {name: _escaped(item) for name, item in value.items()} if isinstance(value, dict) else value


def _as_text(example: Any) -> Any:
    return _as_json(example) if isinstance(example, (dict, list)) else example


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def suite_page(result: JudgedRun) -> Any:
    """Return the page of the suite that a result is of: GX's, with ids, severities and descriptions as its notes."""
    from great_expectations.core import ExpectationSuite
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.render.renderer.page_renderer import ExpectationSuitePageRenderer

    expectations, others = [], []
    for entry in result.content["results"]:
        config = entry["expectation_config"]
        severity = config.get("severity") or "critical"
        notes = [f"{config.get('id')} ({severity})", config.get("description"), *_notes(config)]
        expectation = ExpectationConfiguration(config["type"], config.get("kwargs") or {}, notes=_markdown(notes))
        try:
            expectations.append(expectation.to_domain_obj())
        except (GreatExpectationsError, ValueError, TypeError):  # GX has no such type, or refuses the arguments
            others.append(f"{config.get('id')}: {config['type']} {_as_json(config.get('kwargs') or {})}")
    meta = dict(result.content.get("meta") or {})
    suite = ExpectationSuite(result.suite, expectations=expectations, meta=meta, notes=_markdown(others) or None)
    renderer: Any = ExpectationSuitePageRenderer()
    return renderer.render(suite)


def _markdown(lines: Sequence[str | None]) -> list[str]:
    return [re.sub(r"([\\`*_<>\[\]&])", r"\\\1", line) for line in lines if line]


def home_page(results: Sequence[JudgedRun]) -> Any:
    """Return the first page: the runs of each dataset, the latest first.

    It is made of GX's components, but not by its renderer of index pages: that one's table is empty without a network.
    """
    from great_expectations.render.components import (
        RenderedDocumentContent,
        RenderedHeaderContent,
        RenderedSectionContent,
    )

    sections = []
    for dataset, group in groupby(results, key=lambda result: result.saved.dataset):
        latest = list(group)[::-1]
        header = RenderedHeaderContent(
            header=_text("$dataset", dataset=dataset, tag="h5"),
            subheader=_link("the suite", latest[0].suite_page),
            styling={"classes": ["col-12"], "header": {"classes": ["alert", "alert-secondary"]}},
        )
        sections.append(RenderedSectionContent(section_name=dataset, content_blocks=[header, _runs_table(latest)]))
    return RenderedDocumentContent(renderer_type="SiteIndexPageRenderer", sections=sections)


def _runs_table(results: Sequence[JudgedRun]) -> Any:
    from great_expectations.render.components import RenderedTableContent

    rows = []
    for result in results:
        entries = result.content["results"]
        unmet = [entry["expectation_config"]["id"] for entry in entries if not entry.get("success")]
        rows.append(
            [
                _badge(result.saved.outcome),
                _text("$moment", moment=f"{result.saved.started:%Y-%m-%d %H:%M:%S}", classes=["text-nowrap"]),
                _link(result.saved.run_id, result.page),
                _rows_judged(entries),
                f"{len(entries) - len(unmet)} of {len(entries)}",
                _text("$unmet", unmet=", ".join(map(str, unmet))),
            ]
        )
    return RenderedTableContent(
        header_row=["ValidationResult", "Started, UTC", "Run", "Rows judged", "Met", "Not met"],
        table=rows,
        styling={"classes": ["col-12", "table-responsive"], "body": {"classes": ["table", "table-sm"]}},
    )


def _rows_judged(entries: Sequence[Mapping[str, Any]]) -> str:
    counts = [count for entry in entries if (count := (entry.get("result") or {}).get("element_count")) is not None]
    return f"{max(counts):,}" if counts else "--"


def _badge(outcome: str) -> Any:
    return _text("$outcome", outcome=outcome, classes=["badge", f"badge-{_COLORS.get(outcome, 'secondary')}"])


def _link(text: str, place: str) -> Any:
    return _text("$text", text=text, tag="a", attributes={"href": quote(place)})


def _text(
    template: str, *, tag: str = "span", classes: Sequence[str] = (), attributes: Any = None, **params: str
) -> Any:
    from great_expectations.render.components import RenderedStringTemplateContent

    styling = {"classes": list(classes), "attributes": attributes or {}}
    return RenderedStringTemplateContent(
        string_template={"template": template, "params": params, "tag": tag, "styling": styling}
    )
