"""Inquiry volume: the number of inquiries in each month, by department, type and channel.

The source is the City of Vancouver's "3-1-1 inquiry volume". The source has one row for each combination of department,
type, month and channel. These four columns are the key.

Most rows have no `BI_ID`. If a row has a `BI_ID`, this id is only the row number in one export. So `BI_ID` is not part
of the key, and rows without a `BI_ID` are kept. If two rows have the same key, the publisher keeps the row that was
delivered last, even if the ids of the rows differ.

Two rows of one file can have the same key but different numbers of inquiries. The pipeline neither adds these numbers
nor chooses one of them. Instead, the pipeline quarantines the rows, and the city must decide which number is correct.

Names get the same spelling if they differ only in blanks, in capitals, or in the dash after the code of a department.
If names differ only in capitals, the most frequent spelling is used. Each channel on the city's list has one fixed
spelling. Types that the city has retired (`ZZ OLD - …`) keep their names, and `is_retired` is true for their rows.
"""

from transforms.dataset import Dataset
from transforms.datasets.inquiry_volume.answers import ANSWERS
from transforms.datasets.inquiry_volume.inquiries import COLUMNS, KEY, LAYOUTS, build_inquiries, complete_inquiries

DATASET = Dataset(
    name="inquiry_volume",
    description="Volume and share of 3-1-1 inquiries by department, channel, type and month",
    layouts=LAYOUTS,
    key=KEY,
    event_time="year_month",
    build=build_inquiries,
    complete=complete_inquiries,
    columns=COLUMNS,
    answers=ANSWERS,
)
