"""Test the sentences of answers with rows that can easily lead to a wrong sentence, such as ties."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from reports.answer import Answer
from reports.errors import OutdatedAnswerError
from reports.load import load_report
from reports.rows import read_answers


def sentence(dataset: str, answer: str, *rows: dict[str, Any]) -> str:
    (declared,) = (item for item in load_report(dataset).answers if item.name == answer)
    return declared.text(rows)


def pair(city: str, rank: int, kind: str, incidents: int) -> dict[str, Any]:
    return {"city": city, "rank": rank, "initial_type": kind, "disposition_desc": "REPORT", "incidents": incidents}


def test_pairs_that_share_the_first_place_count_in_each_city() -> None:
    rows = [pair("A", 1, "NOISE", 5), pair("A", 2, "THEFT", 5), pair("A", 3, "ALARM", 1), pair("B", 1, "THEFT", 9)]

    assert sentence("police_dispatch", "type_dispositions", *rows) == (
        "THEFT with REPORT is the most common pair in 2 of the 2 busiest cities."
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((6, 3), "The busiest cell has 6 incidents, near A ST."),
        ((6, 6), "Each of the 2 busiest cells has 6 incidents, near A ST and B ST."),
    ],
)
def test_all_busiest_cells_are_named(counts: tuple[int, int], expected: str) -> None:
    rows = [{"rank": number, "street": f"{'AB'[number]} ST", "incidents": count} for number, count in enumerate(counts)]

    assert sentence("police_dispatch", "grid_cells", *rows).endswith(expected)


@pytest.mark.parametrize(("junctions", "where"), [(8.97, "on blocks"), (60.0, "at intersections")])
def test_junctions_are_compared_with_roads(junctions: float, where: str) -> None:
    rows = [{"is_intersection": True, "share_pct": junctions}, {"is_intersection": False, "share_pct": 30.0}]

    assert sentence("police_dispatch", "at_intersections", *rows).startswith(f"More incidents happened {where}: ")


def test_the_times_of_named_types_are_summarized_without_other_types() -> None:
    common = {"band_number": 1, "band": "0-5", "incidents": 3}
    rows = [
        {**common, "initial_type": "THEFT", "is_named_type": False, "incidents": 100},
        {**common, "initial_type": "NOISE", "is_named_type": True},
        {**common, "initial_type": "NOISE", "is_named_type": True, "band_number": 2, "band": "5-10", "incidents": 4},
    ]

    assert sentence("police_dispatch", "arrival_bands", *rows) == (
        "The median for NOISE is less than 10 minutes. 7 incidents of these types have a known time."
    )


def test_the_headline_of_requests_is_about_the_city_and_not_about_an_agency() -> None:
    month = {"city": "denver", "month": date(2024, 7, 1), "requests": 4}
    agency = {**month, "group_kind": "agency", "group_name": "Parks", "change_on_year_pct": 300.0}
    city = {**month, "group_kind": "all", "group_name": None, "change_on_year_pct": -60.0}

    assert sentence("service_requests", "monthly_volume", agency, city) == (
        "Denver had 4 requests in July 2024, 60.00 % fewer than in July 2023."
    )


def test_a_month_with_as_many_requests_is_not_hidden() -> None:
    row = {"city": "denver", "group_kind": "zip", "request_type": "Snow", "requests": 5, "month": date(2024, 1, 1)}

    assert sentence(
        "service_requests", "top_type_months", {**row, "group_name": "1"}, {**row, "group_name": "2"}
    ).endswith("5 in January 2024. 1 other combination of area, type and month had the same number.")


def test_months_with_the_same_rounded_percentage_are_compared_by_their_counts() -> None:
    months = [(12, 30_467, 32_293), (3, 33_024, 35_002), (1, 1, 2)]
    rows = [
        {"month": date(2023, month, 1), "calls_handled": handled, "calls_offered": offered, "calls_handled_pct": pct}
        for (month, handled, offered), pct in zip(months, (94.35, 94.35, 50.0), strict=True)
    ]

    assert sentence("contact_centre", "calls_handled_monthly", *rows) == (
        "The percentage was between 50.00 % in January 2023 and 94.35 % in March 2023."
    )


def test_a_table_that_older_code_built_gives_a_clear_error(spark: SparkSession) -> None:
    row = {"rank": 1, "city": "ROCKVILLE", "incidents": 5, "share_pct": 100.0}

    message = r"cities: the report cannot use 'first_day'. Expected a column of this name, found only the columns"
    with pytest.raises(OutdatedAnswerError, match=message):
        sentence("police_dispatch", "cities", row)
    table = spark.createDataFrame([(1, "ROCKVILLE", 5)], "rank int, city string, incidents int")
    with pytest.raises(OutdatedAnswerError, match="cannot use 'share_pct'") as raised:
        read_answers(load_report("police_dispatch"), {"cities": table})
    assert raised.value.column == "share_pct"


def test_a_value_of_another_type_gives_a_clear_error() -> None:
    answer = Answer("visits", "How many visits?", lambda rows: f"There are {rows[0]['visits']:,d} visits.")

    assert answer.text([{"visits": 1204}]) == "There are 1,204 visits."
    message = (
        "lake.curated.library_visits: the report cannot use 'sentence'. Expected values that fit the sentence of the "
        "answer, found ValueError: "
    )
    with pytest.raises(OutdatedAnswerError, match=message):
        answer.text([{"visits": "1204"}], table="lake.curated.library_visits")
