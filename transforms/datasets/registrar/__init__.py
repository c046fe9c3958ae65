"""Registrar: applications, enrolments and withdrawals of students, and what share of the applications was completed.

The source is three workbooks. Each row is a record: an application, an enrolment or a withdrawal. One key holds them
together, student, programme and intake; a record is known by its kind and this key, and its latest delivery counts. A
student who applies for a later intake has a new key. What the key cannot tell apart is a second application for the
same intake: it takes the place of the first.

The rows are of persons. `SENSITIVE` says what becomes of each column that tells who, and `build_records` masks by it
before anything is judged: trusted, quarantine, results and answers never hold it. A row whose cells have moved aside
is told by its intake, which is then none. What nothing here can tell are names typed into the Programme of a row that
is right otherwise, and into the names of files, sheets and columns, which messages name.
"""

from transforms.datasets.registrar.answers import ANSWERS, ANSWERS_OF_ALL
from transforms.datasets.registrar.records import KEY, SOURCE_FIELDS, build_records

__all__ = ["ANSWERS", "ANSWERS_OF_ALL", "KEY", "SOURCE_FIELDS", "build_records"]
