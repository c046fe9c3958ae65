"""List the answers about service requests. An answer has groups only for the columns that a city publishes."""

from __future__ import annotations

from transforms.dataset import Answer
from transforms.datasets.service_requests.outcomes import (
    build_first_call_resolution,
    build_resolution,
    build_time_to_close,
    build_top_unresolved,
)
from transforms.datasets.service_requests.volumes import (
    build_busiest_agencies,
    build_by_hour_and_weekday,
    build_monthly_volume,
    build_most_common_types,
    build_top_type_months,
    build_top_types_by_area,
    build_traffic_by_area,
    build_volume_by_area,
    build_volume_by_channel,
)

ANSWERS = {
    "monthly_volume": Answer(build_monthly_volume),
    "volume_by_area": Answer(build_volume_by_area),
    "volume_by_channel": Answer(build_volume_by_channel),
    "first_call_resolution": Answer(build_first_call_resolution),
    "resolution": Answer(build_resolution),
    "top_types_by_area": Answer(build_top_types_by_area),
    "top_type_months": Answer(build_top_type_months),
    "busiest_agencies": Answer(build_busiest_agencies),
    "most_common_types": Answer(build_most_common_types),
    "top_unresolved": Answer(build_top_unresolved),
    "by_hour_and_weekday": Answer(build_by_hour_and_weekday),
    "time_to_close": Answer(build_time_to_close),
    "traffic_by_area": Answer(build_traffic_by_area),
}
"""The answers by name."""
