"""Police dispatch: incidents to which police were sent, with their types, places, response times and outcomes.

The source is Montgomery County's "Police Dispatched Incidents". An incident is extracted from the source several times,
and each extraction gives one JSON record. The first record is written while units are on their way, so this record has
no arrival time and no clearing time. A new record follows when these times are known, and after each correction.

The key is the county's incident number. The publisher keeps the row with the latest extraction time (`row_ts`), even if
this row arrives before other rows of the incident. If two rows have the same extraction time, the publisher keeps the
row with the later end time. A row without an end time ranks below a row with an end time. If two rows are also equal in
the end time, the publisher compares the other source columns in a fixed order, up to the first column in which the
rows differ. The publisher keeps the row with the greater value in this column. A missing value ranks below all other
values. Two events with the same incident number become one incident. One event with two numbers becomes two incidents.

The county replaces house numbers with blocks of 100 numbers, as in `900 BLK THAYER AVE`. If an address still has a
house number, `MASKING_POLICY` in `incidents.py` replaces the number with its block before any row is validated.
"""

from transforms.dataset import Answer, Dataset
from transforms.datasets.police_dispatch import bands, counts, outcomes, places, response
from transforms.datasets.police_dispatch.incidents import (
    COLUMNS,
    KEY,
    LAYOUTS,
    MASKING_POLICY,
    REVISION_ORDER,
    VISIBLE_FAILURE_COLUMNS,
    build_incidents,
)

DATASET = Dataset(
    name="police_dispatch",
    description="What police were sent to: types, streets, outcomes, missing times and response times, by city",
    layouts=LAYOUTS,
    key=KEY,
    event_time="start_time",
    is_incremental=True,
    revision_order=REVISION_ORDER,
    pruning_column="incident_id",  # the county assigns incident numbers in chronological order
    build=build_incidents,
    columns=COLUMNS,
    masking_policy=MASKING_POLICY,
    visible_failure_columns=VISIBLE_FAILURE_COLUMNS,
    mostly=0.5,
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
        "street_type_dispositions": Answer(outcomes.build_street_type_dispositions),
        "missing_times": Answer(outcomes.build_missing_times),
        "arrival_bands": Answer(bands.build_arrival_bands),
        "clearing_bands": Answer(bands.build_clearing_bands),
        "arrival_by_city": Answer(response.build_arrival_by_city),
        "slowest_cities": Answer(response.build_slowest_cities),
        "clearing_by_city": Answer(response.build_clearing_by_city),
        "arrival_by_street": Answer(response.build_arrival_by_street),
        "clearing_by_street": Answer(response.build_clearing_by_street),
        "quadrants": Answer(response.build_quadrants),
        "priority_shares": Answer(counts.build_priority_shares),
        "hours": Answer(counts.build_hours),
    },
)
