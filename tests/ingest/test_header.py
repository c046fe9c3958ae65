from __future__ import annotations

import pytest

from ingest.errors import LandedFileError
from ingest.header import HeaderMatch, best_match, clean_header

LAYOUTS = {"cases": ("Date", "Area"), "old cases": ("Day", "Area", "Kind")}
RESERVED = ("_layout", "_Source_File", "_row_number", "_ingested_at", "_malformed_record", "_IS_CURRENT")


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["Date", "Area"], HeaderMatch((), 2, "cases")),
        (["Note", " Area ", "Date\n"], HeaderMatch((), 2, "cases")),
        (["Kind", "Area", "Day"], HeaderMatch((), 3, "old cases")),
        (["Date", "Day", "Area", "Kind"], HeaderMatch((), 3, "old cases")),  # both are whole: more is found of this one
        (
            ["Day", "Area"],
            HeaderMatch(("Kind",), 2, "old cases"),
        ),  # as much is missing of both, more is found of this one
        (["Kind"], HeaderMatch(("Day", "Area"), 1, "old cases")),
        (["Date", "Kind", "Day"], HeaderMatch(("Area",), 2, "old cases")),
        (["date", "AREA"], HeaderMatch(("Date", "Area"), 0, "cases")),  # names are compared as they are written
        (["Area", "Area", "Area"], HeaderMatch(("Date",), 1, "cases")),
        ([], HeaderMatch(("Date", "Area"), 0, "cases")),
    ],
)
def test_the_layout_that_fits_best_misses_least_and_of_these_has_most(cells: list[str], match: HeaderMatch) -> None:
    assert best_match(cells, LAYOUTS) == match


def test_of_layouts_that_fit_as_well_the_first_counts_and_without_layouts_nothing_is_missing() -> None:
    alike = {"b": ("Date",), "a": ("Date",)}
    assert best_match(["Date"], alike).layout == "b"
    assert best_match(["Date"], {}) == HeaderMatch((), 0, "")


def test_a_header_has_trimmed_names_and_its_layout() -> None:
    header = clean_header("f.csv", [" Date", None, "Area\u00a0", " "], layouts=LAYOUTS)
    assert (header.columns, header.layout) == (("Date", "unnamed_2", "Area", "unnamed_4"), "cases")
    assert header.on_sheet("May").sheet == "May"


@pytest.mark.parametrize("layouts", [LAYOUTS, {"cases": LAYOUTS["cases"]}])
def test_a_first_row_that_is_no_header_is_not_shown(layouts: dict[str, tuple[str, ...]]) -> None:
    cells = ["Jane Doe", "604-555-0100", None, "Jane Doe", "_row_number"]  # twice, and a reserved name: no word of it
    with pytest.raises(LandedFileError) as caught:
        clean_header("f.csv", cells, layouts=layouts)
    expected = " or ".join(f"those of {layout}, {[*columns]}" for layout, columns in layouts.items())
    assert str(caught.value) == (
        "f.csv: its first row has none of the columns that it should have. Expected a header with "
        f"{expected}. Is it the right file?"
    )


@pytest.mark.parametrize("cells", [["date", "AREA"], ["DATE ", "Jane Doe"]])
def test_names_in_other_capitals_are_said_to_be_so(cells: list[str]) -> None:
    with pytest.raises(
        LandedFileError, match="names are compared as they are written. Did the source rename"
    ) as caught:
        clean_header("f.csv", cells, layouts=LAYOUTS)
    assert f"It has {[cell.strip() for cell in cells if 'Doe' not in cell]}:" in str(caught.value)
    assert "Doe" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["Date", "Area", "area "], r"the columns \['Area', 'area'\] have one name. Give each its own."),
        (["Date", "unnamed_2", "x", None, "unnamed_4"], r"the columns \['unnamed_4', 'unnamed_4'\] have one name"),
        *((["Date", name], rf"the columns \['{name}'\] have names that raw reserves") for name in RESERVED),
    ],
)
def test_names_that_raw_cannot_hold_are_refused(cells: list[str | None], problem: str) -> None:
    with pytest.raises(LandedFileError, match=f"f.csv: {problem}"):
        clean_header("f.csv", cells, layouts=LAYOUTS)
