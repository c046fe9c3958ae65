"""Generate workbooks of applications, enrolments and withdrawals, and the expected answers.

The workbooks have typical errors, but contain no real persons. Names come from two lists. E-mail addresses are at
example.org. Telephone numbers come from the range that is reserved for fiction.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ingest.samples.files import MASKING_KEY, PART, Truth, excel_serial, file_name, write_parts, write_rows

_PERSON = ("Student ID", "First Name", "Last Name")
_COLUMNS = {
    "application": (
        *(*_PERSON, "E-mail", "Phone", "Date of Birth", "Address", "Programme", "Intake"),
        *("Received Date", "Status", "Completed Date"),
    ),
    "enrolment": (*_PERSON, "Programme", "Intake", "Enrolled Date"),
    "withdrawal": (*_PERSON, "Programme", "Intake", "Withdrawn Date", "Reason"),
}
_RENAMED = {"E-mail": "email", "Date of Birth": "year_of_birth", "Reason": "withdrawal_reason"}
_FIELDS = {
    kind: [_RENAMED.get(column, column.lower().replace(" ", "_")) for column in columns]
    for kind, columns in _COLUMNS.items()
}
_NAMES = ("first_name", "last_name")
_NOT_MEASURED = ("address", "completed_date")  # the answer `completeness` excludes these fields

_FIRST = (
    *("Ada", "Ben", "Chloe", "Dev", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jamal"),
    *("Kira", "Liam", "Mei", "Noor", "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tala"),
)
_LAST = (
    *("Abbott", "Baptiste", "Castellano", "Dhaliwal", "Eriksen", "Fontaine", "Gutierrez", "Haddad", "Ibsen"),
    *("Jankowski", "Kowalchuk", "Lindqvist", "Mbeki", "Nakagawa", "Okonkwo", "Petrenko", "Rosenthal", "Tremblay"),
)
_PROGRAMMES = ("Accounting Diploma", "BSc Computing", "BA History", "Nursing", "MEd Leadership")
_REASONS = ("Academic", "Financial", "Health", "Personal", "Transfer", "Other")
_COMPLETION_RATES = {2022: 0.9, 2023: 0.3}
_OPEN_STATUSES = ("Received", "In Review", "Incomplete", "Cancelled")
_AMBIGUOUS_DATE, _INVALID_DATE = "03/04/2022", "spring term"
_DAMAGE: tuple[tuple[dict[int, Any], str], ...] = (
    ({0: " "}, "student_id_present"),
    ({0: "see note {number}"}, "student_id_valid"),
    ({9: _AMBIGUOUS_DATE}, "every_cell_readable"),
    ({10: "ask Mr Nakagawa"}, "status_known"),
    ({10: "Complete", 11: None}, "completed_date_present"),
    ({10: "Complete", 11: date(2021, 12, 24)}, "completed_not_before_received"),
    ({8: "next year"}, "intake_is_a_season_and_a_year"),
    ({7: None}, "programme_present"),
)
_RATES = {
    f"{answer} {rate}": (f"{answer} {part}", f"{answer} {total}", 2)
    for answer, rate, part, total in (
        ("completion_by_year", "completion_rate_pct", "completed", "received"),
        ("completion_by_programme", "completion_rate_pct", "completed", "received"),
        ("yield", "yield_pct", "enrolled", "completed"),
        ("withdrawal_rates", "withdrawal_rate_pct", "withdrawn", "enrolled"),
        ("completeness", "completeness_pct", "filled", "rows"),
    )
}


def write(folder: Path, *, rows: int | None = None, seed: int = 311) -> None:
    """Write three workbooks, the expected answers and a masking key.

    The workbooks have these errors and variants:

    - Some applications are delivered twice, and some applicants apply again for the next year.
    - Some student IDs and e-mail addresses are missing.
    - Dates are texts, date cells or Excel serial numbers. Some cells have trailing blanks.
    - In some rows, the first and the last name are in one cell, in either order.
    - Some withdrawals are before the enrolment. Some enrolments have no application, or an application that is not
      completed.
    - Some reasons are free text. The last row of each workbook is a total line.

    The expected answers are numbers of records. `withdrawal_rates days` maps a number of days between enrolment and
    withdrawal to the number of withdrawals.

    Args:
        folder: The landing folder.
        rows: The number of applicants [default: 3,000].
        seed: Equal seeds give equal files.
    """

    def write_part(folder: Path, number: int, size: int) -> Truth:
        return _Part(folder, number, size, seed=seed, whole=total == size).write()

    total = 3000 if rows is None else rows
    write_parts(folder, write_part, rows=total, rates=_RATES)
    (folder / MASKING_KEY).write_text("a made-up key, for made-up students only\n", encoding="utf-8")


class _Part:
    """Writes one part, and records its expected outcome."""

    def __init__(self, folder: Path, number: int, size: int, *, seed: int, whole: bool) -> None:
        self.folder, self.number, self.size, self.whole = folder, number, size, whole
        self.random, self.truth = random.Random(f"{seed} {number}"), Truth()
        self.rows: dict[str, list[list[Any]]] = {kind: [] for kind in _COLUMNS}
        self.files = {kind: file_name(f"{kind}s", ".xlsx", number=number, whole=whole) for kind in _COLUMNS}
        self.numbers: Counter[str] = Counter()

    def write(self) -> Truth:
        for index in range(self.size):
            self.write_applicant(index)
        for kind, columns in _COLUMNS.items():
            rows = self.rows[kind]
            if rows:
                rows.append(["Total", None, f"{len(rows)} students", *[None] * (len(columns) - 3)])
                self.truth.damage(self.files[kind], len(rows) + 1, "record_is_not_a_total_line")
            self.truth.counts["rows"] += len(rows)
            write_rows(self.folder / self.files[kind], columns, rows)
        return self.truth

    def write_applicant(self, index: int) -> None:
        """Write the records of one applicant to the three workbooks."""
        year = 2022 if index % 2 == 0 else 2023
        person = self.draw_person(index)
        if index % 53 == 29:
            self.write_damaged(person, year)
            return
        self.write_application(person, year, index)
        if index % 26 == 8:
            self.write_application(person, year + 1, index)

    def write_application(self, person: dict[str, Any], year: int, index: int) -> None:
        course = (_PROGRAMMES[index // 2 % len(_PROGRAMMES)], f"Fall {year}")
        received = date(year, 1, 2) + timedelta(days=self.random.randrange(190))
        completed = None
        if self.random.random() < _COMPLETION_RATES[year]:
            completed = received + timedelta(days=self.random.randrange(3, 45))
        row = self.application_row(person, course, received, completed, index)
        self.add("application", row)
        if index % 37 == 11:
            self.rows["application"].append(row)
            self.truth.counts.update(["duplicates", "superseded"])
        self.count_trusted("application", received)
        groups = (f"{year}", ", ".join(course))
        for answer, name in zip(("completion_by_year", "completion_by_programme"), groups, strict=True):
            self.truth.answers[f"{answer} received"][name] += 1
            self.truth.answers[f"{answer} completed"][name] += completed is not None
        if not person["email"]:
            self.truth.warned["email_present"] += 1
        elif "@" not in person["email"]:
            self.truth.warned["email_valid"] += 1
        enrols = self.random.random() < 0.7 if completed else index % 21 == 2
        enrolled = enrols and self.write_enrolment(person, course, completed or received)
        self.truth.answers["yield completed"][groups[1]] += completed is not None
        self.truth.answers["yield enrolled"][groups[1]] += enrolled and completed is not None
        self.truth.answers["yield enrolled_otherwise"][groups[1]] += enrolled and completed is None

    def write_enrolment(self, person: dict[str, Any], course: tuple[str, str], since: date) -> bool:
        """Write an enrolment. Return True if the date of the enrolment can be read."""
        enrolled = since + timedelta(days=self.random.randrange(5, 60))
        number = self.next_number("enrolment")
        if number % 31 == 19:  # add the enrolment of another student, who has no application
            other_student = f"S9{self.number * PART + number:08}"
            self.add("enrolment", [other_student, "Wren", "Novak", *course, enrolled], "enrolment_has_an_application")
        if number % 31 == 27:
            self.add("enrolment", [*self.write_names(person), *course, _INVALID_DATE], "every_cell_readable")
            return False
        self.add("enrolment", [*self.write_names(person), *course, self.write_date(enrolled, number)])
        self.count_trusted("enrolment", enrolled)
        name = ", ".join(course)
        withdrew = self.random.random() < 0.15 and self.write_withdrawal(person, course, enrolled)
        self.truth.answers["withdrawal_rates enrolled"][name] += 1
        self.truth.answers["withdrawal_rates withdrawn"][name] += withdrew
        return True

    def write_withdrawal(self, person: dict[str, Any], course: tuple[str, str], enrolled: date) -> bool:
        """Write a withdrawal. Return True if the withdrawal is after the enrolment."""
        number, reason = self.next_number("withdrawal"), self.random.choice(_REASONS)
        withdrawn = enrolled + timedelta(days=self.random.randrange(10, 200))
        if number % 23 == 15:
            withdrawn = enrolled - timedelta(days=self.random.randrange(1, 30))
            row = [*self.write_names(person), *course, withdrawn, reason]
            self.add("withdrawal", row, "withdrawn_not_before_enrolled")
            return False
        if number % 7 == 3:
            reason = f"call {person['first']} {person['last']}, {person['phone']}"
            self.truth.warned["reason_known"] += 1
        self.add(
            "withdrawal", [*self.write_names(person), *course, self.write_date(withdrawn, number), f"{reason.lower()} "]
        )
        self.count_trusted("withdrawal", withdrawn)
        self.truth.answers["withdrawal_rates days"][f"{', '.join(course)}: {(withdrawn - enrolled).days}"] += 1
        return True

    def write_damaged(self, person: dict[str, Any], year: int) -> None:
        number = self.next_number("damage")
        cells, expectation = _DAMAGE[number % len(_DAMAGE)]
        row = self.application_row(person, (_PROGRAMMES[0], f"Fall {year}"), date(year, 3, 1), None, 0)
        for position, value in cells.items():
            row[position] = value.format(number=self.number * PART + number) if isinstance(value, str) else value
        self.add("application", row, expectation)

    def draw_person(self, index: int) -> dict[str, Any]:
        first, last = self.random.choice(_FIRST), self.random.choice(_LAST)
        number = self.number * PART + index
        valid, email = index % 19 != 4, f"{first}.{last}.{number}@example.org".lower()
        return {
            "id": f"S{1_000_000 + number}",
            "first": first,
            "last": last,
            "email": None if index % 17 == 9 else email if valid else f"{first} at home",
            "phone": None if index % 23 == 6 else f"604-555-01{number % 100:02}",
            "born": date(
                1960 + self.random.randrange(45), 1 + self.random.randrange(12), 1 + self.random.randrange(28)
            ),
            "address": f"{number % 900 + 1} Example St, Vancouver",
            "style": index % 10,
        }

    def application_row(
        self, person: dict[str, Any], course: Sequence[str], received: date, completed: date | None, index: int
    ) -> list[Any]:
        status = "Complete" if completed else _OPEN_STATUSES[index % len(_OPEN_STATUSES)]
        programme, intake = course
        if index % 9 == 5:
            programme, intake = f"{programme}  ", "{1} {0}".format(*intake.split())
        return [
            *self.write_names(person),
            *(person["email"], person["phone"], self.write_date(person["born"], index), person["address"]),
            *(programme, intake, self.write_date(received, index // 2)),
            *(
                status.upper() if index % 8 == 2 else status,
                self.write_date(completed, index // 3) if completed else None,
            ),
        ]

    def write_names(self, person: dict[str, Any]) -> list[Any]:
        """Return the cells of the student ID, first name and last name, as typed. One cell can contain both names."""
        first, last, style = person["first"], person["last"], person["style"]
        typed = {3: (None, f"{last}, {first}"), 6: (f"{first} {last}", None), 8: (f"{first} ", f"\u00a0{last.upper()}")}
        return [f"{person['id'].lower()} " if style == 8 else person["id"], *typed.get(style, (first, last))]

    def write_date(self, day: date, number: int) -> Any:
        """Return a date as a date cell, a text or an Excel serial. `number` chooses the form."""
        date_cell = day if self.whole else day.isoformat()
        return (date_cell, day.isoformat(), excel_serial(day), f"{day.day} {day:%b} {day.year}")[number % 4]

    def add(self, kind: str, row: list[Any], expectation: str | None = None) -> None:
        self.rows[kind].append(row)
        self.truth.answers["completeness rows"][kind] += 1
        filled = self.truth.answers["completeness filled"]
        for field, cell in zip(_FIELDS[kind], row, strict=True):
            if field in _NAMES:  # count both names as filled, because one cell can contain both names
                filled[f"{kind} {field}"] += 1
            elif field not in _NOT_MEASURED:
                filled[f"{kind} {field}"] += str(cell or "").strip() not in ("", _AMBIGUOUS_DATE, _INVALID_DATE)
        if expectation:
            self.truth.damage(self.files[kind], len(self.rows[kind]) + 1, expectation)

    def count_trusted(self, kind: str, day: date) -> None:
        self.truth.counts["trusted"] += 1
        self.truth.answers[f"activity_by_year {kind}s"][f"{day.year}"] += 1
        self.truth.answers[f"activity_by_month {kind}s"][f"{day:%Y-%m}"] += 1

    def next_number(self, kind: str) -> int:
        self.numbers[kind] += 1
        return self.numbers[kind] - 1
