"""Police dispatch: incidents to which police were sent, of which types, where, how fast, and with what outcome.

The source is Montgomery County's "Police Dispatched Incidents": JSON records, one for each time that an incident was
extracted. It appears while units are still on their way, without times of arrival and clearing, and comes again when
they are known, and whenever it is corrected.

The key is the county's number of the incident. The row extracted last counts (`row_ts`), whatever order it came in; of
rows extracted at once the one that says more. What the key cannot tell apart are two events that were given one number,
and one event that was given two: these are two incidents.

Addresses are published to the block of a hundred. A house's number that slipped through becomes its block before
anything is judged: `MASKING_POLICY` in `incidents.py`.
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
