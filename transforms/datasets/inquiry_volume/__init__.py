"""Inquiry volume: the monthly number of inquiries of each type, by city department and channel.

The source is the City of Vancouver's "3-1-1 inquiry volume". It has one row for each department, type, month and
channel. These four columns are the key.

Most rows have no `BI_ID`, and an existing `BI_ID` only numbers the rows of one export. So a row without an id is kept.
Two rows with the same key are the same row, even if their ids differ, and the latest delivery counts.

The key cannot distinguish two rows of one file that differ only in their number of inquiries. The pipeline does not add
them up and does not choose between them. It quarantines them, and the city must decide.

Names that differ only in blanks, in capitals, or in the dash after a department's code get one spelling. Capitals
follow the majority of rows. Each channel of the city has one fixed spelling. Types that the city retired
(`ZZ OLD - …`) keep their name and are marked.
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
