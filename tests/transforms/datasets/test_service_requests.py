"""Raw rows of two cities' forms become requests: one pipeline, the cities' differences are data."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.datasets.service_requests import DATASET
from transforms.datasets.service_requests.requests import build_requests
from transforms.datasets.service_requests.sources import LAYOUTS
from transforms.dedupe import keep_latest
from transforms.errors import ArgumentError, MissingColumnError

MASKING_KEY = b"made up, for made-up requests only"
SOURCES_OF_RAW = list({f.source.casefold(): f.source for fields in DATASET.layouts.values() for f in fields}.values())
RAW = (
    ", ".join(f"`{source}` string" for source in SOURCES_OF_RAW)
    + ", _malformed_record string, _layout string, _is_current boolean, _modified_at timestamp, "
    "_ingested_at timestamp, _source_file string, _row_number int"
)
FAILURES = "array<struct<column: string, value: string, expected: string>>"
REQUESTS = (
    "case_key string, city string, created_at timestamp, created_month date, created_weekday int, created_hour int, "
    "revised_at timestamp, status string, resolution string, closed_at timestamp, hours_to_close double, "
    "closure_reason string, first_call_resolution boolean, channel string, agency string, division string, "
    "major_area string, topic string, request_type string, traffic_kind string, neighborhood string, "
    "council_district string, police_district string, zip string, longitude decimal(6,3), latitude decimal(6,3), "
    "grid_cell string, coordinates_are_valid boolean, content_hash bigint, _is_current boolean, "
    "_modified_at timestamp, _ingested_at timestamp, _source_file string, _row_number int, "
    f"_cast_failures {FAILURES}, _cast_warnings {FAILURES}"
)
NOON = datetime(2025, 7, 1, 12, tzinfo=timezone.utc)
DENVER = {
    "Case Summary": "Illegal Parking", "Case Status": "Closed - Answer Provided", "Case Source": "PocketGov",
    "Case Created Date": "07/04/2024", "Case Created dttm": "07/04/2024 01:30:00 PM", "Case Closed Date": "07/05/2024",
    "Case Closed dttm": "07/05/2024 01:30:00 AM", "First Call Resolution": "Y", "Customer Zip Code": "80203",
    "Incident Address 1": "12 N Example St", "Incident Zip Code": "80202", "Longitude": "-104.990312",
    "Latitude": "39.739267", "Agency": "Public Works", "Council District": "9", "Police District": "6",
}  # fmt: skip
VANCOUVER = {
    "department": "ENG - Streets", "service_request_type": "Traffic Calming Case", "status": "Close",
    "closure_reason": "Service provided", "service_request_open_timestamp": "2023-12-11T06:48:14-08:00",
    "service_request_close_date": "2023-12-21", "last_modified_timestamp": "2024-02-29T08:09:07-08:00",
    "address": "4375 ROSS ST", "local_area": "Fairview", "channel": "Mobile App", "latitude": "49.24588",
    "longitude": "-123.08183", "geom": "{'lon': -123.08183, 'lat': 49.24588}",
}  # fmt: skip


CONTENT = {
    "status": {"Case Status": "New"}, "agency": {"Agency": "311"}, "request_type": {"Case Summary": "Pothole"},
    "traffic_kind": {"Type": "Parking", "Topic": "Crash"}, "first_call_resolution": {"First Call Resolution": "N"},
    "division": {"Division": "x"}, "major_area": {"Major Area": "x"}, "topic": {"Topic": "x"},
    "channel": {"Case Source": "Phone"}, "council_district": {"Council District": "3"},
    "police_district": {"Police District": "3"}, "neighborhood": {"Neighborhood": "x"},
    "zip": {"Incident Zip Code": "80203"}, "longitude": {"Longitude": "-104.98"}, "latitude": {"Latitude": "39.75"},
}  # fmt: skip
"""What a revision of Denver's may change, and how; Vancouver's has a reason of closure too."""


def raw(row, *, layout="denver", number=2, malformed=None, at=NOON, file="f.csv", current=True, **changes):
    given = row | {name.replace("_", " ") if layout.startswith("denver") else name: v for name, v in changes.items()}
    cells = {name.casefold(): value for name, value in given.items()}
    values = (cells.get(source.casefold()) for source in SOURCES_OF_RAW)
    return (*values, malformed, layout, current, at, at, file, number)


def event(row, *, row_ts, **changes):
    return raw(row | {"row_ts": row_ts}, layout="denver_events", **changes)


def vancouver(number=2, **changes):
    return raw(VANCOUVER, layout="vancouver", number=number, **changes)


def built(spark, *rows, schema=RAW, layouts=None):
    layouts = layouts or {row[-6] for row in rows} or LAYOUTS  # Spark plans one layout in a fraction of the time of all
    return build_requests(spark.createDataFrame(list(rows), schema), masking_key=MASKING_KEY, layouts=layouts)


def values(spark, rows, *columns):
    found = built(spark, *rows).orderBy("_row_number").selectExpr(*columns).collect()
    return [tuple(row) if len(columns) > 1 else row[0] for row in found]


def case_key(*texts):
    """Return the key as a Lambda computes it: no Spark, only the standard library."""
    message = "\u001f".join(" ".join((text or "").split()) for text in texts)
    return hmac.new(MASKING_KEY, message.encode(), hashlib.sha256).hexdigest()


def denver_key(clock, summary="Illegal Parking", *, zip_code="80202"):
    return case_key(
        "denver", clock, summary, "PocketGov", "80203", "12 N Example St", None, None, None, zip_code
    )  # fmt: skip


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def test_rows_of_both_cities_become_requests(either_ansi):
    workbook = {name.replace("_", " ").capitalize(): value for name, value in VANCOUVER.items()} | {
        "Service request open timestamp": "2023-12-11T17:48:14+03:00",
        "Last modified timestamp": "2024-02-29T19:09:07+03:00",
    }
    rows = [raw(DENVER), vancouver(3), raw(workbook, layout="vancouver_workbook", number=4)]
    there = (
        case_key("vancouver", "2023-12-11T06:48:14", "Traffic Calming Case", "Fairview", "Mobile App", "4375 ROSS ST"),
        "vancouver", utc(2023, 12, 11, 14, 48, 14), date(2023, 12, 1), 1, 6, utc(2024, 2, 29, 16, 9, 7), "Close",
        "resolved", utc(2023, 12, 22, 7, 59, 59), 257.19583333333333, "Service provided", None, "Mobile App",
        "ENG - Streets", None, None, None, "Traffic Calming Case", "traffic", "Fairview", None, None, None,
        Decimal("-123.082"), Decimal("49.245"), "49.24,-123.09", True, -819572476748276071, True, NOON, NOON, "f.csv",
    )  # fmt: skip
    expected = [
        (
            denver_key("2024-07-04T13:30:00"), "denver", utc(2024, 7, 4, 19, 30), date(2024, 7, 1), 4, 13,
            utc(2024, 7, 5, 7, 30),
            "Closed - Answer Provided", "resolved", utc(2024, 7, 5, 7, 30), 12.0, None, True, "PocketGov",
            "Public Works", None, None, None, "Parking", None, None, "9", "6", "80202", Decimal("-104.991"),
            Decimal("39.739"), "39.73,-105.00", True, -683213162605737431, True, NOON, NOON, "f.csv", 2, None, None,
        ),
        (*there, 3, None, None),
        (*there, 4, None, None),
    ]  # fmt: skip
    assert_df_equality(
        built(either_ansi, *rows), either_ansi.createDataFrame(expected, REQUESTS),
        ignore_row_order=True, ignore_nullable=True,
    )  # fmt: skip


def test_no_raw_rows_are_no_requests(spark):
    assert_df_equality(built(spark), spark.createDataFrame([], REQUESTS), ignore_nullable=True)


def test_the_key_is_what_python_computes_of_the_same_texts(spark):
    summaries = [
        "Pothole", "  Pothole\u00a0\u00a0 deep ", "Café, Peña Blvd", "line\nend\tand\u2003more\u3000", "", "\u00a0",
        None, "zero\u200bwidth stays", "a\u001fb", "emoji \U0001f6b2",
    ]  # fmt: skip
    rows = [raw(DENVER, number=n, Case_Summary=summary) for n, summary in enumerate(summaries)]
    assert values(spark, rows, "case_key") == [denver_key("2024-07-04T13:30:00", summary) for summary in summaries]


def test_the_key_survives_what_changes_and_no_difference_in_what_does_not(spark):
    changed = raw(
        DENVER, number=3, Case_Status="New", Case_Closed_dttm=None, Agency="311", Longitude="0", Latitude="0",
        First_Call_Resolution=None, Council_District="1", Case_Summary="\u00a0Illegal  Parking ",
    )  # fmt: skip
    others = [
        raw(DENVER, number=4, Case_Created_dttm="07/04/2024 01:30:01 PM"),
        raw(DENVER, number=5, Case_Summary="Illegal parking"),
        raw(DENVER, number=6, Incident_Address_1=None, Incident_Address_2="12 N Example St"),
        raw(DENVER, number=7, Incident_Zip_Code="80203"),
    ]
    keys = values(spark, [raw(DENVER), changed, *others], "case_key")
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


def test_without_a_time_created_or_a_city_that_is_known_there_is_no_key(spark):
    rows = [
        raw(DENVER, number=2, Case_Created_dttm=None),
        raw(DENVER, number=3, Case_Created_dttm="13/45/2024 25:00:00 PM"),
        raw(DENVER, number=4, Case_Created_dttm="03/10/2024 02:30:00 AM"),  # clocks skipped it
        raw(DENVER, number=5, layout="boulder"),
        raw({}, number=6, malformed='{"Case Summary": "Pot'),
    ]
    failed = "transform(_cast_failures, failure -> struct(failure.column, failure.value))"
    assert values(spark, rows, "case_key", failed) == [
        (None, None), (None, [("created_at", "*****")]), (None, [("created_at", "*****")]), (None, None),
        (None, [("_malformed_record", "*****")]),
    ]  # fmt: skip


def test_times_are_those_of_the_citys_clocks(spark):
    rows = [
        raw(DENVER, number=2, Case_Created_dttm="1/1/2024 12:05:00 AM"),
        raw(DENVER, number=3, Case_Created_dttm="11/03/2024 01:30:00 AM"),  # shown twice: the earlier
        vancouver(4, service_request_open_timestamp="2024-03-01T09:00:00+03:00"),
    ]
    shown = "date_format(created_at, 'yyyy-MM-dd HH:mm')", "string(created_month)", "created_weekday", "created_hour"
    assert values(spark, rows, *shown) == [
        ("2024-01-01 07:05", "2024-01-01", 1, 0),
        ("2024-11-03 07:30", "2024-11-01", 7, 1),
        ("2024-03-01 06:00", "2024-02-01", 4, 22),
    ]


def test_a_close_day_is_its_end_or_the_last_change_and_never_before_the_request(spark):
    rows = [
        vancouver(2, service_request_open_timestamp="2024-03-10T23:00:00-07:00",
                  service_request_close_date="2024-03-10", last_modified_timestamp="2024-03-10T23:30:00-07:00"),
        vancouver(3, service_request_open_timestamp="2024-03-09T23:59:59-08:00",
                  service_request_close_date="2024-03-10", last_modified_timestamp=None),
        vancouver(4, status="Open", service_request_close_date=None),
        raw(DENVER, number=5, Case_Closed_dttm=None),
    ]  # fmt: skip
    assert values(spark, rows, "hours_to_close", "closed_at IS NULL") == [
        (0.5, False), (23.0, False), (None, True), (34.499722222222225, False),
    ]  # fmt: skip


def test_no_time_to_close_without_an_end_before_the_beginning_or_while_open(spark):
    rows = [
        raw(DENVER, number=2, Case_Closed_dttm="07/04/2024 01:30:00 PM"),
        raw(DENVER, number=3, Case_Closed_dttm="07/04/2024 01:29:59 PM"),
        raw(DENVER, number=4, Case_Closed_dttm=None, Case_Closed_Date=None),
        raw(DENVER, number=5, Case_Status="In Progress"),
        raw(DENVER, number=6, Case_Status="Merged"),
        raw(DENVER, number=7, Case_Closed_dttm="soon", Case_Closed_Date=""),
    ]
    found = values(spark, rows, "hours_to_close", "closed_at IS NOT NULL", "_cast_warnings IS NOT NULL")
    assert [(hours, closed) for hours, closed, _ in found] == [
        (0.0, True), (None, True), (None, False), (None, True), (12.0, True), (None, False),
    ]  # fmt: skip
    assert [warned for *_, warned in found] == [False] * 5 + [True]


def test_the_status_says_whether_a_request_is_resolved_and_an_unknown_one_nothing(spark):
    right = {
        "Closed - Transfered to External Agency": ("Closed - Transfered to External Agency", "closed otherwise"),
        "Closed - Transferred to External Agency": ("Closed - Transfered to External Agency", "closed otherwise"),
        "closed\u00a0-\u00a0answer provided": ("Closed - Answer Provided", "resolved"),
        "Routed to Agency": ("Routed to Agency", "unresolved"),
        "Merged by  Supervisor": ("Merged by Supervisor", None),
        "Close": ("Close", None),  # Vancouver's, not Denver's
        "": (None, None),
    }
    rows = [raw(DENVER, number=n, Case_Status=status) for n, status in enumerate(right)]
    assert values(spark, rows, "status", "resolution") == [*right.values()]


def test_coordinates_of_no_place_in_the_city_are_unknown(spark):
    right = {
        ("0", "0"): None, ("", ""): None, (None, None): None, ("0.0", ""): None, ("39.739267", "39.739267"): False,
        ("-94.99", "39.73"): False, ("-104.99", ""): False, ("-104.99", "0"): False, ("west", "39.73"): False,
        ("-104.6737", "39.8561"): True,
    }  # fmt: skip
    rows = [raw(DENVER, number=n, Longitude=west, Latitude=south) for n, (west, south) in enumerate(right)]
    found = values(spark, rows, "coordinates_are_valid", "longitude IS NOT NULL", "grid_cell")
    assert found == [(valid, bool(valid), "39.85,-104.68" if valid else None) for valid in right.values()]


def test_zip_codes_have_five_digits_and_00000_is_none(spark):
    right = {"80202": ("80202", False), " 80202-1234\u00a0": ("80202", False), "00000": (None, True),
             "8020": (None, True), "": (None, False), None: (None, False)}  # fmt: skip
    rows = [raw(DENVER, number=n, Incident_Zip_Code=given) for n, given in enumerate(right)]
    assert values(spark, rows, "zip", "_cast_warnings IS NOT NULL") == [*right.values()]


def test_yes_and_no_on_the_first_call_and_nothing_else(spark):
    rows = [raw(DENVER, number=n, First_Call_Resolution=said) for n, said in enumerate(["Y", "n ", "", "maybe"])]
    assert values(spark, rows, "first_call_resolution", "_cast_warnings IS NOT NULL") == [
        (True, False), (False, False), (None, False), (None, True),
    ]  # fmt: skip


def test_what_a_request_is_about_is_its_type_its_topic_or_by_whole_words_of_its_summary(spark):
    cases = [
        ("Pothole", None, None, "Pothole", None),
        ("Pothole", "Street Maintenance", "Roads", "Street Maintenance", None),
        ("Pothole", " ", "Roads", "Roads", None),
        ("POTHOLES on my street, Ann", None, None, "Pothole", None),
        ("Hit and run on Colfax", None, None, "Traffic accident", "accident"),
        ("Traffic signal out", None, None, "Traffic and signals", "traffic"),
        ("Complaint", "Traffic", None, "Traffic", "traffic"),
        ("trafficking", None, None, None, None),
        ("hotdog stand", None, None, None, None),
        ("Other", None, None, None, None),
        (None, None, None, None, None),
    ]
    rows = [raw(DENVER, number=n, Case_Summary=summary, Type=type_, Topic=topic)
            for n, (summary, type_, topic, *_) in enumerate(cases)]  # fmt: skip
    assert values(spark, rows, "request_type", "traffic_kind") == [case[3:] for case in cases]


def test_district_0_is_none(spark):
    assert values(spark, [raw(DENVER, Council_District="0", Police_District=" 3")], "council_district",
                  "police_district") == [(None, "3")]  # fmt: skip


def latest(spark, *rows):
    found = (
        keep_latest(built(spark, *rows), key=DATASET.key, order_by=DATASET.revision_order)
        .select("status", "_row_number")
        .collect()
    )
    return [tuple(row) for row in found]


def test_the_newest_revision_counts_in_whatever_order_they_arrive(spark):
    late = datetime(2025, 9, 1, tzinfo=timezone.utc)
    rows = [
        raw(DENVER, number=2, Case_Status="New"),  # of a file that mentions no time after 5 July 2024
        event(DENVER, row_ts="2025-06-01T00:00:00Z", number=3, Case_Status="Escalated", at=late),
        event(DENVER, row_ts="2025-07-01T12:00:00.5Z", number=4, Case_Status="In Progress"),
        event(DENVER, row_ts="2025-07-01T14:00:00+02:00", number=5, Case_Status="On Hold", at=late),
    ]
    assert latest(spark, *rows) == latest(spark, *reversed(rows)) == [("In Progress", 4)]


def test_of_revisions_of_one_time_the_same_one_counts_whichever_comes_first(spark):
    rows = [event(DENVER, row_ts="2025-07-02T00:00:00Z", number=n, Case_Status=status, Case_Closed_dttm=closed,
                  Case_Closed_Date=None)
            for n, (status, closed) in enumerate([("Closed", "07/05/2024 01:00:00 PM"), ("New", None)])]  # fmt: skip
    assert latest(spark, *rows) == latest(spark, *reversed(rows)) == [("Closed", 0)]


def test_what_no_file_says_any_more_comes_before_what_one_says(spark):
    rows = [
        raw(DENVER, number=2, Case_Status="New"),
        event(DENVER, row_ts="2025-08-01T00:00:00Z", number=3, Case_Status="Closed", current=False),
    ]
    requests = built(spark, *rows)
    found = keep_latest(requests, key=DATASET.key, order_by=DATASET.revision_order).select("status").collect()
    assert [row.status for row in found] == ["New"]


def test_the_order_is_total_and_knows_no_arrival():
    columns = [column.split()[0] for column in re.split(r", (?=_?[a-z]+\w* )", REQUESTS)]
    assert DATASET.revision_order[-2:] == ("_source_file", "_row_number")
    assert not {"_ingested_at", "_modified_at"} & set(DATASET.revision_order)
    derived = {"case_key", "city", "created_at", "created_month", "created_weekday", "created_hour", "resolution",
               "hours_to_close", "grid_cell", "coordinates_are_valid", "_ingested_at", "_modified_at",
               "_cast_failures", "_cast_warnings"}  # fmt: skip
    assert set(columns) - set(DATASET.revision_order) - {*CONTENT, "closure_reason"} == derived


def test_the_hash_is_another_where_anything_that_may_change_is_another(spark):
    given = [raw(DENVER, number=0), *(raw(DENVER | change) for change in CONTENT.values())]
    given += [raw(DENVER, Agency=None, Division="Public Works"), vancouver(), vancouver(closure_reason="x")]
    found = built(spark, *given)
    assert found.select("content_hash").distinct().count() == len(given)
    same = built(spark, raw(DENVER, number=9, Case_Created_dttm="07/04/2024 01:31:00 PM"))
    assert same.first().content_hash == found.where("_row_number = 0").first().content_hash


def test_nothing_that_tells_who_or_where_is_left(spark):
    secret = {
        "Case_Summary": "Pothole, call Ann 303-555-0142", "Incident_Address_2": "Apt 7", "Case_Closed_dttm": "Ann",
        "Incident_Intersection_1": "EXAMPLE ST", "Incident_Intersection_2": "N 12th AVE",
    }  # fmt: skip
    rows = [raw(DENVER, **secret), vancouver(3)]
    found = built(spark, *rows).select(F.to_json(F.struct("*"))).collect()
    for row in found:
        for text in ("Ann", "303-555", "Example", "EXAMPLE", "12th", "Apt", "80203", "ROSS", "104.9903", "123.08183"):
            assert text not in row[0]


def test_the_policy_names_every_column_of_a_form_that_tells_who_or_where():
    named = {each.column for each in DATASET.masking_policy}
    for fields in DATASET.layouts.values():
        told = {f.name for f in fields if re.search(r"(?i)address|intersection|customer|summary|itude|geom", f.source)}
        assert told <= named


@pytest.mark.parametrize("column", ["Case Summary", "row_ts", "Service request type"])
def test_a_column_that_raw_lacks_is_named(spark, column):
    schema = re.sub(
        rf"`{column}` string, |, `{column}` string", lambda found: ", " * found.group().startswith(",,"), RAW
    )
    with pytest.raises(MissingColumnError, match=column):
        built(spark, schema=schema)


def test_a_column_in_other_capitals_is_the_one(spark):
    schema = RAW.replace("`Latitude`", "`latitude`").replace("`Longitude`", "`LONGITUDE`")
    found = built(spark, raw(DENVER), schema=schema).select("latitude").collect()
    assert [str(row[0]) for row in found] == ["39.739"]


def test_a_short_masking_key_is_refused(spark):
    with pytest.raises(ArgumentError, match="32 bytes"):
        build_requests(spark.createDataFrame([], RAW), masking_key=b"short")


def test_a_row_of_no_known_layout_is_kept_without_key_and_not_lost(spark):
    rows = [
        raw(DENVER, number=2),
        raw(DENVER, number=3, layout="boulder"),
        raw(DENVER, number=4, layout=None),
        raw({}, number=5, layout="boulder", malformed="half a record"),
    ]
    failed = "transform(_cast_failures, failure -> failure.column)"
    assert values(spark, rows, "_row_number", "case_key IS NULL", "city", "revised_at IS NULL", failed) == [
        (2, False, "denver", False, None), (3, True, None, False, None), (4, True, None, False, None),
        (5, True, None, False, ["_malformed_record"]),
    ]  # fmt: skip


def test_the_layouts_of_the_rows_give_the_rows_that_all_layouts_give(spark):
    rows = [raw(DENVER, number=2), vancouver(number=3)]
    some, all_layouts = (built(spark, *rows, layouts=names) for names in (["denver", "vancouver"], LAYOUTS))
    assert_df_equality(some, all_layouts, ignore_row_order=True)


def test_a_row_of_a_layout_that_is_not_named_is_kept_without_key_and_not_lost(spark):
    found = built(spark, raw(DENVER, number=2), vancouver(number=3), layouts=["denver"]).orderBy("_row_number")
    assert [(row._row_number, row.city, row.case_key is None) for row in found.collect()] == [
        (2, "denver", False), (3, None, True),
    ]  # fmt: skip


# On 4 July 2024 in Denver, 6 hours behind UTC. An event changes at 13:30 what an export says as of 13:10.
OPEN = DENVER | {
    "Case Status": "New", "Case Created dttm": "07/04/2024 09:00:00 AM", "Case Closed dttm": None,
    "Case Closed Date": None,
}  # fmt: skip
OTHER = OPEN | {"Case Summary": "Pothole", "Case Created dttm": "07/04/2024 01:10:00 PM"}


def exported(hour, *, number=2):
    """Return an export that is modified and landed at an hour, and mentions 13:10 as its latest time."""
    landed = {"at": utc(2024, 7, 4, hour + 6), "file": f"{hour}.csv"}
    return [raw(OPEN, number=number, **landed), raw(OTHER, number=number + 1, **landed)]


def closed_at_1330(number=9):
    changes = {"Case_Status": "Closed", "Case_Closed_dttm": "07/04/2024 01:30:00 PM"}
    return event(OPEN, row_ts="2024-07-04T13:30:00-06:00", at=utc(2024, 7, 4, 20), file="e", number=number, **changes)


def latest_of_open(spark, *rows):
    found = keep_latest(built(spark, *rows), key=DATASET.key, order_by=DATASET.revision_order)
    return [row.status for row in found.where("request_type = 'Parking'").collect()]


def test_an_export_that_lands_later_does_not_set_back_what_an_event_changed(spark):
    rows = [closed_at_1330(), *exported(14)]
    assert latest_of_open(spark, *rows) == latest_of_open(spark, *reversed(rows)) == ["Closed"]


def test_an_export_that_is_polled_again_does_not_become_newer(spark):
    rows = [*exported(14), closed_at_1330(), *exported(16)]
    assert latest_of_open(spark, *rows) == latest_of_open(spark, *reversed(rows)) == ["Closed"]
    assert set(values(spark, exported(16), "revised_at")) == {datetime(2024, 7, 4, 19, 10)}


def test_an_export_that_mentions_a_later_time_than_the_event_is_newer(spark):
    later = {"at": utc(2024, 7, 4, 20), "file": "20.csv"}
    reopened = [raw(OPEN | {"Case Status": "Reopened"}, **later),
                raw(OTHER, number=3, **later, Case_Closed_dttm="07/04/2024 01:45:00 PM")]  # fmt: skip
    assert latest_of_open(spark, closed_at_1330(), *reopened) == ["Reopened"]


def test_a_time_in_the_future_does_not_make_an_export_newer_than_its_modification(spark):
    typo = raw(OTHER, number=3, Case_Closed_dttm="07/04/2042 01:45:00 PM")
    assert values(spark, [raw(OPEN), typo], "revised_at") == [NOON.replace(tzinfo=None)] * 2


def test_a_day_closed_is_mentioned_at_its_start_by_the_citys_clocks(spark):
    closed = raw(OPEN, Case_Closed_Date="07/10/2024")
    assert values(spark, [closed], "revised_at") == [datetime(2024, 7, 10, 6)]


def test_a_file_without_a_time_that_can_be_read_is_dated_by_its_modification(spark):
    rows = [raw(OPEN, Case_Created_dttm="soon"), raw(OPEN, number=3, Case_Created_dttm=None)]
    assert values(spark, rows, "revised_at") == [NOON.replace(tzinfo=None)] * 2


def test_an_event_without_its_own_time_is_dated_by_the_latest_time_that_it_mentions(spark):
    rows = [event(OPEN, row_ts="2024-07-04T13:30:00-06:00"), event(OPEN, row_ts=None, number=3)]
    assert values(spark, rows, "revised_at") == [datetime(2024, 7, 4, 19, 30), datetime(2024, 7, 4, 15, 0)]


def test_exports_of_one_time_tie_and_the_same_one_counts_whichever_comes_first(spark):
    rows = [*exported(14), *exported(16, number=7)]
    found = [
        keep_latest(built(spark, *order), key=DATASET.key, order_by=DATASET.revision_order).select("_source_file")
        for order in (rows, rows[::-1])
    ]
    assert [{row[0] for row in each.collect()} for each in found] == [{"16.csv"}, {"16.csv"}]


def branches(plan):
    if plan.nodeName() == "Union":
        return [plan.children().apply(place).toString() for place in range(plan.children().size())]
    return [branch for place in range(plan.children().size()) for branch in branches(plan.children().apply(place))]


@pytest.mark.parametrize(
    ("layouts", "expected"),
    [
        (LAYOUTS, ["denver", "denver", "vancouver", "vancouver", None]),
        (["denver_events"], ["denver", None]),
    ],
    ids=["all layouts", "one layout"],
)
def test_the_rows_of_a_source_meet_no_expression_of_another(spark, layouts, expected):
    marks = {"denver": ["America/Denver", "-105.12"], "vancouver": ["America/Vancouver", "-123.28"]}
    spark.conf.set("spark.sql.debug.maxToStringFields", 10_000)
    try:
        found = branches(built(spark, raw(DENVER), layouts=layouts)._jdf.queryExecution().optimizedPlan())
    finally:
        spark.conf.unset("spark.sql.debug.maxToStringFields")
    texts = [text for city in marks.values() for text in city]
    assert [[text for text in texts if text in branch] for branch in found] == [
        marks.get(city, []) for city in expected
    ]
