"""Registrar: applications, enrolments and withdrawals of students, and the completion rate of applications.

The source is three workbooks. Each row is a record: an application, an enrolment or a withdrawal. Records of the same
student, programme and intake belong to one admission. The key of a record is its kind and its admission. The latest
delivery of a key counts.

A student who applies for a later intake has a new key. The key cannot distinguish two applications for the same intake:
the second replaces the first.

The rows are about persons. `MASKING_POLICY` names each column that can identify a person, and `build_records` masks it
before any row is validated. Trusted, quarantine, results and answers never hold the original. If the cells of a row
have shifted, its intake is not a valid intake, and more columns are masked. A name that is typed into the Programme of
an otherwise valid row is not detected, nor is a name in the name of a file, sheet or column.
"""

from transforms.dataset import Dataset
from transforms.datasets.registrar.answers import ANSWERS
from transforms.datasets.registrar.records import KEY, LAYOUTS, MASKING_POLICY, build_records
from transforms.dedupe import LINEAGE_COLUMNS

DATASET = Dataset(
    name="registrar",
    description="Application completion rate, yield and withdrawals, by year, programme and intake",
    layouts=LAYOUTS,
    build=build_records,
    key=KEY,
    revision_order=LINEAGE_COLUMNS,
    answers=ANSWERS,
    masking_policy=MASKING_POLICY,
    uses_masking_key=True,
)
