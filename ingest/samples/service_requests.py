"""Generate Denver's service requests, and the expected answers.

Each year has a csv file. The newest requests come as events, in files with Firehose names.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

from ingest.samples.denver import COLUMNS, Case, closing_time, draw_outcome, draw_request, set_status, to_utc
from ingest.samples.files import MASKING_KEY, PART, Truth, write_parts

_YEARS = range(2019, 2026)
_LAST_YEAR = _YEARS[-1]
_CSV_UNTIL = date(_LAST_YEAR, 6, 30)  # requests that are created after this date are delivered as events
_FIRST_WINDOWS_1252_YEAR = 2024
_EXPORTED = datetime(_LAST_YEAR, 7, 1, 12, tzinfo=timezone.utc)
_WEEK = timedelta(days=7)
_DAMAGE = (
    ({"Case Created dttm": "", "Case Created Date": ""}, "created_at_present"),
    ({"Case Created dttm": "13/45/2023 25:00:00 PM"}, "every_cell_readable"),
    ({"Case Created dttm": "01/01/1900 12:00:00 AM"}, "created_since_2000"),
    ({"Case Created dttm": "12/31/2099 09:00:00 AM"}, "created_at_not_in_the_future"),
    ({"Case Created dttm": "yesterday"}, "every_cell_readable"),
)
_AREAS = ("neighborhood", "council_district", "police_district", "zip", "grid_cell")
_GROUPS = ("agency", "channel", *_AREAS)
SEPARATOR = " | "
"""The separator in the keys of expected answers, such as `zip | 80202 | Parking | 2023-05`.

In a key, a null value is written as empty text.
"""


def write(folder: Path, *, rows: int | None = None, seed: int = 311) -> None:
    """Write a csv file for each year, files of events, the expected answers and a masking key.

    The csv files until 2023 are in UTF-8 with a byte order mark. The csv files from 2024 on are in Windows-1252.
    Requests that are created in the second half of the last year come as events.

    The files have these errors and variants:

    - Some rows occur twice. Some cells contain line breaks, quotes and no-break spaces.
    - Some requests have no close time, were closed before they were created, or are open but have a close time.
    - Some rows have the latitude in the column Longitude. Some coordinates are missing or 0. Some ZIP codes are 00000,
      and some districts are 0.
    - Some agencies and channels are missing, some statuses are unknown, and some times cannot be read.
    - Some events arrive late, twice or out of order. Some events are truncated, have unknown fields, or share a line
      with another event. Some event files are gzipped.

    The expected answers are numbers of requests.

    Args:
        folder: The landing folder.
        rows: The number of requests [default: 5,000].
        seed: Equal seeds give equal files.
    """

    def write_part(folder: Path, number: int, size: int) -> Truth:
        return _Part(folder, number, size, seed=seed, whole=total == size).write()

    total = 5000 if rows is None else rows
    write_parts(folder, write_part, rows=total, rates={})
    (folder / MASKING_KEY).write_text("a made-up key, for made-up requests only\n", encoding="utf-8")


class _Part:
    """Writes one part, and records its expected outcome."""

    def __init__(self, folder: Path, number: int, size: int, *, seed: int, whole: bool) -> None:
        self.folder, self.number, self.size = folder, number, size
        self.suffix = "" if whole else f"-{number + 1:04}"
        self.random, self.truth = random.Random(f"{seed} {number}"), Truth()
        self.rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.events: dict[datetime, list[str]] = defaultdict(list)

    def write(self) -> Truth:
        for index in range(self.size):
            self.write_request(index)
        for year, rows in self.rows.items():
            self.truth.counts["rows"] += len(rows)
            self.write_csv(year, rows)
        for hour, lines in sorted(self.events.items()):
            self.truth.counts["rows"] += len(lines)
            self.write_events(hour, lines)
        return self.truth

    def write_request(self, index: int) -> None:
        """Write one request to the csv files or to the events."""
        turn, position = divmod(index, len(_YEARS))
        year, number = _YEARS[position], self.number * (PART // len(_YEARS) + 1) + turn
        in_events = year == _LAST_YEAR and turn % 2 == 1
        first = date(year, 7, 1) if in_events else date(year, 1, 1)
        last = _CSV_UNTIL if year == _LAST_YEAR and not in_events else date(year, 12, 31)
        case = draw_request(index, number, (first, last), self.random)
        if index % 241 == 100:
            self.write_damaged(case, year, index // 241)
        elif in_events:
            self.write_as_events(case, index)
        elif year == _LAST_YEAR and turn % 4 == 0:
            self.write_with_update(case, index)
        else:
            end = draw_outcome(case, index, self.random)
            self.add_row(end, year, index)
            self.count(end)

    def add_row(self, case: Case, year: int, index: int) -> None:
        self.rows[year].append(case.cells)
        if index % 200 == 110:  # 0.5 % of all rows occur twice
            self.rows[year].append(case.cells)
            self.truth.counts.update(["duplicates", "superseded"])

    def write_damaged(self, case: Case, year: int, kind: int) -> None:
        cells, expectation = _DAMAGE[kind % len(_DAMAGE)]
        self.rows[year].append(set_status(case).cells | cells)
        self.truth.damage(self.csv_name(year), len(self.rows[year]) + 1, expectation)

    def write_with_update(self, case: Case, index: int) -> None:
        """Deliver a request in a csv file, and its last state in an event.

        Some requests also get an older event, which arrives after the event with the last state.
        """
        opened = set_status(case, "In Progress")
        self.add_row(opened, _LAST_YEAR, index)
        end = draw_outcome(case, index, self.random)
        time = max(_EXPORTED, to_utc(closing_time(end))) + timedelta(minutes=5)
        self.add_event(end, time, arrives=time)
        if index % 3 == 0:
            before = to_utc(case.expected["created"]) + timedelta(minutes=1)
            self.add_event(set_status(case), before, arrives=time + 2 * _WEEK)
            self.truth.counts["superseded"] += 1
        self.truth.counts["superseded"] += 1
        self.count(end)

    def write_as_events(self, case: Case, index: int) -> None:
        """Deliver a request as events. Some requests have only one state. Some first states arrive three weeks late."""
        created = to_utc(case.expected["created"]) + timedelta(minutes=1)
        opened = set_status(case)
        self.add_event(opened, created, arrives=created + (3 * _WEEK if index % 5 == 0 else timedelta()))
        last = opened
        if index % 6:
            last = draw_outcome(case, index, self.random)
            time = max(created, to_utc(closing_time(last))) + timedelta(minutes=5)
            self.add_event(last, time, arrives=time)
            self.truth.counts["superseded"] += 1
            if index % 4 == 1:
                self.add_event(last, time, arrives=time + _WEEK)
                self.truth.counts.update(["duplicates", "superseded"])
        if index % 50 == 20:
            self.add_broken_event(opened, created)
        self.count(last)

    def add_event(self, case: Case, time: datetime, *, arrives: datetime) -> None:
        others = {"Survey Sent": "yes"} if len(self.events) % 3 == 1 else {}
        fields = case.cells | {"row_ts": f"{time:%Y-%m-%dT%H:%M:%S}Z"} | others
        self.events[_slot(arrives)].append(json.dumps(fields, ensure_ascii=False))

    def add_broken_event(self, case: Case, time: datetime) -> None:
        lines = self.events[_slot(time)]
        lines.append(json.dumps(case.cells, ensure_ascii=False)[:-40])
        self.truth.damage(self.event_name(_slot(time)), len(lines), "every_cell_readable")

    def csv_name(self, year: int) -> str:
        return f"311_service_requests_{year}{self.suffix}.csv"

    def event_name(self, hour: datetime) -> str:
        uuid = UUID(int=random.Random(f"{self.number} {hour}").getrandbits(128), version=4)
        zipped = ".gz" if hour.day % 4 == 0 else ""
        return f"{hour:%Y/%m/%d/%H}/service-requests-1-{hour:%Y-%m-%d-%H}-05-00-{uuid}{zipped}"

    def write_csv(self, year: int, rows: Iterable[dict[str, Any]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        encoding = "cp1252" if year >= _FIRST_WINDOWS_1252_YEAR else "utf-8-sig"
        time = _EXPORTED if year == _LAST_YEAR else datetime(year + 1, 1, 5, tzinfo=timezone.utc)
        self.write_file(self.csv_name(year), text.getvalue().encode(encoding), time)

    def write_events(self, hour: datetime, lines: list[str]) -> None:
        """Write a file of events. The last two events are on one line, because some producers write no line breaks."""
        ends = ["\n"] * len(lines)
        if len(lines) > 1 and all(line.endswith("}") for line in lines[-2:]):
            ends[-2:-1] = [""]
        content = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode("utf-8")
        name = self.event_name(hour)
        self.write_file(name, gzip.compress(content, mtime=0) if name.endswith(".gz") else content, hour)

    def write_file(self, name: str, content: bytes, time: datetime) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.timestamp(),) * 2)

    def count(self, case: Case) -> None:
        """Add a request in its last state to the expected counts, warnings and answers."""
        expected, answers = case.expected, self.truth.answers
        self.truth.counts["trusted"] += 1
        self.truth.warned.update(case.warnings)
        month, created = f"{expected['created']:%Y-%m}", expected["created"]
        kind, traffic, resolution = (expected.get(name) for name in ("request_type", "traffic_kind", "resolution"))
        groups = [("all", "all"), *((name, expected.get(name)) for name in _GROUPS)]
        for group in groups:
            answers["months"][_key(*group, month)] += 1
            answers["resolution"][_key(*group, resolution)] += 1
            answers["agencies"][_key(*group, expected["agency"])] += 1
            answers["types"][_key(*group, kind)] += 1
            answers["hours"][_key(*group, created.isoweekday(), created.hour)] += 1
            if resolution == "unresolved":
                answers["unresolved"][_key(*group, kind)] += 1
            if expected["first_call"] is not None:
                answers["first_call said"][_key(*group)] += 1
                answers["first_call yes"][_key(*group)] += expected["first_call"]
        for area in groups[-len(_AREAS) :]:
            if area[1] and expected.get("grid_cell"):
                answers["area_cells"][_key(*area, expected["grid_cell"])] += 1
            answers["area_types"][_key(*area, kind, month)] += 1
            if traffic:
                answers["traffic"][_key(*area, traffic, kind)] += 1
        if expected.get("tenths") is not None:
            answers["tenths"][_key(expected["agency"], kind, expected["tenths"])] += 1


def _key(*parts: Any) -> str:
    return SEPARATOR.join("" if part is None else str(part) for part in parts)


def _slot(time: datetime) -> datetime:
    """Return the hour in which an event is delivered. A week has few events, so all events of a week share one hour."""
    weeks = (time - _EXPORTED) // _WEEK + 1
    return _EXPORTED.replace(hour=17) + weeks * _WEEK
