"""Inquiry volume: how many inquiries of each type came to which department of the city, by which channel, each month.

The source is the City of Vancouver's "3-1-1 inquiry volume": one row for each department, type, month and channel.

The key is these four. Most rows have no `BI_ID`, and where there is one it numbers the rows of one export. So a row
without an id is kept, and one that comes again, with another id or with none, is the same row: the latest delivery
counts. What the key cannot tell apart are two rows of one file that differ in nothing but the number. They are not
added up and neither is chosen: they go to quarantine, for the city to say.

Spellings that differ in blanks, in capitals, or in the dash after a department's code are one: capitals as most rows
have them. The city's channels have one spelling each. Types that it retired (`ZZ OLD - …`) keep their name and are
marked.
"""

from transforms.dataset import Dataset
from transforms.datasets.inquiry_volume.answers import ANSWERS
from transforms.datasets.inquiry_volume.inquiries import KEY, LAYOUTS, build_inquiries
from transforms.dedupe import LINEAGE_COLUMNS

DATASET = Dataset(
    name="inquiry_volume",
    description="Volume and share of 3-1-1 inquiries by department, channel, type and month",
    layouts=LAYOUTS,
    build=build_inquiries,
    key=KEY,
    revision_order=LINEAGE_COLUMNS,
    answers=ANSWERS,
)
