"""Made-up service requests of Denver, a csv a year and events as Firehose delivers them, and the right answers."""

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

from ingest.samples.denver import COLUMNS, Case, closed_at, ended, made_up, still, utc
from ingest.samples.files import MASKING_KEY, PART, Truth, write_parts

_YEARS = range(2019, 2026)
_LAST = _YEARS[-1]
_CSV_UNTIL = date(_LAST, 6, 30)  # of the last year; what is later comes as events
_WINDOWS_1252_SINCE = 2024
_EXPORTED = datetime(_LAST, 7, 1, 12, tzinfo=timezone.utc)
_WEEK = timedelta(days=7)
_DAMAGE = (
    ({"Case Created dttm": "", "Case Created Date": ""}, "created_time_present"),
    ({"Case Created dttm": "13/45/2023 25:00:00 PM"}, "every_cell_readable"),
    ({"Case Created dttm": "01/01/1900 12:00:00 AM"}, "created_since_2000"),
    ({"Case Created dttm": "12/31/2099 09:00:00 AM"}, "created_not_in_the_future"),
    ({"Case Created dttm": "yesterday"}, "every_cell_readable"),
)
_AREAS = ("neighborhood", "council_district", "police_district", "zip", "grid_cell")
_GROUPS = ("agency", "channel", *_AREAS)
SEPARATOR = " | "
"""What parts the keys of the right answers: `zip | 80202 | Parking | 2023-05`; nothing between two is null."""


def write(folder: Path, *, rows: int | None = None, seed: int = 311) -> None:
    """Write a csv a year, events, the right answers and a key to mask with; `rows` are requests, 5,000 if not given.

    The years' files are UTF-8 with its mark, from 2024 on Windows-1252; those of the last year's second half are
    events. The dirt: rows that come twice, line ends and quotes in cells, no-break spaces around them, requests without
    close time, closed before they were made or open with a close time, latitudes in place of longitudes, no coordinates
    or 0, ZIP codes 00000, districts 0, missing agencies and channels, unknown statuses, unreadable times. Events come
    late, twice, out of order, broken, two on a line, with fields that nobody knows, and gzipped.

    The right answers are requests.
    """

    def write_part(folder: Path, number: int, size: int) -> Truth:
        return _Part(folder, number, size, seed=seed, whole=total == size).write()

    total = 5000 if rows is None else rows
    write_parts(folder, write_part, rows=total, rates={})
    (folder / MASKING_KEY).write_text("a made-up key, for made-up requests only\n", encoding="utf-8")


class _Part:
    """One part: what it writes, and the truth about that."""

    def __init__(self, folder: Path, number: int, size: int, *, seed: int, whole: bool) -> None:
        self.folder, self.number, self.size = folder, number, size
        self.suffix = "" if whole else f"-{number + 1:04}"
        self.random, self.truth = random.Random(f"{seed} {number}"), Truth()
        self.rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.events: dict[datetime, list[str]] = defaultdict(list)

    def write(self) -> Truth:
        for index in range(self.size):
            self.request(index)
        for year, rows in self.rows.items():
            self.truth.counts["rows"] += len(rows)
            self.write_csv(year, rows)
        for hour, lines in sorted(self.events.items()):
            self.truth.counts["rows"] += len(lines)
            self.write_events(hour, lines)
        return self.truth

    def request(self, index: int) -> None:
        """Write what there is of one request in the files and events."""
        turn, place = divmod(index, len(_YEARS))
        year, number = _YEARS[place], self.number * (PART // len(_YEARS) + 1) + turn
        in_events = year == _LAST and turn % 2 == 1
        first = date(year, 7, 1) if in_events else date(year, 1, 1)
        last = _CSV_UNTIL if year == _LAST and not in_events else date(year, 12, 31)
        case = made_up(index, number, (first, last), self.random)
        if index % 241 == 100:
            self.damaged(case, year, index // 241)
        elif in_events:
            self.as_events(case, index)
        elif year == _LAST and turn % 4 == 0:
            self.updated(case, index)
        else:
            end = ended(case, index, self.random)
            self.delivered(end, year, index)
            self.count(end)

    def delivered(self, case: Case, year: int, index: int) -> None:
        self.rows[year].append(case.cells)
        if index % 200 == 110:  # 0.5 % come twice
            self.rows[year].append(case.cells)
            self.truth.counts.update(["duplicates", "superseded"])

    def damaged(self, case: Case, year: int, kind: int) -> None:
        cells, expectation = _DAMAGE[kind % len(_DAMAGE)]
        self.rows[year].append(still(case).cells | cells)
        self.truth.damage(self.csv_name(year), len(self.rows[year]) + 1, expectation)

    def updated(self, case: Case, index: int) -> None:
        """Deliver a request in the year's file, and an event that says how it ended; sometimes an older one, late."""
        opened = still(case, "In Progress")
        self.delivered(opened, _LAST, index)
        end = ended(case, index, self.random)
        at = max(_EXPORTED, utc(closed_at(end))) + timedelta(minutes=5)
        self.event(end, at, arrives=at)
        if index % 3 == 0:
            before = utc(case.right["created"]) + timedelta(minutes=1)
            self.event(still(case), before, arrives=at + 2 * _WEEK)
            self.truth.counts["superseded"] += 1
        self.truth.counts["superseded"] += 1
        self.count(end)

    def as_events(self, case: Case, index: int) -> None:
        """Deliver a request as events: made, and mostly how it ended, in this order or the other."""
        made = utc(case.right["created"]) + timedelta(minutes=1)
        opened = still(case)
        self.event(opened, made, arrives=made + (3 * _WEEK if index % 5 == 0 else timedelta()))
        last = opened
        if index % 6:
            last = ended(case, index, self.random)
            at = max(made, utc(closed_at(last))) + timedelta(minutes=5)
            self.event(last, at, arrives=at)
            self.truth.counts["superseded"] += 1
            if index % 4 == 1:
                self.event(last, at, arrives=at + _WEEK)
                self.truth.counts.update(["duplicates", "superseded"])
        if index % 50 == 20:
            self.broken(opened, made)
        self.count(last)

    def event(self, case: Case, at: datetime, *, arrives: datetime) -> None:
        others = {"Survey Sent": "yes"} if len(self.events) % 3 == 1 else {}
        fields = case.cells | {"row_ts": f"{at:%Y-%m-%dT%H:%M:%S}Z"} | others
        self.events[_slot(arrives)].append(json.dumps(fields, ensure_ascii=False))

    def broken(self, case: Case, at: datetime) -> None:
        lines = self.events[_slot(at)]
        lines.append(json.dumps(case.cells, ensure_ascii=False)[:-40])
        self.truth.damage(self.event_name(_slot(at)), len(lines), "every_cell_readable")

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
        encoding = "cp1252" if year >= _WINDOWS_1252_SINCE else "utf-8-sig"
        at = _EXPORTED if year == _LAST else datetime(year + 1, 1, 5, tzinfo=timezone.utc)
        self.put(self.csv_name(year), text.getvalue().encode(encoding), at)

    def write_events(self, hour: datetime, lines: list[str]) -> None:
        """Write a file of events, its last two on one line, as they come of a producer that ends no line."""
        ends = ["\n"] * len(lines)
        if len(lines) > 1 and all(line.endswith("}") for line in lines[-2:]):
            ends[-2:-1] = [""]
        content = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode("utf-8")
        name = self.event_name(hour)
        self.put(name, gzip.compress(content, mtime=0) if name.endswith(".gz") else content, hour)

    def put(self, name: str, content: bytes, at: datetime) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at.timestamp(),) * 2)

    def count(self, case: Case) -> None:
        """Count a request, as it ended, into the right answers."""
        right, answers = case.right, self.truth.answers
        self.truth.counts["trusted"] += 1
        self.truth.warned.update(case.warnings)
        month, created = f"{right['created']:%Y-%m}", right["created"]
        kind, traffic, becomes = (right.get(name) for name in ("request_type", "traffic_kind", "resolution"))
        groups = [("all", "all"), *((name, right.get(name)) for name in _GROUPS)]
        for group in groups:
            answers["months"][_key(*group, month)] += 1
            answers["resolution"][_key(*group, becomes)] += 1
            answers["agencies"][_key(*group, right["agency"])] += 1
            answers["types"][_key(*group, kind)] += 1
            answers["hours"][_key(*group, created.isoweekday(), created.hour)] += 1
            if becomes == "unresolved":
                answers["unresolved"][_key(*group, kind)] += 1
            if right["first_call"] is not None:
                answers["first_call said"][_key(*group)] += 1
                answers["first_call yes"][_key(*group)] += right["first_call"]
        for area in groups[-len(_AREAS) :]:
            answers["area_types"][_key(*area, kind, month)] += 1
            if traffic:
                answers["traffic"][_key(*area, traffic, kind)] += 1
        if right.get("tenths") is not None:
            answers["tenths"][_key(right["agency"], kind, right["tenths"])] += 1


def _key(*parts: Any) -> str:
    return SEPARATOR.join("" if part is None else str(part) for part in parts)


def _slot(at: datetime) -> datetime:
    """Return the hour in which an event is delivered: one a week, for samples are few."""
    weeks = (at - _EXPORTED) // _WEEK + 1
    return _EXPORTED.replace(hour=17) + weeks * _WEEK
