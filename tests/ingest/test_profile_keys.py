"""Test which columns are chosen as the key of a new dataset."""

from __future__ import annotations

from itertools import product

from ingest.profile_keys import Key, KeyColumn, find_key

LETTERS, DAYS = "abcdef", [f"2024-05-{day:02}" for day in range(1, 9)]


def find(rows: int, is_complete: bool = True, **columns) -> Key:
    """Find the key of columns. A column is a list of cells, or a pair of cells and settings of `KeyColumn`."""
    parts = []
    for name, column in columns.items():
        cells, settings = column if isinstance(column, tuple) else (column, {})
        parts.append(KeyColumn(name, tuple(name.split("_")), [str(cell) for cell in cells], **settings))
    return find_key(parts, rows=rows, is_complete=is_complete)


def numbers(cells, **settings):
    return [*cells], {"is_number": True, **settings}


def test_an_identifier_is_preferred_to_an_earlier_column():
    key = find(40, label=[f"label {n}" for n in range(40)], case_id=[f"c{n}" for n in range(40)])
    assert (key.columns, key.doubts) == (("case_id",), ())
    assert key.alternatives == (("label",),)


def test_a_date_is_preferred_to_a_number_that_counts_the_rows():
    key = find(40, bi_id=numbers(range(214, 254)), date=[f"day {n}" for n in range(40)])
    assert key.columns == ("date",)


def test_a_number_that_counts_the_rows_is_unsure():
    key = find(40, id=numbers(range(1, 41)), at=([f"time {n}" for n in range(40)], {"is_time": True}))
    assert key.columns == ("id",)
    assert key.doubts == ("id counts the rows, and the next export may count them in another order",)


def test_two_columns_are_preferred_to_a_measured_number():
    pairs = [*product(DAYS, LETTERS)]
    key = find(48, date=[day for day, _ in pairs], branch=[x for _, x in pairs], visits=numbers(range(100, 580, 10)))
    assert (key.columns, key.doubts) == (("date", "branch"), ())


def test_a_measured_number_is_the_last_choice():
    key = find(40, visits=numbers(n * n for n in range(40)), kind=list("ab") * 20)
    assert (key.columns, key.doubts) == (("visits",), ("visits looks like a value that is measured",))


def test_a_column_that_changes_is_the_last_choice():
    times = [f"time {n}" for n in range(40)]
    key = find(40, last_modified=(times, {"is_time": True}), date=DAYS * 5, kind=[x for x in "abcde" for _ in range(8)])
    assert key.columns == ("date", "kind")


def test_up_to_four_columns_are_combined():
    rows = [*product("ab", "cd", "ef", "gh")]
    key = find(16, **{name: [row[index] for row in rows] for index, name in enumerate(("w", "x", "y", "z"))})
    assert key.columns == ("w", "x", "y", "z")
    assert key.doubts == (
        "only 16 rows were read, and these columns may be unique by chance",
        "no combination of fewer than 4 columns is unique",
    )


def test_rows_that_were_not_read_are_a_doubt():
    assert find(40, is_complete=False, case_id=[f"c{n}" for n in range(40)]).doubts == ("some rows were not read",)


def test_no_key_is_found_if_no_combination_is_unique():
    assert find(40, kind=list("ab") * 20).columns == ()
