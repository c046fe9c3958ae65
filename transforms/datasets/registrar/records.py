"""What the registrar's rows are, what becomes of the columns that tell who, and how raw rows become records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial, reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.casts import utc_wall_clock
from transforms.columns import rename_fields
from transforms.dates import parse_written_date
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.masking import REDACTED, MaskingRule, generalize_year, keyed_hash, mask, partial_redact
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, Field, change_schema
from transforms.text import clean_text, map_to_canonical

_date = partial(Field, type="date", parse=parse_written_date, expected="date such as 2023-03-05 or 5 Mar 2023")

_PERSON = (
    Field("Student ID", "student_id", "string"),
    Field("First Name", "first_name", "string"),
    Field("Last Name", "last_name", "string"),
)
_COURSE = (Field("Programme", "programme", "string"), Field("Intake", "intake", "string"))
LAYOUTS: Mapping[str, Sequence[Field]] = {
    "application": (
        *_PERSON,
        Field("E-mail", "email", "string"),
        Field("Phone", "phone", "string"),
        _date("Date of Birth", "date_of_birth", required=False),
        Field("Address", "address", "string"),
        *_COURSE,
        _date("Received Date", "received_date"),
        Field("Status", "status", "string"),
        _date("Completed Date", "completed_date"),
    ),
    "enrolment": (*_PERSON, *_COURSE, _date("Enrolled Date", "enrolled_date")),
    "withdrawal": (
        *_PERSON,
        *_COURSE,
        _date("Withdrawn Date", "withdrawn_date"),
        Field("Reason", "withdrawal_reason", "string"),
    ),
}
"""The forms of the registrar's files, one for each kind of record."""

CASE = ("student_id", "programme", "intake")
KEY = ("record", *CASE)

_IS_STUDENT = r"\A[A-Z]?[0-9]{6,10}\z"
_IS_INTAKE = r"\A(Spring|Summer|Fall|Winter) (19|20)[0-9]{2}\z"

STATUSES = ("Received", "In Review", "Complete", "Incomplete", "Cancelled")
REASONS = ("Academic", "Financial", "Health", "Personal", "Transfer", "Other")


def only(known: Sequence[str]) -> Callable[[Column], Column]:
    """Return a masking action that keeps the values `known`, and redacts any other: text that people typed.

    >>> reasons = spark.createDataFrame([("Health",), ("spoke to Ann",), (None,)], "reason string")
    >>> [row[0] for row in reasons.select(only(["Health"])(F.col("reason"))).collect()]
    ['Health', '*****', None]
    """
    return lambda value: F.when(value.isin(*known), value).otherwise(F.when(value.isNotNull(), F.lit(REDACTED)))


def in_place(value: Column) -> Column:
    """Keep the value where the row's intake is a season and a year, else give its keyed hash: a masking action.

    Where it is none, or the record has more or fewer cells than the header, the row's cells may have moved aside, and
    an address stands under Programme.
    """
    does_not_fit = F.coalesce(F.array_contains(f"{CAST_FAILURES}.column", "_malformed_record"), F.lit(False))
    return F.when(F.col("intake").rlike(_IS_INTAKE) & ~does_not_fit, value).otherwise(keyed_hash(value))


MASKING_POLICY = (
    MaskingRule("student_id", keyed_hash, "names one student in all of the registrar's files; joins them"),
    MaskingRule("first_name", partial(partial_redact, left=1), "tells who; the initial is for looking into a row"),
    MaskingRule("last_name", keyed_hash, "tells who"),
    MaskingRule("email", keyed_hash, "reaches the student"),
    MaskingRule("phone", partial(partial_redact, right=2), "reaches the student"),
    MaskingRule("date_of_birth", generalize_year, "tells who, with little else; the year is enough for ages"),
    MaskingRule("address", "drop", "reaches the student, and answers no question"),
    MaskingRule("status", only(STATUSES), "text that people type may name somebody"),
    MaskingRule("withdrawal_reason", only(REASONS), "text that people type may name somebody"),
    MaskingRule("programme", in_place, "a row whose cells have moved aside has a name or an address here"),
    MaskingRule("intake", in_place, "as programme"),
)
"""The columns that tell who a student is, what is done to each, and why. Unreadable cells are redacted, all of them."""

TOTAL_LINE = "total line"
EARLIEST = date(1990, 1, 1)
"""A day before this one is a slip, says the suite."""

_DAY_OF = {"application": "received_date", "enrolment": "enrolled_date", "withdrawal": "withdrawn_date"}
_SEASON, _YEAR = r"(?i)\b(spring|summer|fall|autumn|winter)\b", r"\b([0-9]{4})\b"
_TOTAL = r"(?i)\A(grand |sub[- ]?)?totals?\b"
_DATES = ("received_date", "completed_date", "enrolled_date", "withdrawn_date")
_COLUMNS = (
    *("record", *CASE, "first_name", "last_name", "email", "phone", "year_of_birth"),
    *("status", *_DATES, "withdrawal_reason"),
    *("record_date", "is_completed", "has_application", "enrolled_on"),
    *("student_id_is_valid", "email_is_valid"),
)


def build_records(raw: DataFrame, *, masking_key: bytes) -> DataFrame:
    """Type the raw rows, bring them in order and mask them: the candidates for trusted.

    Rows: one for one, except superseded rows, which are dropped. A key that was delivered twice has two rows: the
    publisher keeps the latest valid one.

    Columns: record (`application`, `enrolment`, `withdrawal`, or `total line`, which is none); student_id, first_name,
    last_name, email, phone, year_of_birth, status, withdrawal_reason, masked by `MASKING_POLICY`; programme, intake
    (`Fall 2023`; where it is no season and year both are hashed); received_date, completed_date, enrolled_date,
    withdrawn_date; record_date (the day of the record: received, enrolled or withdrawn); is_completed (of an
    application, whether it has a completed date); has_application (of an enrolment, whether there is an application of
    its key, in any row) and enrolled_on (of a withdrawal, the day of the latest enrolment of its key: of those that are
    not after it, else of all), null without a whole key; student_id_is_valid, email_is_valid (null where there is
    none); where the row comes from; `_cast_failures`, and `_cast_warnings` of the date of birth, without which a record
    counts all the same: of both the values are redacted.

    Source: the graph of the Glue job that this replaces; of its nodes, Detect Sensitive Data is `MASKING_POLICY` here.
    """
    fields = {field.name: field for expected in LAYOUTS.values() for field in expected}
    return (
        raw.transform(
            change_schema, fields=[*fields.values()], keep=("_layout", *LINEAGE_COLUMNS), malformed="_malformed_record"
        )
        .transform(_tidy)
        .transform(mask, policy=MASKING_POLICY, key=masking_key)
        .transform(rename_fields, fields={"date_of_birth": "year_of_birth"})
        .transform(drop_superseded_rows, key=KEY)
        .transform(_connect)
        .select(*_COLUMNS, *LINEAGE_COLUMNS, CAST_FAILURES, CAST_WARNINGS)
    )


def _tidy(rows: DataFrame) -> DataFrame:
    """Bring spelling in order while values are there to be read, and say which of them are what they should be."""
    # Step by step: in one, Spark would clean a text again for each use of it.
    texts = {name: clean_text(F.col(name)) for name in (*CASE, "first_name", "last_name", "email", "phone")}
    student_id, first, last = F.upper("student_id"), F.col("first_name"), F.col("last_name")
    whole = F.when(first.isNull(), last).when(last.isNull(), first)  # both names in one cell
    says_total = reduce(or_, (F.coalesce(name.rlike(_TOTAL), F.lit(False)) for name in (student_id, first, last)))
    is_total = says_total & ~F.coalesce(student_id.rlike(_IS_STUDENT), F.lit(False))  # somebody may be named so
    tidied = {
        "record": F.when(is_total, TOTAL_LINE).otherwise(F.col("_layout")),
        "student_id": student_id,
        "student_id_is_valid": student_id.rlike(_IS_STUDENT),
        "first_name": _name(whole, first, by_comma=2, by_space=1),
        "last_name": F.upper(_name(whole, last, by_comma=1, by_space=2)),
        "email": F.lower("email"),
        "email_is_valid": F.col("email").rlike(r"\A[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\z"),
        "intake": _intake(F.col("intake")),
        "status": map_to_canonical(
            F.col("status"), canonical=STATUSES, aliases={"completed": "Complete", "canceled": "Cancelled"}
        ),
        "withdrawal_reason": map_to_canonical(F.col("withdrawal_reason"), canonical=REASONS),
    }
    return rows.withColumns(texts).withColumns(tidied)


def _name(whole: Column, alone: Column, *, by_comma: int, by_space: int) -> Column:
    """Return a name out of a cell that holds both, `Last, First` or `First Last`; else what stands alone."""
    comma, space = r"\A([^,]+), ?([^,]+)\z", r"\A(\S+) (\S+)\z"
    return (
        F.when(whole.rlike(comma), F.regexp_extract(whole, comma, by_comma))
        .when(whole.rlike(space), F.regexp_extract(whole, space, by_space))
        .otherwise(alone)
    )


def _intake(text: Column) -> Column:
    """Return an intake as season and year, `Fall 2023`, in whatever order they stand; another text as it is.

    Where there are two seasons or two years, which of them is meant would be a guess.
    """
    season, year = F.initcap(F.regexp_extract(text, _SEASON, 1)), F.regexp_extract(text, _YEAR, 1)
    in_order = F.concat(F.when(season == "Autumn", "Fall").otherwise(season), F.lit(" "), year)
    is_one = reduce(and_, (text.rlike(part) & ~text.rlike(f"{part}.*{part}") for part in (_SEASON, _YEAR)))
    return F.when(is_one, in_order).otherwise(text)


def _connect(records: DataFrame) -> DataFrame:
    """Say of each record what the others of its student, programme and intake say."""
    is_known = reduce(and_, (F.col(name).isNotNull() for name in CASE))  # to a window all nulls are one student
    is_kind = {kind: F.col("record") == kind for kind in LAYOUTS}
    day = F.coalesce(*(F.when(is_kind[kind], F.col(name)) for kind, name in _DAY_OF.items()))
    case = Window.partitionBy(*CASE)
    until_that_day = case.orderBy(day.asc_nulls_first()).rangeBetween(Window.unboundedPreceding, Window.currentRow)
    # One that goes to quarantine for its day connects nothing, nor one that is no longer said beside one that is.
    enrolled = is_kind["enrolment"] & (day >= EARLIEST) & (day <= utc_wall_clock(F.col("_ingested_at")))
    said_of_case = F.max(enrolled & F.col("_is_current")).over(case)
    latest = F.when(F.col("_connects"), F.struct(*LINEAGE_COLUMNS))
    enrolled_on = (F.max_by("enrolled_date", latest).over(window) for window in (until_that_day, case))
    return records.withColumn("_connects", enrolled & (F.col("_is_current") | ~said_of_case)).withColumns(
        {
            "record_date": day,
            "is_completed": F.when(is_kind["application"], F.col("completed_date").isNotNull()),
            "has_application": F.when(is_known & is_kind["enrolment"], F.max(is_kind["application"]).over(case)),
            "enrolled_on": F.when(is_known & is_kind["withdrawal"], F.coalesce(*enrolled_on)),
        }
    )
