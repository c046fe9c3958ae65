"""Build the pages of Data Docs with the renderers of Great Expectations.

Great Expectations is imported inside the functions, because jobs do not need Great Expectations. The pages show only
saved results.
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

from expectations.data_docs.styles import TEMPLATES

if TYPE_CHECKING:
    from expectations.data_docs import ValidatedRun

_COLORS = {"met": "success", "met with warnings": "warning", "blocked": "danger"}


def html_writer() -> Callable[[Any, str], str]:
    """Return a function that renders a page to HTML. The function's second argument is the link to the home page."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # GX reads this variable when GX is imported.
    from great_expectations.render.view.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader

    view: Any = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([DictLoader(TEMPLATES), view.env.loader])

    def write(document: Any, home: str) -> str:
        return str(view.render(document, show_how_to_buttons=False, home=home))

    return write


def result_page(result: ValidatedRun) -> Any:
    """Return GX's page of a result, with additional columns for the id, meaning and severity of each expectation.

    If Great Expectations itself validated an expectation, a further column names the release of Great Expectations.
    """
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.renderer.content_block.validation_results_table_content_block import (
        ValidationResultsTableContentBlockRenderer,
    )
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    class Table(ValidationResultsTableContentBlockRenderer):
        """Shows GX's wording of every expectation. By default, GX replaces its wording with the description."""

        @classmethod
        def _get_content_block_fn_from_expectation_description(cls, expectation_config: Any) -> None:  # noqa: ARG003 - GX's signature
            return None

    saved, content = result.saved, result.content
    is_delegated = any((entry.get("meta") or {}).get("judged_by") for entry in content["results"])
    results = [_add_columns(entry, with_validator=is_delegated) for entry in content["results"]]
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
                # GX parses a run name that resembles a timestamp, and fails for a run ID such as 20260728T142252-3518.
                # The prefix "run " prevents this error.
                "run_id": {"run_name": f"run {saved.run_id}", "run_time": saved.started.isoformat()},
                "batch_spec": {"data_asset_name": saved.dataset, "stage": saved.stage, "verdict": saved.outcome},
            },
        )
    )


def _add_columns(entry: Mapping[str, Any], *, with_validator: bool) -> Any:
    """Return the result of one expectation with additional columns for GX's table."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    config = entry["expectation_config"]
    texts = [config.get("description"), (config.get("meta") or {}).get("reason"), *_list_notes(config)]
    columns = {
        "Id": config.get("id"),
        "Means": " ".join(filter(None, texts)),
        "Severity": config.get("severity") or "critical",
    }
    if with_validator:
        columns["Validated by"] = (entry.get("meta") or {}).get("judged_by")
    # GX adds a column for each name in `meta_properties_to_render`. GX escapes neither the texts of these columns nor
    # the values of a result, so this function escapes the texts and the values.
    kwargs = {**config.get("kwargs", {}), "meta_properties_to_render": {name: name for name in columns}}
    attributes = {name: html.escape(str(value or "")) for name, value in columns.items()}
    return ExpectationValidationResult(
        success=entry.get("success"),
        expectation_config=ExpectationConfiguration(config["type"], kwargs, meta={"attributes": attributes}),
        result=_escape_result(entry.get("result") or {}),
        exception_info=_merge_exceptions(entry.get("exception_info") or {}),
    )


def _merge_exceptions(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first exception. GX may record an exception for each metric, but GX's page shows one exception."""
    entries = [info, *(entry for entry in info.values() if isinstance(entry, dict))]
    exception = next((entry for entry in entries if entry.get("raised_exception")), {})
    return {
        "raised_exception": bool(exception),
        "exception_message": exception.get("exception_message"),
        "exception_traceback": html.escape(exception.get("exception_traceback") or ""),
    }


def _list_notes(config: Mapping[str, Any]) -> Sequence[str]:
    """Return the notes of an expectation. In GX, notes are a text, a list, or an object that has a text or a list."""
    notes = config.get("notes") or (config.get("meta") or {}).get("notes") or ()
    notes = notes.get("content") or () if isinstance(notes, dict) else notes
    return [notes] if isinstance(notes, str) else [str(note) for note in notes]


def _escape_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result with all text escaped. Examples that are lists or objects become JSON text."""
    values: dict[str, Any] = _escape(result)
    for name in ("partial_unexpected_list", "unexpected_list"):
        values |= {name: [_format_example(example) for example in values.get(name) or ()]}
    counts = values.get("partial_unexpected_counts") or ()
    return values | {
        "partial_unexpected_counts": [{**entry, "value": _format_example(entry["value"])} for entry in counts]
    }


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value, quote=False)
    if isinstance(value, list):
        return [_escape(item) for item in value]
    return {name: _escape(item) for name, item in value.items()} if isinstance(value, dict) else value


def _format_example(example: Any) -> Any:
    return _to_json(example) if isinstance(example, (dict, list)) else example


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def suite_page(result: ValidatedRun) -> Any:
    """Return GX's page of the suite of a result. The page shows id, severity and description of each expectation."""
    from great_expectations.core import ExpectationSuite
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.render.renderer.page_renderer import ExpectationSuitePageRenderer

    expectations, not_rendered = [], []
    for entry in result.content["results"]:
        config = entry["expectation_config"]
        severity = config.get("severity") or "critical"
        notes = [f"{config.get('id')} ({severity})", config.get("description"), *_list_notes(config)]
        expectation = ExpectationConfiguration(
            config["type"], config.get("kwargs") or {}, notes=_escape_markdown(notes)
        )
        try:
            expectations.append(expectation.to_domain_obj())
        except (GreatExpectationsError, ValueError, TypeError):  # GX does not know the type, or rejects the arguments.
            not_rendered.append(f"{config.get('id')}: {config['type']} {_to_json(config.get('kwargs') or {})}")
    meta = dict(result.content.get("meta") or {})
    suite = ExpectationSuite(
        result.suite, expectations=expectations, meta=meta, notes=_escape_markdown(not_rendered) or None
    )
    renderer: Any = ExpectationSuitePageRenderer()
    return renderer.render(suite)


def _escape_markdown(lines: Sequence[str | None]) -> list[str]:
    return [re.sub(r"([\\`*_<>\[\]&])", r"\\\1", line) for line in lines if line]


def home_page(results: Sequence[ValidatedRun]) -> Any:
    """Return the home page, which lists the runs of each dataset from the latest to the oldest.

    The page uses GX's components, but not GX's renderer for index pages. If the browser has no network, a page of that
    renderer shows an empty table.
    """
    from great_expectations.render.components import (
        RenderedDocumentContent,
        RenderedHeaderContent,
        RenderedSectionContent,
    )

    sections = []
    for dataset, group in groupby(results, key=lambda result: result.saved.dataset):
        latest_first = list(group)[::-1]
        header = RenderedHeaderContent(
            header=_text("$dataset", dataset=dataset, tag="h5"),
            subheader=_link("the suite", latest_first[0].suite_page),
            styling={"classes": ["col-12"], "header": {"classes": ["alert", "alert-secondary"]}},
        )
        sections.append(
            RenderedSectionContent(section_name=dataset, content_blocks=[header, _build_runs_table(latest_first)])
        )
    return RenderedDocumentContent(renderer_type="SiteIndexPageRenderer", sections=sections)


def _build_runs_table(results: Sequence[ValidatedRun]) -> Any:
    from great_expectations.render.components import RenderedTableContent

    rows = []
    for result in results:
        entries = result.content["results"]
        unmet = [entry["expectation_config"]["id"] for entry in entries if not entry.get("success")]
        rows.append(
            [
                _badge(result.saved.outcome),
                _text("$started", started=f"{result.saved.started:%Y-%m-%d %H:%M:%S}", classes=["text-nowrap"]),
                _link(result.saved.run_id, result.page),
                _count_validated_rows(entries),
                f"{len(entries) - len(unmet)} of {len(entries)}",
                _text("$unmet", unmet=", ".join(map(str, unmet))),
            ]
        )
    return RenderedTableContent(
        header_row=["Verdict", "Started, UTC", "Run", "Rows validated", "Met", "Not met"],
        table=rows,
        styling={"classes": ["col-12", "table-responsive"], "body": {"classes": ["table", "table-sm"]}},
    )


def _count_validated_rows(entries: Sequence[Mapping[str, Any]]) -> str:
    counts = [count for entry in entries if (count := (entry.get("result") or {}).get("element_count")) is not None]
    return f"{max(counts):,}" if counts else "--"


def _badge(outcome: str) -> Any:
    return _text("$outcome", outcome=outcome, classes=["badge", f"badge-{_COLORS.get(outcome, 'secondary')}"])


def _link(text: str, path: str) -> Any:
    return _text("$text", text=text, tag="a", attributes={"href": quote(path)})


def _text(
    template: str, *, tag: str = "span", classes: Sequence[str] = (), attributes: Any = None, **params: str
) -> Any:
    from great_expectations.render.components import RenderedStringTemplateContent

    styling = {"classes": list(classes), "attributes": attributes or {}}
    return RenderedStringTemplateContent(
        string_template={"template": template, "params": params, "tag": tag, "styling": styling}
    )
