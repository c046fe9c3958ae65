from __future__ import annotations

import pytest

from ingest.errors import LandedFileError
from ingest.header import HeaderMatch, best_match, clean_header, describe_missing_columns

LAYOUTS = {"cases": ("Date", "Area"), "old cases": ("Day", "Area", "Kind")}
RESERVED = ("_layout", "_Source_File", "_row_number", "_ingested_at", "_malformed_record", "_IS_CURRENT", "_file")


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["Date", "Area"], HeaderMatch((), 2, "cases")),
        (["Note", " Area ", "Date\n"], HeaderMatch((), 2, "cases")),
        (["Kind", "Area", "Day"], HeaderMatch((), 3, "old cases")),
        # The row has all columns of both layouts. The layout `old cases` is the match, because it has more columns.
        (["Date", "Day", "Area", "Kind"], HeaderMatch((), 3, "old cases")),
        (["Day", "Area"], HeaderMatch(("Kind",), 2, "old cases")),  # the row lacks one column of each layout
        (["Kind"], HeaderMatch(("Day", "Area"), 1, "old cases")),
        (["Date", "Kind", "Day"], HeaderMatch(("Area",), 2, "old cases")),
        (["date", "AREA"], HeaderMatch(("Date", "Area"), 0, "cases")),  # column names must match exactly
        (["Area", "Area", "Area"], HeaderMatch(("Date",), 1, "cases")),
        ([], HeaderMatch(("Date", "Area"), 0, "cases")),
    ],
)
def test_layout_with_fewest_missing_columns_is_chosen(cells: list[str], match: HeaderMatch) -> None:
    assert best_match(cells, LAYOUTS) == match


def test_first_of_two_equal_layouts_is_used() -> None:
    alike = {"b": ("Date",), "a": ("Date",)}
    assert best_match(["Date"], alike).layout == "b"
    assert best_match(["Date"], {}) == HeaderMatch((), 0, "")


def test_header_has_trimmed_names_and_a_layout() -> None:
    header = clean_header("f.csv", [" Date", None, "Area\u00a0", " "], layouts=LAYOUTS)
    assert (header.columns, header.layout) == (("Date", "unnamed_2", "Area", "unnamed_4"), "cases")
    on_sheet = header.on_sheet(2, date_system=1904)
    assert (on_sheet.sheet, on_sheet.date_system) == (2, 1904)


@pytest.mark.parametrize("layouts", [LAYOUTS, {"cases": LAYOUTS["cases"]}])
def test_error_for_missing_header_hides_the_first_row(layouts: dict[str, tuple[str, ...]]) -> None:
    """The first row may contain personal data."""
    cells = [
        "Jane Doe",
        "604-555-0100",
        None,
        "Jane Doe",
        "_row_number",
    ]  # a person's name twice, and a reserved column name
    with pytest.raises(LandedFileError) as caught:
        clean_header("f.csv", cells, layouts=layouts)
    expected = ", or ".join(f"{[*columns]} (layout {layout})" for layout, columns in layouts.items())
    assert str(caught.value) == (
        f"f.csv: the first row has no column of the dataset. Expected the header: {expected}. Check that this is the "
        "right file."
    )


@pytest.mark.parametrize("cells", [["date", "AREA"], ["DATE ", "Jane Doe"]])
def test_error_shows_names_with_different_letter_case(cells: list[str]) -> None:
    with pytest.raises(LandedFileError, match="Names must match exactly. Did the source rename") as caught:
        clean_header("f.csv", cells, layouts=LAYOUTS)
    assert f"Found: {[cell.strip() for cell in cells if 'Doe' not in cell]}." in str(caught.value)
    assert "Doe" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["Date", "Area", "area "], r"the columns \['Area', 'area'\] have the same name, because Spark ignores case."),
        (["Date", "unnamed_2", "x", None, "unnamed_4"], r"the columns \['unnamed_4', 'unnamed_4'\] have the same name"),
        *((["Date", name], rf"the columns \['{name}'\] have names that are reserved for raw") for name in RESERVED),
    ],
)
def test_duplicate_and_reserved_column_names_are_rejected(cells: list[str | None], problem: str) -> None:
    with pytest.raises(LandedFileError, match=f"f.csv: {problem}"):
        clean_header("f.csv", cells, layouts=LAYOUTS)


COLUMNS = tuple(f"Column {letter}" for letter in "ABCDEFGHIJ")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (
            ["Column A", "Column B", "Jane Doe", "column c"],
            "8 of the 10 expected columns are missing: 'Column C', 'Column D', 'Column E', 'Column F', 'Column G', and "
            "3 more. Found: ['Column A', 'Column B', 'column c']. Is this the right file? If not, move it out of "
            "landing.",
        ),
        (
            [*COLUMNS[:8], "Kind"],
            f"2 of the 10 expected columns are missing: 'Column I', 'Column J'. Found: {[*COLUMNS[:8], 'Kind']}. Did "
            "the source rename them?",
        ),
        (["x", *COLUMNS], f"column 'y' is missing. Found: {['x', *COLUMNS]}. Did the source rename or drop it?"),
    ],
)
def test_missing_columns_are_counted(cells: list[str], problem: str) -> None:
    """If most columns are missing, the row may contain personal data, so only cells like column names are shown."""
    layouts = {"other": ("x", *COLUMNS, "y")} if "x" in cells else {"ten": COLUMNS, "other": ("x", *COLUMNS, "y")}
    assert describe_missing_columns(cells, layouts) == problem
