"""Render specifications to small SVG drawings."""

from __future__ import annotations

import re
from html import escape

import vl_convert

from reports.drawing.layout import CONFIG, Spec

_ATTRIBUTES_TO_ROUND = re.compile(r' (?:d|transform|x|y|x2|y2|width|height)="[^"]*"')
_ATTRIBUTES_TO_DROP = re.compile(
    r' (?:(?:class|role|aria-[a-z]+|font-family|pointer-events|stroke-miterlimit|xmlns:xlink)="[^"]*"'
    r'|font-size="12px"|opacity="1"|font-weight="normal")'  # The style sheet has these values for all drawings.
)
_CIRCLE = re.compile(r'<path transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A[^"]*"')
_CLASSES = {'stroke="var(--line)" stroke-width="1"': "l", 'fill="var(--muted)"': "m"}
_BACKGROUND = re.compile(r'<path class="(?:back|fore)ground"[^>]*/>')
_EMPTY_GROUP = re.compile(r"<g[^>]*(?<!/)></g>|<g[^>]*/>")


def to_svg(spec: Spec, *, label: str, width: int) -> str:
    """Render a specification to SVG. `label` describes the drawing to screen readers.

    Vega writes long numbers, empty groups and an attribute for each default. This function shortens them, which makes
    the drawing about half as large. All drawings of a page get the same width, so a page scales them equally.
    Charts with labels at the left are aligned at the right.
    """
    drawing: str = vl_convert.vegalite_to_svg({**spec, "config": CONFIG})
    drawing = _BACKGROUND.sub("", drawing)
    drawing = _ATTRIBUTES_TO_DROP.sub("", _ATTRIBUTES_TO_ROUND.sub(_round_numbers, drawing))
    drawing = _CIRCLE.sub(r'<circle cx="\1" cy="\2" r="\3"', drawing)
    for attributes, name in _CLASSES.items():
        drawing = drawing.replace(attributes, f'class="{name}"')
    previous = ""
    while previous != drawing:
        previous, drawing = drawing, _EMPTY_GROUP.sub("", drawing)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    drawn_width, height = (float(number) for number in size.groups()) if size else (width, width)
    left = min(0.0, drawn_width - width) if spec["usermeta"]["alignRight"] else 0
    head = f'<svg role="img" aria-label="{escape(label)}" viewBox="{left:g} 0 {width} {height:g}">'
    return re.sub(r"<svg [^>]*>", lambda _: head, drawing, count=1)


def _round_numbers(attribute: re.Match[str]) -> str:
    return re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), attribute[0])
