"""`build_candidates` casts, builds, masks and completes the rows of a dataset."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import functions as F

from tests.transforms.datasets.frames import raw_schema
from transforms.candidates import build_candidates
from transforms.columns import drop_fields
from transforms.dataset import Dataset
from transforms.errors import MissingColumnError, RowLossError, SchemaMismatchError
from transforms.masking import MaskingRule, redact
from transforms.schema import Field
from transforms.times import parse_timestamp


def days_as(pattern):
    return lambda column: parse_timestamp(column, pattern=pattern, zone="UTC")


VISITS = Dataset(
    name="visits",
    description="Visits by day",
    layouts={"visits": (Field("Day", "day", "date"), Field("Name", "name", "string"), Field("N", "n", "int"))},
    key=("day",),
    answers={},
)
CITIES = replace(
    VISITS,
    layouts={
        "north": (Field("Day", "day", "timestamp", days_as("dd/MM/yyyy")), Field("N", "n", "int")),
        "south": (Field("DAY", "day", "timestamp", days_as("yyyy-MM-dd")), Field("Town", "town", "string")),
    },
    build_layout=lambda rows, layout: rows.withColumn("city", F.lit(layout)),
)


def raw(spark, dataset, *rows, layout="visits"):
    """Return raw rows. The rows have the cells of the dataset's source columns."""
    lineage = (None, None, layout, True, None, None, "a.csv")
    cells = [(*row, *lineage, number) for number, row in enumerate(rows, 2)]
    return spark.createDataFrame(cells, raw_schema(dataset))


def test_trusted_has_the_fields_and_the_added_columns(spark):
    dataset = replace(VISITS, build=lambda rows: rows.withColumns({"year": F.year("day"), "_helper": F.lit(1)}))
    (row,) = build_candidates(raw(spark, dataset, ("2024-05-01", "Ann", "3")), dataset=dataset).collect()

    assert [name for name in row.asDict() if not name.startswith("_")] == ["day", "name", "n", "year"]
    assert "_helper" not in row
    assert (row.year, row.n, row._source_file, row._cast_failures, row._cast_warnings) == (2024, 3, "a.csv", None, None)


def test_columns_give_the_order_and_can_name_a_helper_column(spark):
    dataset = replace(VISITS, build=lambda rows: rows.withColumn("_twice", F.col("n") * 2), columns=("_twice", "day"))
    (row,) = build_candidates(raw(spark, dataset, ("2024-05-01", "Ann", "3")), dataset=dataset).collect()
    assert [*row.asDict()][:2] == ["_twice", "day"]
    assert "name" not in row


def test_rows_are_masked_after_build_and_before_complete(spark):
    dataset = replace(
        VISITS,
        build=lambda rows: rows.withColumn("initial", F.substring("name", 1, 1)),
        complete=lambda rows: rows.withColumn("length", F.length("name")),
        masking_policy=(MaskingRule("name", redact, "identifies a person"),),
    )
    (row,) = build_candidates(raw(spark, dataset, ("2024-05-01", "Ann", "x")), dataset=dataset).collect()

    assert (row.name, row.initial, row.length) == ("*****", "A", 5)
    assert row._cast_failures[0].value == "*****"


def test_superseded_rows_are_dropped_before_complete(spark):
    dataset = replace(VISITS, complete=lambda rows: rows.withColumn("days", F.expr("count(*) over ()")))
    rows = raw(spark, dataset, ("2024-05-01", "Ann", "3"), ("2024-05-02", "Ann", "3"))
    rows = rows.withColumn("_is_current", F.col("Day") != "2024-05-01")
    assert [(row.n, row.days) for row in build_candidates(rows, dataset=dataset).collect()] == [(3, 1)]


@pytest.mark.parametrize("step", ["build", "complete"])
def test_a_function_that_drops_the_lineage_is_refused(spark, step):
    def only_days(rows):
        return rows.select("day")

    with pytest.raises(SchemaMismatchError) as caught:
        build_candidates(raw(spark, VISITS), dataset=replace(VISITS, **{step: only_days}))

    assert str(caught.value) == (
        "the function only_days: got rows without the columns ['_layout', '_is_current', '_modified_at', "
        "'_ingested_at', '_source_file', '_row_number', '_cast_failures', '_cast_warnings'], expected rows that keep "
        "these columns. Add columns with withColumns, and remove columns with drop_fields. A select drops all other "
        "columns."
    )
    kept = replace(VISITS, **{step: lambda rows: drop_fields(rows, fields=["name"])})
    assert "name" not in build_candidates(raw(spark, VISITS), dataset=kept).columns


@pytest.mark.parametrize("step", ["build", "build_layout", "complete"])
def test_a_function_that_removes_rows_is_refused(spark, step):
    def only_many(rows, layout=None):
        return rows.withColumn("twice", F.col("n") * 2).where("n > 1").withColumn("half", F.col("n") / 2)

    with pytest.raises(RowLossError) as caught:
        build_candidates(raw(spark, VISITS), dataset=replace(VISITS, **{step: only_many}))

    assert str(caught.value) == (
        "the function only_many: it filters rows, but it must keep all rows. A removed row is neither in trusted nor "
        "in quarantine. To send rows to quarantine, add an expectation to the suite. To leave rows out of an answer, "
        "filter them in the function of the answer."
    )


def test_cells_of_another_layout_are_not_published(spark):
    """The file of `fines` has a column that only `visits` declares."""
    fines = (VISITS.layouts["visits"][0], Field("Fine", "fine", "int"))
    dataset = replace(VISITS, layouts={**VISITS.layouts, "fines": fines})
    visit = raw(spark, dataset, ("2024-05-01", "Ann", "3", "7"))
    fine = raw(spark, dataset, ("2024-05-02", "Ann", "x", "7"), layout="fines")
    rows = build_candidates(visit.union(fine), dataset=dataset).orderBy("day").collect()
    found = [(row.name, row.n, row.fine, row._cast_failures) for row in rows]
    assert found == [("Ann", 3, None, None), (None, None, 7, None)]


def test_a_missing_column_of_trusted_is_refused(spark):
    with pytest.raises(MissingColumnError, match="dataset visits: column 'days' is missing.*rename it to 'day'"):
        build_candidates(raw(spark, VISITS), dataset=replace(VISITS, columns=("days",)))


def test_layouts_with_different_rules_are_cast_separately(spark):
    north = raw(spark, CITIES, ("01/05/2024", "3", None), layout="north")
    south = raw(spark, CITIES, ("2024-05-02", None, "Hill"), layout="south")
    unknown = raw(spark, CITIES, ("2024-05-03", "3", "Hill"), layout="west")
    rows = build_candidates(north.union(south).union(unknown), dataset=CITIES).collect()

    found = sorted((row.city or "", row.day and f"{row.day:%d %b}", row.n, row.town) for row in rows)
    assert found == [("", None, None, None), ("north", "01 May", 3, None), ("south", "02 May", None, "Hill")]


def test_the_order_of_layouts_does_not_change_the_rows(spark):
    rows = raw(spark, CITIES, ("2024-05-02", None, "Hill"), layout="south")
    reordered = replace(CITIES, layouts=dict(reversed(CITIES.layouts.items())))
    first, second = (build_candidates(rows, dataset=each).collect() for each in (CITIES, reordered))
    assert [row.asDict() for row in first] == [row.asDict() for row in second]
    assert first[0].town == "Hill"


def test_raw_can_lack_the_columns_of_a_layout_without_files(spark):
    """For example, the code has a new city, and a run rebuilds trusted before the first file of the city lands."""
    rows = raw(spark, CITIES, ("01/05/2024", "3", None), layout="north").drop("Town")
    (row,) = build_candidates(rows, dataset=CITIES, layouts=["north"]).collect()
    assert (row.city, row.n, row.town) == ("north", 3, None)
    with pytest.raises(MissingColumnError, match="'Town' is missing"):
        build_candidates(rows, dataset=CITIES, layouts=["north", "south"])


def test_one_pass_can_also_lack_the_columns_of_a_layout_without_files(spark):
    dataset = replace(VISITS, layouts={**VISITS.layouts, "new": (VISITS.layouts["visits"][0], Field("X", "x", "int"))})
    rows = raw(spark, dataset, ("2024-05-01", "Ann", "3", None)).drop("X")
    assert build_candidates(rows, dataset=dataset, layouts=["visits"]).first().x is None
    with pytest.raises(MissingColumnError, match="'X' is missing"):
        build_candidates(rows, dataset=dataset)
