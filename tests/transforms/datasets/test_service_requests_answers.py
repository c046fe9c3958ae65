"""Test the answers about service requests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.transforms.datasets.frames import assert_answer
from transforms.datasets.service_requests import DATASET

REQUESTS = (
    "city string, created_month date, created_weekday int, created_hour int, resolution string, hours_to_close double, "
    "first_call_resolution boolean, channel string, agency string, request_type string, traffic_kind string, "
    "neighborhood string, council_district string, police_district string, zip string, grid_cell string"
)
CHANGE = "change_on_{0} bigint, change_on_{0}_pct double".format
SHARE = "requests bigint, share_pct decimal(6,3)"
GROUP = "city string, group_kind string, group_name string"
AREAS = f"{GROUP}, latitude double, longitude double, {SHARE}"
NOWHERE = (None, None)
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def request(city="denver", *, month=MAY, at=(1, 9), resolution="resolved", hours=None, first_call=None,
            channel="Phone", agency="Safety", kind="Noise", traffic=None, neighborhood=None, council=None,
            police=None, zip_code=None, cell=None):  # fmt: skip
    return (city, month, *at, resolution, hours, first_call, channel, agency, kind, traffic, neighborhood, council,
            police, zip_code, cell)  # fmt: skip


def answer(spark, name, requests):
    return DATASET.answers[name].build(spark.createDataFrame(requests, REQUESTS).coalesce(1)).coalesce(1)


def assert_built(spark, name, requests, rows, schema, *, where="true"):
    assert_answer(answer(spark, name, requests).where(where), rows, schema)


def test_monthly_volumes_are_compared_with_earlier_months(spark):
    """The earlier months are the month before and the same month of the year before."""
    last_year = date(2023, 6, 1)
    months = [last_year, MAY, MAY, JUNE, JUNE, JUNE]
    requests = [*(request(month=month) for month in months), request("vancouver", month=JUNE)]
    rows = [
        ("denver", "all", "all", last_year, 1, None, None, None, None),
        ("denver", "all", "all", MAY, 2, None, None, None, None),
        ("denver", "all", "all", JUNE, 3, 1, 50.0, 2, 200.0),
        ("vancouver", "all", "all", JUNE, 1, None, None, None, None),
    ]
    schema = f"city string, group_kind string, group_name string, month date, requests bigint, {CHANGE('month')}, "
    assert_built(spark, "monthly_volume", requests, rows, schema + CHANGE("year"), where="group_kind = 'all'")
    kinds = {tuple(row) for row in answer(spark, "monthly_volume", requests).select("city", "group_kind").collect()}
    both = {(city, kind) for city in ("denver", "vancouver") for kind in ("all", "agency", "channel", "neighborhood")}
    assert kinds == both | {("denver", kind) for kind in ("council_district", "police_district", "zip")}


def test_shares_of_areas_add_up_to_100(spark):
    """For each kind of area in each city, the shares add up to 100."""
    requests = [request(zip_code="80202", council="9"), request(zip_code="80202"), request(),
                request("vancouver", neighborhood="Fairview")]  # fmt: skip
    rows = [
        ("denver", "zip", "80202", *NOWHERE, 2, "66.667"), ("denver", "zip", None, *NOWHERE, 1, "33.333"),
        ("denver", "council_district", "9", *NOWHERE, 1, "33.333"),
        ("denver", "council_district", None, *NOWHERE, 2, "66.667"),
        *(("denver", kind, None, *NOWHERE, 3, "100.000") for kind in ("neighborhood", "police_district", "grid_cell")),
        ("vancouver", "neighborhood", "Fairview", *NOWHERE, 1, "100.000"),
        ("vancouver", "grid_cell", None, *NOWHERE, 1, "100.000"),
    ]  # fmt: skip
    assert_built(spark, "volume_by_area", requests, rows, AREAS)


def test_areas_have_the_mean_centre_of_their_grid_cells(either_ansi):
    """The mean includes a cell once for each request. An unknown area has no point."""
    north, south, west = "39.75,-105.00", "39.73,-105.00", "39.73,-105.01"
    requests = [
        *(request(zip_code="80202", cell=cell) for cell in (north, south, west, None)),
        *(request(zip_code="80203", cell=cell) for cell in (south, west)),
        request(cell=south), request(zip_code="80204"), request("vancouver", cell="49.26,-123.13"),
    ]  # fmt: skip
    rows = [
        ("denver", "zip", "80202", 39.742, -104.998, 4, "50.000"),  # 39.735 + 0.02 / 3 and -104.995 - 0.01 / 3
        ("denver", "zip", "80203", 39.735, -105.0, 2, "25.000"),
        ("denver", "zip", "80204", *NOWHERE, 1, "12.500"), ("denver", "zip", None, *NOWHERE, 1, "12.500"),
        ("denver", "grid_cell", north, 39.755, -104.995, 1, "12.500"),
        ("denver", "grid_cell", south, 39.735, -104.995, 3, "37.500"),
        ("denver", "grid_cell", west, 39.735, -105.005, 2, "25.000"),
        ("denver", "grid_cell", None, *NOWHERE, 2, "25.000"),
        ("vancouver", "grid_cell", "49.26,-123.13", 49.265, -123.125, 1, "100.000"),
    ]  # fmt: skip
    where = "group_kind IN ('zip', 'grid_cell')"
    assert_built(either_ansi, "volume_by_area", requests, rows, AREAS, where=where)


def test_shares_of_channels_use_the_city_total(spark):
    requests = [request(channel=channel) for channel in ("Phone", "Phone", None)] + [request("vancouver")]
    rows = [
        ("denver", "Phone", 2, "66.667"), ("denver", None, 1, "33.333"), ("vancouver", "Phone", 1, "100.000"),
    ]  # fmt: skip
    assert_built(spark, "volume_by_channel", requests, rows, f"city string, channel string, {SHARE}")


def test_unknown_first_call_resolutions_are_excluded(spark):
    requests = [request(first_call=said) for said in (True, True, False, None)] + [
        request(first_call=False, agency="311"), request("vancouver"), request(agency="Finance"),
    ]  # fmt: skip
    schema = "city string, group_kind string, group_name string, requests bigint, on_first_call bigint, "
    rows = [("denver", "all", "all", 4, 2, 50.0), ("denver", "agency", "Safety", 3, 2, 66.67),
            ("denver", "agency", "311", 1, 0, 0.0)]  # fmt: skip
    where = "group_kind IN ('all', 'agency')"
    assert_built(
        spark, "first_call_resolution", requests, rows, schema + "on_first_call_pct double", where=where
    )  # fmt: skip


def test_resolution_percentages_exclude_unknown_statuses(spark):
    becomes = ["resolved", "resolved", "closed otherwise", "unresolved", None]
    requests = [*(request(resolution=each) for each in becomes), request("vancouver", resolution=None)]
    schema = ("city string, group_kind string, group_name string, requests bigint, resolved bigint, "
              "closed_otherwise bigint, unresolved bigint, status_not_known bigint, resolved_pct double, "
              "unresolved_pct double")  # fmt: skip
    rows = [("denver", "all", "all", 5, 2, 1, 1, 1, 50.0, 25.0), ("vancouver", "all", "all", 1, 0, 0, 0, 1, None, None)]
    assert_built(spark, "resolution", requests, rows, schema, where="group_kind = 'all'")


def types(counts, **given):
    return [request(kind=kind, **given) for kind, count in counts.items() for _ in range(count)]


def test_each_area_has_at_most_five_top_types(spark):
    counts = {"Weeds": 3, "Noise": 1, "Trees": 1, "Parking": 1, "Graffiti": 1, "Animals": 1, None: 4}
    requests = [*types(counts, zip_code="80202"), request(zip_code=None)]
    rows = [
        ("denver", "zip", "80202", 1, "Weeds", 3, "37.500"),
        *(("denver", "zip", "80202", rank, kind, 1, "12.500")
          for rank, kind in enumerate(["Animals", "Graffiti", "Noise", "Parking"], 2)),
    ]  # fmt: skip
    schema = f"city string, group_kind string, group_name string, rank int, request_type string, {SHARE}"
    assert_built(spark, "top_types_by_area", requests, rows, schema)


def test_top_types_are_ranked_over_all_months(spark):
    requests = [
        *types({"Weeds": 1, "Noise": 2}, zip_code="80202"),
        *types({"Weeds": 3, "Trees": 1, "Parking": 1, "Graffiti": 1, "Animals": 1}, zip_code="80202", month=JUNE),
    ]
    area = ("denver", "zip", "80202")
    rows = [
        (*area, 1, "Weeds", MAY, 1, None, None), (*area, 1, "Weeds", JUNE, 3, 2, 200.0),
        (*area, 2, "Noise", MAY, 2, None, None),
        *((*area, rank, kind, JUNE, 1, None, None) for rank, kind in enumerate(["Animals", "Graffiti", "Parking"], 3)),
    ]  # fmt: skip
    schema = f"{GROUP}, rank int, request_type string, month date, requests bigint, "
    assert_built(spark, "top_type_months", requests, rows, schema + CHANGE("month"))


def test_unknown_agencies_and_unknown_types_are_not_ranked(spark):
    agencies = [f"Agency {n:02}" for n in range(11)]
    requests = [request(agency=name) for name in [*agencies, "Agency 10", None]]
    of_city = answer(spark, "busiest_agencies", requests).where("group_kind = 'all'")
    found = [tuple(row) for row in of_city.orderBy("rank").collect()]
    assert [name for *_, name, _, _ in found] == ["Agency 10", *agencies[:9]]
    assert found[0] == ("denver", "all", "all", 1, "Agency 10", 2, Decimal("16.667"))
    of_both = [("denver", *group) for group in (("all", "all"), ("agency", "Safety"))]
    rows = [
        *((*column, *rest) for column in of_both for rest in ((1, "Noise", 2, "66.667"), (2, "Weeds", 1, "33.333"))),
    ]
    schema = f"city string, group_kind string, group_name string, rank int, request_type string, {SHARE}"
    where = "group_kind IN ('all', 'agency')"
    assert_built(spark, "most_common_types", types({"Noise": 2, "Weeds": 1, None: 5}), rows, schema, where=where)


def test_agencies_are_ranked_in_each_group_of_requests(spark):
    requests = [request(agency="Finance", zip_code="80202"), *(request(agency="Safety", channel="Chat") for _ in "ab")]
    found = {tuple(row)[1:5] for row in answer(spark, "busiest_agencies", requests).collect()}
    of_city = {("all", "all", 1, "Safety"), ("all", "all", 2, "Finance")}
    of_channels = {("channel", "Chat", 1, "Safety"), ("channel", "Phone", 1, "Finance")}
    assert of_city | of_channels | {("zip", "80202", 1, "Finance"), ("zip", None, 1, "Safety")} <= found
    assert "agency" not in {kind for kind, *_ in found}


def test_only_unresolved_requests_are_counted(spark):
    """The answer `top_unresolved` excludes closed requests and requests with an unknown status."""
    requests = [
        *types({"Noise": 3}),
        *types({"Weeds": 1, "Noise": 1, None: 1}, resolution="unresolved"),
        *types({"Trees": 2}, resolution=None),
        *types({"Parking": 2}, resolution="closed otherwise"),
    ]
    rows = [("denver", "all", "all", 1, "Noise", 1, "50.000"), ("denver", "all", "all", 2, "Weeds", 1, "50.000")]
    schema = f"city string, group_kind string, group_name string, rank int, request_type string, {SHARE}"
    assert_built(spark, "top_unresolved", requests, rows, schema, where="group_kind = 'all'")


def test_requests_are_counted_by_weekday_and_hour(spark):
    requests = [request(at=(7, 23)), request(at=(7, 23)), request(at=(1, 0)), request("vancouver", at=(1, 0))]
    rows = [(city, *group, *rest) for group in (("all", "all"), ("channel", "Phone"))
            for city, *rest in (("denver", 7, 23, 2), ("denver", 1, 0, 1), ("vancouver", 1, 0, 1))]  # fmt: skip
    schema = "city string, group_kind string, group_name string, weekday int, hour int, requests bigint"
    where = "group_kind IN ('all', 'channel')"
    assert_built(spark, "by_hour_and_weekday", requests, rows, schema, where=where)


def test_percentiles_exclude_requests_without_a_duration(spark):
    requests = [request(hours=hours) for hours in (1.0, 2.0, 3.0, 4.04, 10.05, None)] + [
        request(agency="311", kind=None, hours=0.05), request(agency="Finance"),
    ]  # fmt: skip
    rows = [
        ("denver", "all", None, None, 6, 2.5, 7.05),
        ("denver", "agency", "Safety", None, 5, 3.0, 7.66),
        ("denver", "agency", "311", None, 1, 0.1, 0.1),
        ("denver", "request_type", None, "Noise", 5, 3.0, 7.66),
        ("denver", "request_type", None, None, 1, 0.1, 0.1),
        ("denver", "agency and request_type", "Safety", "Noise", 5, 3.0, 7.66),
        ("denver", "agency and request_type", "311", None, 1, 0.1, 0.1),
    ]
    schema = ("city string, group_kind string, agency string, request_type string, requests bigint, "
              "median_hours double, p90_hours double")  # fmt: skip
    assert_built(spark, "time_to_close", requests, rows, schema)


def test_traffic_requests_are_counted_by_area_and_type(spark):
    requests = [
        request(traffic="accident", kind="Traffic accident", zip_code="80202"),
        request(traffic="traffic", kind="Traffic and signals", zip_code="80202"),
        request(traffic="traffic", kind="Traffic and signals"), request(zip_code="80202"),
    ]  # fmt: skip
    rows = [("denver", "zip", "80202", "accident", "Traffic accident", 1),
            ("denver", "zip", "80202", "traffic", "Traffic and signals", 1),
            ("denver", "zip", None, "traffic", "Traffic and signals", 1)]  # fmt: skip
    schema = (
        "city string, group_kind string, group_name string, traffic_kind string, request_type string, requests bigint"
    )
    assert_built(spark, "traffic_by_area", requests, rows, schema, where="group_kind = 'zip'")


NULLABLE = {
    "monthly_volume": ("change_on_year_pct",),
    "volume_by_area": ("group_name", "latitude"),
    "volume_by_channel": ("channel",),
    "first_call_resolution": ("on_first_call_pct",),
    "resolution": ("resolved_pct", "unresolved_pct"),
    "traffic_by_area": ("group_name", "request_type"),
}
"""The columns of each answer that can be null and that are in the sentence of the answer."""
