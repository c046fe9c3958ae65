"""Draw charts with Altair. Each chart is a Vega-Lite specification, which `vl_convert` renders to SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from reports.charts import Chart
from reports.drawing.layout import ACCENT, Spec, chart_of
from reports.drawing.maps import draw_map
from reports.drawing.rows import draw_bars, draw_dots, draw_stack
from reports.drawing.times import draw_columns, draw_heatmap, draw_line
from reports.points import ChartData

_DRAW = {
    "line": draw_line,
    "columns": draw_columns,
    "bars": draw_bars,
    "dots": draw_dots,
    "change": draw_dots,
    "stack": draw_stack,
    "heatmap": draw_heatmap,
    "map": draw_map,
}


SPARKLINE_WIDTH, _SPARKLINE_HEIGHT = 160, 40  # pixels


def draw(chart: Chart, data: ChartData, *, width: int) -> Spec:
    """Return the Vega-Lite specification of a chart that is about `width` pixels wide. It needs the config `CONFIG`."""
    with debug_mode(False):  # Altair does not validate each part of the chart, which saves a third of the time.
        drawing = _DRAW[chart.kind](chart, data, width)
        return _specification(drawing, align_right=chart.kind in ("bars", "dots", "change", "stack"))


def draw_sparkline(values: Sequence[tuple[Any, float]]) -> Spec:
    """Return the specification of a small line without axes. `values` are pairs of a period and a value, in order."""
    rows = [{"c": number, "v": value} for number, (_, value) in enumerate(values)]
    base = chart_of(rows, width=SPARKLINE_WIDTH - 12, height=_SPARKLINE_HEIGHT)
    x = alt.X("c:Q", axis=None, scale=alt.Scale(domain=[0, max(len(rows) - 1, 1)], nice=False))
    y = alt.Y("v:Q", axis=None, scale=alt.Scale(zero=False))
    last = base.transform_filter(f"datum.c == {len(rows) - 1}").mark_point(filled=True, fill=ACCENT, size=30, opacity=1)
    line = base.mark_line(stroke=ACCENT, strokeWidth=1.5)
    return _specification(alt.layer(line, last, encoding=alt.Encoding(x=x, y=y)), align_right=False)


def _specification(drawing: alt.TopLevelMixin, *, align_right: bool) -> Spec:
    specification: Spec = drawing.to_dict(validate=False)
    specification.pop("config", None)
    return {**specification, "usermeta": {"alignRight": align_right}}
