"""Registrar: applications, enrolments and withdrawals of students, and the completion rate of applications.

The source is three workbooks. Each row is a record: an application, an enrolment or a withdrawal. Records of the same
student, programme and intake belong to one admission. The key of a record is its kind, student, programme and intake.
If a key is delivered several times, the latest delivery is used.

If a student applies again for a later intake, the new application has a new key. If a student applies twice for the
same programme and intake, the second application replaces the first.

The rows are about persons. `MASKING_POLICY` lists each column that can identify a person, and these columns
are masked before any row is validated. Trusted, quarantine, validation results and answers never contain the
original values. If the cells of a row have shifted to wrong columns, the intake of the row is not valid. In a row
without a valid intake, programme and intake are also masked. Masking does not detect a person's name in the column
Programme of an otherwise valid row. Masking also does not detect a person's name in the name of a file, sheet or
column.
"""

from transforms.dataset import Dataset
from transforms.datasets.registrar.answers import ANSWERS
from transforms.datasets.registrar.records import (
    COLUMNS,
    KEY,
    LAYOUTS,
    MASKING_POLICY,
    add_related_records,
    build_records,
)

DATASET = Dataset(
    name="registrar",
    description="Application completion rate, yield and withdrawals, by year, programme and intake",
    layouts=LAYOUTS,
    key=KEY,
    build=build_records,
    complete=add_related_records,
    columns=COLUMNS,
    answers=ANSWERS,
    masking_policy=MASKING_POLICY,
    uses_masking_key=True,
    mostly=0.9,
)
