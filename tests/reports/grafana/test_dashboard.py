"""Test that dashboards are valid for Grafana, as far as a test can tell without Grafana."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import combinations
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from reports.answer import Answer, Report
from reports.charts import Chart
from reports.grafana.dashboard import has_table, render_dashboard
from workflows.parts import dataset_names, report_of

every_dataset = pytest.mark.parametrize("dataset", dataset_names())
_SOURCE = {"type": "grafana-athena-datasource", "uid": "${datasource}"}


@cache
def dashboard_of(dataset: str) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(render_dashboard(dataset, report_of(dataset)))
    return dashboard


def panels_of(dataset: str) -> list[dict[str, Any]]:
    return [panel for panel in dashboard_of(dataset)["panels"] if panel["type"] != "row"]


def queries_of(dataset: str) -> list[str]:
    variables = [item["query"] for item in dashboard_of(dataset)["templating"]["list"] if item["type"] == "query"]
    targets = [target for panel in panels_of(dataset) for target in panel["targets"]]
    return [query["rawSQL"] for query in (*variables, *targets)]


def panel_of(kind: str, category: str, value: str, **options: Any) -> dict[str, Any]:
    chart = Chart(kind=kind, category=(category,), values=(value,), axis="Axis", **options)  # type: ignore[arg-type]
    answer = Answer(name="a", question="Q?", sentence=lambda rows: "", columns=(category, value), charts=(chart,))
    (panel,) = json.loads(render_dashboard("d", Report("Title", (), (answer,))))["panels"]
    assert isinstance(panel, dict)
    return panel


@every_dataset
def test_a_dashboard_has_the_fields_that_grafana_requires(dataset: str) -> None:
    dashboard = dashboard_of(dataset)

    assert dashboard["title"] == report_of(dataset).title
    assert dashboard["tags"] == ["citylake", dataset]
    assert dashboard["schemaVersion"] >= 36
    assert [item["type"] for item in dashboard["templating"]["list"][:2]] == ["datasource", "textbox"]
    assert dashboard["templating"]["list"][0]["query"] == _SOURCE["type"]
    assert dashboard["templating"]["list"][1]["query"] == "curated"


@every_dataset
def test_a_panel_has_options_and_a_field_configuration(dataset: str) -> None:
    assert all(isinstance(panel[name], dict) for panel in panels_of(dataset) for name in ("options", "fieldConfig"))


@every_dataset
def test_panels_have_unique_ids_and_do_not_overlap(dataset: str) -> None:
    panels = dashboard_of(dataset)["panels"]
    ids = [panel["id"] for panel in panels]
    places = [panel["gridPos"] for panel in panels]

    assert len(set(ids)) == len(ids)
    assert 0 not in ids
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 and place["h"] > 0 for place in places)
    for one, two in combinations(places, 2):
        is_beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        assert is_beside or one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]


@every_dataset
def test_each_panel_queries_the_selected_data_source(dataset: str) -> None:
    for panel in panels_of(dataset):
        (query,) = panel["targets"]
        assert panel["datasource"] == query["datasource"] == _SOURCE
        assert query["refId"] == "A"
        assert query["format"] == (0 if panel["type"] == "timeseries" else 1)
        assert query["connectionArgs"]["database"] == "${database}"
        assert {query["connectionArgs"][name] for name in ("region", "catalog")} == {"__default"}


@every_dataset
def test_a_dashboard_shows_every_answer(dataset: str) -> None:
    report = report_of(dataset)
    titles = [panel["title"] for panel in panels_of(dataset)]
    rows = [panel["title"] for panel in dashboard_of(dataset)["panels"] if panel["type"] == "row"]

    assert [answer.question for answer in report.answers if not any(answer.question in title for title in titles)] == []
    assert rows == list(report.sections.values())
    assert len(titles) == sum(len(answer.charts) + has_table(answer) for answer in report.answers)


def test_police_dispatch_has_fewer_panels_than_the_source_document() -> None:
    assert len(panels_of("police_dispatch")) <= 30  # The source document has 40 panels.


@pytest.mark.parametrize(
    ("columns", "order", "is_expected"),
    [
        (("city", "incidents"), (), False),
        (("city", "rank", "incidents", "a", "b", "c"), (), False),
        (("city", "incidents", "a", "b", "c", "d"), (), True),
        (("city", "incidents", "change"), ("-|change|",), True),
        (("city", "incidents", "change"), ("-|incidents|",), False),
    ],
)
def test_an_answer_has_a_table_if_its_chart_leaves_out_too_much(
    columns: tuple[str, ...], order: tuple[str, ...], is_expected: bool
) -> None:
    chart = Chart(kind="bars", category=("city",), values=("incidents",), axis="Incidents")
    answer = Answer(name="a", question="?", sentence=lambda rows: "", columns=columns, charts=(chart,), order=order)

    assert has_table(answer) is is_expected


@every_dataset
def test_every_query_is_valid_for_athena(dataset: str) -> None:
    for query in queries_of(dataset):
        parsed = sqlglot.parse_one(re.sub(r"\$\{\w+:sqlstring\}", "'x'", query), read="athena")
        tables = [table for table in parsed.find_all(exp.Table) if table.db]
        assert tables
        assert {table.db for table in tables} == {"${database}"}
        assert all(table.name.startswith(f"{dataset}_") for table in tables)
        # Athena has no window functions in WHERE.
        assert not any(where.find(exp.Window) for where in parsed.find_all(exp.Where))
        # In ORDER BY, Athena replaces a name by the field of that name, and then cannot aggregate it.
        for select in parsed.find_all(exp.Select):
            aggregates = select.args["order"].find_all(exp.AggFunc) if select.args.get("order") else ()
            names = {column.name.lower() for aggregate in aggregates for column in aggregate.find_all(exp.Column)}
            assert not names & {name.lower() for name in select.named_selects}


@every_dataset
def test_every_used_variable_is_declared(dataset: str) -> None:
    text = json.dumps(dashboard_of(dataset))
    declared = {item["name"] for item in dashboard_of(dataset)["templating"]["list"]}

    assert set(re.findall(r"\$\{(\w+)", text)) == declared


@every_dataset
def test_panels_refer_to_fields_of_their_query(dataset: str) -> None:
    for panel in panels_of(dataset):
        query = re.sub(r"\$\{\w+:sqlstring\}", "'x'", panel["targets"][0]["rawSQL"])
        fields = sqlglot.parse_one(query, read="athena").named_selects
        options = panel["options"]
        used = [matcher["options"] for matcher in _matchers(panel) if matcher["id"] == "byName"]
        used += [transformation["options"][name] for transformation in panel["transformations"] for name in _MATRIX]
        used += [options["xField"]] if "xField" in options else []
        used += [layer["config"]["style"]["size"]["field"] for layer in options.get("layers", ())]
        assert len(set(fields)) == len(fields)
        assert set(used) <= set(fields)


_MATRIX = ("rowField", "columnField", "valueField")


def _matchers(panel: dict[str, Any]) -> list[dict[str, Any]]:
    return [override["matcher"] for override in panel["fieldConfig"]["overrides"]]


@every_dataset
def test_a_dashboard_has_no_account_no_region_and_no_fixed_id(dataset: str) -> None:
    dashboard = dashboard_of(dataset)
    text = json.dumps(dashboard)

    assert not {"uid", "id", "version"} & set(dashboard)
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {"${datasource}"}
    assert not re.search(r"arn:|s3://|AKIA|\b\d{12}\b(?!\")|\b[a-z]{2}-[a-z]+-\d\b", text)


@every_dataset
def test_the_same_report_gives_the_same_text(dataset: str) -> None:
    assert render_dashboard(dataset, report_of(dataset)) == render_dashboard(dataset, report_of(dataset))


def test_bars_are_horizontal_and_start_at_0() -> None:
    panel = panel_of("bars", "city", "share_pct")

    assert panel["type"] == "barchart"
    assert panel["options"]["orientation"] == "horizontal"
    assert panel["options"]["legend"]["showLegend"] is False
    defaults = panel["fieldConfig"]["defaults"]
    assert (defaults["unit"], defaults["decimals"], defaults["min"]) == ("percent", 2, 0)
    assert defaults["custom"]["axisLabel"] == "Axis"


def test_columns_are_vertical() -> None:
    assert panel_of("columns", "year", "inquiries")["options"]["orientation"] == "vertical"


def test_a_line_over_months_is_a_time_series_and_a_line_over_years_is_a_bar_chart() -> None:
    assert panel_of("line", "month", "requests")["type"] == "timeseries"
    assert panel_of("line", "year", "requests")["type"] == "barchart"


def test_each_series_of_dots_is_a_field() -> None:
    panel = panel_of("dots", "initial_type", "avg_minutes", series="city")
    (matrix,) = panel["transformations"]

    assert matrix["id"] == "groupingToMatrix"
    assert [matrix["options"][name] for name in _MATRIX] == ["Initial type", "City", "Avg minutes"]
    assert panel["options"]["legend"]["showLegend"] is True
    assert panel["fieldConfig"]["defaults"]["unit"] == "suffix:min"


def test_a_stack_shows_percentages() -> None:
    assert panel_of("stack", "city", "incidents", series="band")["options"]["stacking"] == "percent"


def test_a_heatmap_is_a_table_with_colored_cells_and_names_of_weekdays() -> None:
    panel = panel_of("heatmap", "hour", "incidents", series="weekday")
    properties = {
        (override["matcher"]["options"], item["id"]): item["value"]
        for override in panel["fieldConfig"]["overrides"]
        for item in override["properties"]
    }

    assert panel["type"] == "table"
    assert properties["number", "custom.cellOptions"]["type"] == "color-background"
    assert properties["string", "mappings"][0]["options"]["1"] == {"text": "Monday"}


def test_a_map_has_circles_whose_size_is_the_value() -> None:
    panel = panel_of("map", "street", "incidents", coordinates=("south", "west"))
    (layer,) = panel["options"]["layers"]

    assert panel["type"] == "geomap"
    assert layer["location"] == {"mode": "coords", "latitude": "latitude", "longitude": "longitude"}
    assert layer["config"]["style"]["size"]["field"] == "Incidents"


def test_the_reader_selects_the_panel_of_a_chart_with_a_variable() -> None:
    panel = panel_of("bars", "initial_type", "incidents", panel=("city",))

    assert panel["title"] == "Q? ${city}"
    assert "${city:sqlstring}" in panel["targets"][0]["rawSQL"]
