"""Define the fields of the registrar's records, standardize the records, and define how they are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial, reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.casts import utc_wall_clock
from transforms.columns import rename_fields
from transforms.dates import DATE_SYSTEM, parse_written_date
from transforms.dedupe import LINEAGE_COLUMNS
from transforms.masking import REDACTED, MaskingRule, generalize_year, keyed_hash, partial_redact
from transforms.schema import CAST_FAILURES, Field
from transforms.text import clean_text, map_to_canonical

_date_field = partial(
    Field,
    type="date",
    parse=partial(parse_written_date, date_system=DATE_SYSTEM),
    expected="date such as 2023-03-05 or 5 Mar 2023",
)

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
        _date_field("Date of Birth", "date_of_birth", required=False),
        Field("Address", "address", "string"),
        *_COURSE,
        _date_field("Received Date", "received_date"),
        Field("Status", "status", "string"),
        _date_field("Completed Date", "completed_date"),
    ),
    "enrolment": (*_PERSON, *_COURSE, _date_field("Enrolled Date", "enrolled_date")),
    "withdrawal": (
        *_PERSON,
        *_COURSE,
        _date_field("Withdrawn Date", "withdrawn_date"),
        Field("Reason", "withdrawal_reason", "string"),
    ),
}
"""The layouts of the registrar's files, one for each kind of record."""

ADMISSION_KEY = ("student_id", "programme", "intake")
"""The columns that connect the application, the enrolment and the withdrawal of one admission."""

KEY = ("record", *ADMISSION_KEY)

_VALID_STUDENT_ID = r"\A[A-Z]?[0-9]{6,10}\z"
_VALID_INTAKE = r"\A(Spring|Summer|Fall|Winter) (19|20)[0-9]{2}\z"

STATUSES = ("Received", "In Review", "Complete", "Incomplete", "Cancelled")
REASONS = ("Academic", "Financial", "Health", "Personal", "Transfer", "Other")


def keep_known_values(known: Sequence[str]) -> Callable[[Column], Column]:
    """Return a masking action that keeps the values in `known` and redacts any other value.

    Use this action for a column that people type into.

    >>> reasons = spark.createDataFrame([("Health",), ("spoke to Ann",), (None,)], "reason string")
    >>> [row[0] for row in reasons.select(keep_known_values(["Health"])(F.col("reason"))).collect()]
    ['Health', '*****', None]
    """
    return lambda value: F.when(value.isin(*known), value).otherwise(F.when(value.isNotNull(), F.lit(REDACTED)))


def hash_unless_intake_is_valid(value: Column) -> Column:
    """Keep the value if the row's intake is a season and a year. Otherwise hash the value. This is a masking action.

    The value is also hashed if the row has more or fewer cells than the header. In such a row, or in a row without a
    valid intake, the cells may have shifted to wrong columns. Then the column Programme can contain an address.
    """
    is_malformed = F.coalesce(F.array_contains(f"{CAST_FAILURES}.column", "_malformed_record"), F.lit(False))
    return F.when(F.col("intake").rlike(_VALID_INTAKE) & ~is_malformed, value).otherwise(keyed_hash(value))


MASKING_POLICY = (
    MaskingRule("student_id", keyed_hash, "identifies a student. The hash still joins the records of a student"),
    MaskingRule("first_name", partial(partial_redact, left=1), "identifies a student. The initial helps to check rows"),
    MaskingRule("last_name", keyed_hash, "identifies a student"),
    MaskingRule("email", keyed_hash, "can be used to contact the student"),
    MaskingRule("phone", partial(partial_redact, right=2), "can be used to contact the student"),
    MaskingRule("date_of_birth", generalize_year, "almost identifies a student. The year is precise enough for ages"),
    MaskingRule("address", "drop", "is where the student lives, and no answer uses it"),
    MaskingRule("status", keep_known_values(STATUSES), "is text that people type, and can contain a name"),
    MaskingRule("withdrawal_reason", keep_known_values(REASONS), "is text that people type, and can contain a name"),
    MaskingRule("programme", hash_unless_intake_is_valid, "contains a name or an address if the cells have shifted"),
    MaskingRule("intake", hash_unless_intake_is_valid, "contains a name or an address if the cells have shifted"),
)
"""Each column that can identify a student, its masking action, and the reason. All unreadable cells are redacted."""

TOTAL_LINE = "total line"
EARLIEST_DATE = date(1990, 1, 1)
"""The earliest valid date of a record. An earlier date is a typing error, and the record fails the suite."""

_DATE_COLUMNS = {"application": "received_date", "enrolment": "enrolled_date", "withdrawal": "withdrawn_date"}
_SEASON, _YEAR = r"(?i)\b(spring|summer|fall|autumn|winter)\b", r"\b([0-9]{4})\b"
_TOTAL = r"(?i)\A(grand |sub[- ]?)?totals?\b"
COLUMNS = (
    *("record", *ADMISSION_KEY, "first_name", "last_name", "email", "phone", "year_of_birth"),
    *("status", "received_date", "completed_date", "enrolled_date", "withdrawn_date", "withdrawal_reason"),
    *("record_date", "is_completed", "has_application", "enrolled_on"),
    *("student_id_is_valid", "email_is_valid"),
)


def build_records(rows: DataFrame) -> DataFrame:
    """Standardize spelling, and check which values are valid.

    Columns:

    - record: `application`, `enrolment` or `withdrawal`, or `total line` for the total line of a sheet.
    - student_id, first_name, last_name, email, phone, status, withdrawal_reason: standardized.
    - programme, intake: a valid intake is a season and a year, such as `Fall 2023`. If the intake is not valid,
      `MASKING_POLICY` hashes both columns.
    - student_id_is_valid, email_is_valid: whether the student ID or the e-mail address is valid, or null if this value
      is missing.
    """
    # The texts are cleaned in a separate step. In a single step, Spark would clean a text again for each column that
    # uses the text.
    texts = {name: clean_text(F.col(name)) for name in (*ADMISSION_KEY, "first_name", "last_name", "email", "phone")}
    student_id, first, last = F.upper("student_id"), F.col("first_name"), F.col("last_name")
    full_name = F.when(first.isNull(), last).when(last.isNull(), first)  # one cell can contain both names
    says_total = reduce(or_, (F.coalesce(name.rlike(_TOTAL), F.lit(False)) for name in (student_id, first, last)))
    # A student can have the name Total. The row of such a student has a valid student ID.
    is_total = says_total & ~F.coalesce(student_id.rlike(_VALID_STUDENT_ID), F.lit(False))
    standardized = {
        "record": F.when(is_total, TOTAL_LINE).otherwise(F.col("_layout")),
        "student_id": student_id,
        "student_id_is_valid": student_id.rlike(_VALID_STUDENT_ID),
        "first_name": _split_name(full_name, default=first, comma_group=2, space_group=1),
        "last_name": F.upper(_split_name(full_name, default=last, comma_group=1, space_group=2)),
        "email": F.lower("email"),
        "email_is_valid": F.col("email").rlike(r"\A[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\z"),
        "intake": _standardize_intake(F.col("intake")),
        "status": map_to_canonical(
            F.col("status"), canonical=STATUSES, aliases={"completed": "Complete", "canceled": "Cancelled"}
        ),
        "withdrawal_reason": map_to_canonical(F.col("withdrawal_reason"), canonical=REASONS),
    }
    return rows.withColumns(texts).withColumns(standardized)


def _split_name(full_name: Column, *, default: Column, comma_group: int, space_group: int) -> Column:
    """Return one name from a text in the form `Last, First` or `First Last`. For any other text, return `default`."""
    comma, space = r"\A([^,]+), ?([^,]+)\z", r"\A(\S+) (\S+)\z"
    return (
        F.when(full_name.rlike(comma), F.regexp_extract(full_name, comma, comma_group))
        .when(full_name.rlike(space), F.regexp_extract(full_name, space, space_group))
        .otherwise(default)
    )


def _standardize_intake(text: Column) -> Column:
    """Return an intake as season and year, such as `Fall 2023`. The text can have season and year in either order.

    A text without exactly one season and one year is returned unchanged.
    """
    season, year = F.initcap(F.regexp_extract(text, _SEASON, 1)), F.regexp_extract(text, _YEAR, 1)
    intake = F.concat(F.when(season == "Autumn", "Fall").otherwise(season), F.lit(" "), year)
    is_clear = reduce(and_, (text.rlike(part) & ~text.rlike(f"{part}.*{part}") for part in (_SEASON, _YEAR)))
    return F.when(is_clear, intake).otherwise(text)


def add_related_records(records: DataFrame) -> DataFrame:
    """Add to each record the columns that depend on the other records of the same admission.

    Columns:

    - record_date: received_date of an application, enrolled_date of an enrolment, or withdrawn_date of a withdrawal.
    - is_completed: whether an application has a completed date, or null for other kinds of record.
    - has_application: whether the admission of an enrolment has an application, or null for other kinds of record.
    - enrolled_on: the date of the enrolment that a withdrawal ends, or null for other kinds of record. If the admission
      has several enrolments, the enrolment that was delivered last is used. An enrolment after the withdrawal is used
      only if all enrolments are after the withdrawal.
    - year_of_birth: the masked date of birth.

    has_application and enrolled_on are null if the student ID, programme or intake is missing.
    """
    # A window treats rows with the same incomplete key as one admission, but these rows may belong to different
    # admissions. `has_key` excludes such rows.
    has_key = reduce(and_, (F.col(name).isNotNull() for name in ADMISSION_KEY))
    is_kind = {kind: F.col("record") == kind for kind in LAYOUTS}
    day = F.coalesce(*(F.when(is_kind[kind], F.col(name)) for kind, name in _DATE_COLUMNS.items()))
    admission = Window.partitionBy(*ADMISSION_KEY)
    until_that_day = admission.orderBy(day.asc_nulls_first()).rangeBetween(Window.unboundedPreceding, Window.currentRow)
    # `_is_related` excludes an enrolment if its date fails the suite. `_is_related` also excludes a superseded
    # enrolment if the admission has a current enrolment with a valid date.
    is_plausible = is_kind["enrolment"] & (day >= EARLIEST_DATE) & (day <= utc_wall_clock(F.col("_ingested_at")))
    has_current = F.max(is_plausible & F.col("_is_current")).over(admission)
    delivery = F.when(F.col("_is_related"), F.struct(*LINEAGE_COLUMNS))
    enrolled_on = (F.max_by("enrolled_date", delivery).over(window) for window in (until_that_day, admission))
    records = records.transform(rename_fields, fields={"date_of_birth": "year_of_birth"})
    return records.withColumn("_is_related", is_plausible & (F.col("_is_current") | ~has_current)).withColumns(
        {
            "record_date": day,
            "is_completed": F.when(is_kind["application"], F.col("completed_date").isNotNull()),
            "has_application": F.when(has_key & is_kind["enrolment"], F.max(is_kind["application"]).over(admission)),
            "enrolled_on": F.when(has_key & is_kind["withdrawal"], F.coalesce(*enrolled_on)),
        }
    )
