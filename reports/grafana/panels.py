"""Build the panels of charts and tables. Each panel has one query."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.builders import athena, barchart, common, geomap, table, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.models import common as settings
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.athena import FormatOptions
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.geomap import MapCenterID, TooltipMode

from reports.answer import Answer
from reports.charts import Chart
from reports.columns import Columns, decimals_of, header_of, is_number_without_separator, symbol_of
from reports.grafana.queries import DATABASE, ChartFields, is_by_month
from reports.sql.charts import COORDINATES
from reports.words import WEEKDAYS

Panel = barchart.Panel | geomap.Panel | table.Panel | timeseries.Panel

DATA_SOURCE = DataSourceRef(type_val="grafana-athena-datasource", uid="${datasource}")
"""The data source that the reader selects with a variable of the dashboard."""

_MAX_LABEL_LENGTH = 40  # characters
_MAX_ZOOM = 15
_CIRCLE = {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"}


def target(sql: str, *, output: FormatOptions = FormatOptions.TABLE) -> athena.Dataquery:
    """Return a query of the data source. The region and the catalog are the defaults of the data source."""
    connection = athena.ConnectionArgs().database(DATABASE)
    query = athena.Dataquery().ref_id("A").format(output).raw_sql(sql)
    return query.connection_args(connection).datasource(DATA_SOURCE)


def chart_panel(chart: Chart, sql: str, fields: ChartFields, *, columns: Columns) -> Panel:
    """Return the panel of a chart, without a title and a position."""
    draw = _DRAW.get(chart.kind, _bar_chart)
    return _line(chart, sql, fields, columns) if is_by_month(chart) else draw(chart, sql, fields, columns)


def table_panel(answer: Answer, sql: str, *, columns: Columns) -> Panel:
    """Return a table of all displayed columns of an answer, without a title and a position."""
    panel = table.Panel().datasource(DATA_SOURCE).with_target(target(sql)).show_header(True)
    for column in answer.columns:
        unit = "time:YYYY-MM" if column == "month" else unit_of(column, columns=columns, count=units.LocaleFormat)
        properties = [DynamicConfigValue("unit", unit)]
        if (decimals := decimals_of(column, columns=columns)) is not None:
            properties.append(DynamicConfigValue("decimals", decimals))
        panel.override_by_name(header_of(column, columns=columns), properties)
    return panel


def unit_of(column: str, *, columns: Columns, count: str = units.Short) -> str:
    """Return the unit of a column. `count` is the unit of counts.

    Times have a suffix. Grafana's own units of time would display 90 minutes as 1.5 hours.

    >>> [unit_of(column, columns={}) for column in ("share_pct", "avg_minutes", "incidents", "year")]
    ['percent', 'suffix:min', 'short', 'none']
    """
    if symbol := symbol_of(column):
        return units.Percent if symbol == "%" else f"suffix:{symbol}"
    return units.NoUnit if is_number_without_separator(column, columns=columns) else count


def _line(chart: Chart, sql: str, fields: ChartFields, columns: Columns) -> Panel:
    panel = timeseries.Panel().datasource(DATA_SOURCE)
    panel.with_target(target(sql, output=FormatOptions.TIME_SERIES)).legend(_legend(fields))
    panel.unit(unit_of(chart.values[0], columns=columns)).axis_label(chart.axis)
    decimals = decimals_of(chart.values[0], columns=columns)
    # Counts start at 0. Percentages do not, because they often change by a few points.
    return panel.axis_soft_min(0) if decimals is None else panel.decimals(decimals)


def _bar_chart(chart: Chart, sql: str, fields: ChartFields, columns: Columns) -> Panel:
    """Return a bar chart. Periods are columns, and other categories are horizontal bars."""
    is_vertical = chart.kind in ("line", "columns")
    orientation = settings.VizOrientation.VERTICAL if is_vertical else settings.VizOrientation.HORIZONTAL
    panel = barchart.Panel().datasource(DATA_SOURCE).with_target(target(sql)).orientation(orientation)
    panel.unit(unit_of(chart.values[0], columns=columns)).axis_label(chart.axis).min(0)
    panel.x_tick_label_max_length(_MAX_LABEL_LENGTH)
    panel.legend(_legend(fields)).show_value(
        settings.VisibilityMode.NEVER if _has_legend(fields) else settings.VisibilityMode.AUTO
    )
    if (decimals := decimals_of(chart.values[0], columns=columns)) is not None:
        panel.decimals(decimals)
    if chart.kind == "stack":
        panel.stacking(settings.StackingMode.PERCENT)
    if fields.series:
        return panel.with_transformation(_matrix(rows=fields.category, columns=fields.series, fields=fields))
    return panel.x_field(fields.category)


def _heatmap(chart: Chart, sql: str, fields: ChartFields, columns: Columns) -> Panel:
    """Return a table with colored cells. Grafana's heatmap has a time axis, which such a chart does not need."""
    cells = settings.TableColoredBackgroundCellOptions(mode=settings.TableCellBackgroundDisplayMode.BASIC)
    panel = table.Panel().datasource(DATA_SOURCE).with_target(target(sql)).show_header(True)
    panel.unit(unit_of(chart.values[0], columns=columns))
    panel.color_scheme(FieldColor().mode(FieldColorModeId.CONTINUOUS_BLUES))
    number = [DynamicConfigValue("custom.cellOptions", cells), DynamicConfigValue("custom.minWidth", 50)]
    panel.override_by_field_type("number", number)
    if chart.series == "weekday":
        names = {str(number): ValueMappingResult(text=name) for number, name in enumerate(WEEKDAYS, start=1)}
        panel.override_by_field_type("string", [DynamicConfigValue("mappings", [ValueMap(options=names)])])
    return panel.with_transformation(_matrix(rows=fields.series, columns=fields.category, fields=fields))


def _map(chart: Chart, sql: str, fields: ChartFields, columns: Columns) -> Panel:
    """Return a map with a circle at each place. The size of a circle stands for the value."""
    size = {"field": fields.values[0], "fixed": 5, "min": 3, "max": 20}
    style = {"size": size, "color": {"fixed": "blue"}, "opacity": 0.5, "symbol": _CIRCLE}
    latitude, longitude = COORDINATES
    location = common.FrameGeometrySource().mode(settings.FrameGeometrySourceMode.COORDS)
    layer = common.MapLayerOptions().type("markers").name(chart.axis).config({"style": style, "showLegend": False})
    layer.location(location.latitude(latitude).longitude(longitude)).tooltip(True)
    # Zoom is the maximum zoom of a map that fits the view to the data.
    view = geomap.MapViewConfig().id(MapCenterID.FIT).all_layers(True).zoom(_MAX_ZOOM)
    panel = geomap.Panel().datasource(DATA_SOURCE).with_target(target(sql)).view(view).layers([layer])
    panel.basemap(common.MapLayerOptions().type("default").name("Base map"))
    panel.controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_attribution(True))
    panel.tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    return panel.unit(unit_of(chart.values[0], columns=columns))


_DRAW: Mapping[str, Callable[[Chart, str, ChartFields, Columns], Panel]] = {"heatmap": _heatmap, "map": _map}


def _matrix(*, rows: str, columns: str, fields: ChartFields) -> DataTransformerConfig:
    """Return a transformation that makes a field of each value of `columns`. Athena's SQL has no such pivot."""
    options = {"rowField": rows, "columnField": columns, "valueField": fields.values[0], "emptyValue": "null"}
    return DataTransformerConfig("groupingToMatrix", options=options)


def _has_legend(fields: ChartFields) -> bool:
    return bool(fields.series) or len(fields.values) > 1


def _legend(fields: ChartFields) -> common.VizLegendOptions:
    legend = common.VizLegendOptions().display_mode(settings.LegendDisplayMode.LIST)
    return legend.placement(settings.LegendPlacement.BOTTOM).show_legend(_has_legend(fields)).calcs([])
