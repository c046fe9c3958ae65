"""Service requests: what people ask of a city's 3-1-1, where, by which channel, and how long it takes.

The sources are Denver's 3-1-1 service requests, a csv a year and JSON events, and Vancouver's, csv and workbooks. What
differs between cities is data, in `sources`; everything else is one pipeline.

No source has an id. The key is a keyed hash of what is said when a request is opened and never changes: the city, the
time to the second, and what, how and where (`Source.key`). Status, close time, agency and coordinates change, and are
no part of it. What the key cannot tell apart are two requests that are the same in all of these: of Denver mostly those
without an address that came in the same second, of Vancouver's 10,000 published rows four pairs. They are one request.
A summary or an address that is corrected later makes a second one.

Addresses and what people typed are masked by `MASKING_POLICY` before anything is judged, places are known to the block.
"""

from transforms.dataset import Dataset
from transforms.datasets.service_requests.answers import ANSWERS
from transforms.datasets.service_requests.requests import KEY, MASKING_POLICY, REVISION_ORDER, build_requests
from transforms.datasets.service_requests.sources import LAYOUTS

DATASET = Dataset(
    name="service_requests",
    description=(
        "3-1-1 service requests: volume, areas, sources, first-call resolution, what is unresolved, time to close"
    ),
    layouts=LAYOUTS,
    build=build_requests,
    key=KEY,
    revision_order=REVISION_ORDER,
    answers=ANSWERS,
    masking_policy=MASKING_POLICY,
    uses_masking_key=True,
    builds_by_layout=True,
    event_time="created_at",
    pruning_column="created_at",  # the key is made of it
)
