"""Police dispatch: incidents to which police were sent, of which types, where, how fast, and with what outcome.

The source is Montgomery County's "Police Dispatched Incidents": JSON records, one for each time that an incident was
extracted. It appears while units are still on their way, without times of arrival and clearing, and comes again when
they are known, and whenever it is corrected.

The key is the county's number of the incident. The row extracted last counts (`row_ts`), whatever order it came in; of
rows extracted at once the one that says more. What the key cannot tell apart are two events that were given one number,
and one event that was given two: these are two incidents.

Addresses are published to the block of a hundred. A house's number that slipped through becomes its block before
anything is judged: `SENSITIVE` in `incidents.py`.
"""

from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame

from transforms.datasets.police_dispatch import counts, outcomes, places, response
from transforms.datasets.police_dispatch.incidents import EVENT_TIME, KEY, ORDER, SOURCE_FIELDS, build_incidents

ANSWERS: Mapping[str, Callable[[DataFrame], DataFrame]] = {
    "cities": counts.build_cities,
    "top_city_types": counts.build_top_city_types,
    "type_shares": counts.build_type_shares,
    "streets": places.build_streets,
    "top_street_types": counts.build_top_street_types,
    "grid_cells": places.build_grid_cells,
    "intersections": places.build_intersections,
    "at_intersections": places.build_at_intersections,
    "type_dispositions": outcomes.build_type_dispositions,
    "common_type_dispositions": outcomes.build_common_type_dispositions,
    "top_type_dispositions": outcomes.build_top_type_dispositions,
    "missing_times": outcomes.build_missing_times,
    "arrival_bands": response.build_arrival_bands,
    "clearing_bands": response.build_clearing_bands,
    "arrival_by_city": response.build_arrival_by_city,
    "slowest_cities": response.build_slowest_cities,
    "clearing_by_city": response.build_clearing_by_city,
    "arrival_by_street": response.build_arrival_by_street,
    "clearing_by_street": response.build_clearing_by_street,
    "quadrants": response.build_quadrants,
    "priority_shares": counts.build_priority_shares,
    "hours": counts.build_hours,
}
"""Answer name to what builds it; each becomes `lake.curated.police_dispatch_<name>`."""

__all__ = ["ANSWERS", "EVENT_TIME", "KEY", "ORDER", "SOURCE_FIELDS", "build_incidents"]
