"""Service requests to a city's 3-1-1: the subject, place, channel and time to close of each request.

The sources are the 3-1-1 service requests of Denver and Vancouver. Denver delivers JSON events, and one csv file for
each year. Vancouver delivers csv files and workbooks. The modules in `sources` describe the differences between cities.
All cities share the rest of the code.

No source publishes an id of its requests. The key is a keyed hash of fields that never change after a request is
opened. These fields are the city, the creation time to the second, and the fields in `CitySource.key`. The fields in
`CitySource.key` describe the subject, channel and place. Status, close time, agency and coordinates can change, so
these fields are not part of the key.

Two requests with the same values in all key fields become one request. In Denver, this happens mostly to requests
without an address that were created in the same second. In Vancouver, 10,000 published rows contain four such pairs. If
the summary or address of a request is corrected later, the correction becomes a second request.

`MASKING_POLICY` masks addresses and free text before rows are validated. Coordinates keep the precision of a city
block.
"""

from transforms.dataset import Dataset
from transforms.datasets.service_requests.answers import ANSWERS
from transforms.datasets.service_requests.layouts import build_layout
from transforms.datasets.service_requests.requests import (
    COLUMNS,
    KEY,
    MASKING_POLICY,
    REVISION_ORDER,
    build_requests,
    complete_requests,
)
from transforms.datasets.service_requests.sources import LAYOUTS

DATASET = Dataset(
    name="service_requests",
    description=(
        "3-1-1 service requests: volume, areas, sources, first-call resolution, unresolved requests, time to close"
    ),
    layouts=LAYOUTS,
    key=KEY,
    event_time="created_at",
    is_incremental=True,
    pruning_column="created_at",  # part of the key, so all revisions of a request have the same created_at
    build_layout=build_layout,
    build=build_requests,
    complete=complete_requests,
    columns=COLUMNS,
    revision_order=REVISION_ORDER,
    answers=ANSWERS,
    masking_policy=MASKING_POLICY,
    uses_masking_key=True,
    mostly=0.9,
)
