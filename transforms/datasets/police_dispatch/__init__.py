"""Police dispatch: incidents to which police were sent, with their types, places, response times and outcomes.

The source is Montgomery County's "Police Dispatched Incidents". It has one JSON record for each extraction of an
incident. The first record appears while units are on their way, and has no times of arrival and clearing. Another
record follows when these times are known, and after each correction.

The key is the county's incident number. The row that was extracted last counts (`row_ts`), in whatever order the rows
arrive. If two rows were extracted at the same time, the row with more values counts. The key cannot distinguish two
events with the same number. One event with two numbers is two incidents.

The county publishes addresses only to the block of a hundred. If an address has a house number, `MASKING_POLICY` in
`incidents.py` replaces it with its block before any row is validated.
"""

from transforms.dataset import Answer, Dataset
from transforms.datasets.police_dispatch import counts, outcomes, places, response
from transforms.datasets.police_dispatch.incidents import (
    KEY,
    LAYOUTS,
    MASKING_POLICY,
    REVISION_ORDER,
    build_incidents,
)

DATASET = Dataset(
    name="police_dispatch",
    description="What police were sent to: types, streets, outcomes, missing times and response times, by city",
    layouts=LAYOUTS,
    build=build_incidents,
    key=KEY,
    revision_order=REVISION_ORDER,
    answers={
        "cities": Answer(counts.build_cities),
        "top_city_types": Answer(counts.build_top_city_types),
        "type_shares": Answer(counts.build_type_shares),
        "streets": Answer(places.build_streets),
        "top_street_types": Answer(counts.build_top_street_types),
        "grid_cells": Answer(places.build_grid_cells),
        "intersections": Answer(places.build_intersections),
        "at_intersections": Answer(places.build_at_intersections),
        "type_dispositions": Answer(outcomes.build_type_dispositions),
        "common_type_dispositions": Answer(outcomes.build_common_type_dispositions),
        "top_type_dispositions": Answer(outcomes.build_top_type_dispositions),
        "missing_times": Answer(outcomes.build_missing_times),
        "arrival_bands": Answer(response.build_arrival_bands),
        "clearing_bands": Answer(response.build_clearing_bands),
        "arrival_by_city": Answer(response.build_arrival_by_city),
        "slowest_cities": Answer(response.build_slowest_cities),
        "clearing_by_city": Answer(response.build_clearing_by_city),
        "arrival_by_street": Answer(response.build_arrival_by_street),
        "clearing_by_street": Answer(response.build_clearing_by_street),
        "quadrants": Answer(response.build_quadrants),
        "priority_shares": Answer(counts.build_priority_shares),
        "hours": Answer(counts.build_hours),
    },
    masking_policy=MASKING_POLICY,
    event_time="start_time",
    pruning_column="incident_id",  # the county numbers incidents as they come
)
