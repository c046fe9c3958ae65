"""Generate files of dispatched incidents in the layout of Firehose, and the expected answers.

The files have the errors of the feed.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ingest.samples.dispatched import SECONDS, ZONE, draw_incident, feed_record
from ingest.samples.files import Truth, write_parts

_STREAM = "police-dispatch"
_LAST_YEAR, _YEARS = 2024, 6
_BANDS = ((5, "0-5"), (10, "5-10"), (15, "10-15"), (20, "15-20"), (30, "20-30"), (40, "30-40"), (50, "40-50"))

_TIMES = ("dispatch_arrive", "arrive_cleared")
_DAMAGE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"incident_id": ""}, "incident_id_present"),
    ({"start_time": ""}, "start_time_present"),
    ({"start_time": "13/45/2024"}, "every_cell_readable"),
    ({"start_time": "2024-03-10T02:30:00.000"}, "every_cell_readable"),  # on this date, the clocks skip 2:30
    ({"start_time": "2100-01-01T00:00:00.000"}, "start_time_not_in_the_future"),
    ({"start_time": "1970-01-01T00:00:00.000"}, "start_since_2000"),
    ({}, "every_cell_readable"),  # the line is truncated
)
# Each tuple has the wrong cells, the expected values, and the expectation that gives the warning.
_ODDITIES: tuple[tuple[dict[str, Any], dict[str, Any], str], ...] = (
    ({"priority": "HIGH"}, {"priority": None}, "other_cells_readable"),
    ({"dispatch_arrive": "-60"}, {"dispatch_arrive": None}, "other_cells_readable"),
    ({"arrive_cleared": "n/a"}, {"arrive_cleared": None}, "other_cells_readable"),
    ({"priority": 7}, {"priority": 7}, "priority_known"),
    ({"initial_type": ""}, {"initial_type": None}, "type_present"),
    ({"city": " "}, {"city": None}, "city_present"),
    ({"longitude": "0", "latitude": "0", "geolocation": ""}, {"cell": None}, "coordinates_valid"),
    ({"end_time": "2001-01-01T00:00:00.000"}, {}, "end_not_before_start"),
    ({"dispatch_arrive": "90000"}, {"dispatch_arrive": 90000}, "arrival_within_a_day"),
    ({"arrive_cleared": "90000"}, {"arrive_cleared": 90000}, "cleared_within_a_day"),
)


def write(folder: Path, *, rows: int | None = None, seed: int = 311) -> None:
    """Write hourly files in the layout of Firehose, and the expected answers.

    The incidents began in the ten days around each of the two clock changes of a year. All incidents of one part are in
    the same year. There are six possible years. Each incident has at least two records. The first record of an incident
    has no arrival time and no clearing time. The last record has these times if they are known.

    The files have these errors and variants:

    - Some revisions arrive late, twice, or in the wrong order. Some revisions of an incident have the same `row_ts`.
      Some revisions correct the city or the month of the start. Some later revisions of valid incidents cannot be read.
    - Some lines are truncated, some lines have two objects, and some files are compressed with gzip.
    - Values can be empty strings, fields can be absent or unknown, and numbers can be texts or JSON numbers.
    - The field `geolocation` has three forms. Some records have coordinates only in this field.
    - Some addresses have house numbers. Addresses are spelled in several ways.
    - Some cells have the wrong values that `_DAMAGE` and `_ODDITIES` list.

    The expected answers are numbers of incidents and sums of seconds. Each key consists of the values of a group,
    joined by `|`. An empty text stands for a missing value.

    Args:
        folder: The landing folder.
        rows: The number of incidents [default: 3,000].
        seed: Equal seeds give equal files.
    """

    def write_part(folder: Path, number: int, size: int) -> Truth:
        return _Part(folder, number, size, seed=seed).write()

    write_parts(folder, write_part, rows=3000 if rows is None else rows, rates={})


class _Part:
    """Writes one part, and records its expected outcome."""

    def __init__(self, folder: Path, number: int, size: int, *, seed: int) -> None:
        self.folder, self.number, self.size = folder, number, size
        self.random, self.truth = random.Random(f"{seed} {number}"), Truth()
        self.year = _LAST_YEAR - number % _YEARS
        self.files: defaultdict[datetime, list[tuple[str, str | None]]] = defaultdict(list)
        self.numbers: Counter[str] = Counter()

    def write(self) -> Truth:
        for index in range(self.size):
            if index % 53 == 29:
                self.write_damaged(index)
            else:
                self.write_incident(index)
        for position, hour in enumerate(sorted(self.files)):
            self.write_file(hour, self.files[hour], position)
        return self.truth

    def write_incident(self, index: int) -> None:
        """Write all revisions of one incident, and add its last revision to the expected answers."""
        incident, start = draw_incident(self.random, year=self.year, part=self.number, index=index)
        cells: dict[str, Any] = {}
        if index % 31 == 17:
            number = self.next_number("odd")
            cells, expected, warning = _ODDITIES[number % len(_ODDITIES)]
            incident |= expected
            self.truth.warned[warning] += 1
        took = timedelta(seconds=incident["calltime_cleared"] or 3600)
        opened = _hour_after(start)
        closed = max(_hour_after(start + took), opened + timedelta(hours=1))
        last = feed_record(incident, index) | cells
        first = last | dict.fromkeys((*SECONDS, "end_time", "disposition_desc"), "")
        if index % 19 == 4:
            first["city"] = "ROCKVILLE"  # the last revision corrects the city
        if index % 67 == 33:
            first["start_time"] = f"{start.astimezone(ZONE) - timedelta(days=40):%Y-%m-%dT12:00:00.000}"
        first["row_ts"] = self.write_row_ts(closed if index % 37 == 19 else opened, index)
        last["row_ts"] = self.write_row_ts(closed, index)
        late = closed + timedelta(days=3) if index % 41 == 7 else closed
        self.deliver(late + timedelta(hours=1) if index % 29 == 5 else opened, first)
        self.deliver(late, last)
        if index % 23 == 11:
            self.deliver(late + timedelta(hours=5), last)
            self.truth.counts["duplicates"] += 1
        if index % 73 == 20:
            broken = last | {"start_time": "?", "row_ts": self.write_row_ts(closed + timedelta(hours=6), index)}
            self.deliver(closed + timedelta(hours=6), broken, expectation="every_cell_readable")
        self.truth.counts["trusted"] += 1
        self.truth.counts["superseded"] += 1 + (index % 23 == 11)
        self.count(incident)

    def write_damaged(self, index: int) -> None:
        incident, start = draw_incident(self.random, year=self.year, part=self.number, index=index)
        cells, expectation = _DAMAGE[self.next_number("damage") % len(_DAMAGE)]
        record = feed_record(incident, index) | {"row_ts": self.write_row_ts(_hour_after(start), index)} | cells
        self.deliver(_hour_after(start), record, expectation=expectation, cut_off=not cells)

    def write_row_ts(self, hour: datetime, index: int) -> str:
        """Return a `row_ts` in the first minute of an hour. Pollers write this time in several forms."""
        forms = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f+00:00")
        return f"{hour + timedelta(seconds=index % 50):{forms[self.next_number('extracted') % 3]}}"

    def deliver(
        self, hour: datetime, record: dict[str, Any], *, expectation: str | None = None, cut_off: bool = False
    ) -> None:
        line = json.dumps(record)
        self.files[hour].append((line[: len(line) // 2] if cut_off else line, expectation))
        self.truth.counts["rows"] += 1

    def write_file(self, hour: datetime, lines: list[tuple[str, str | None]], position: int) -> None:
        """Write the file of one hour. In some files, the last two objects are on one line. Some files are gzipped."""
        delivered = hour + timedelta(seconds=300 + self.random.randrange(600))
        suffix = ".gz" if position % 5 == 4 else ""
        uuid = UUID(int=self.random.getrandbits(128), version=4)
        file = f"{delivered:%Y/%m/%d/%H}/{_STREAM}-1-{delivered:%Y-%m-%d-%H-%M-%S}-{uuid}{suffix}"
        for row, (_, expectation) in enumerate(lines, 1):
            if expectation:
                self.truth.damage(file, row, expectation)
        is_joined = position % 7 == 3 and not any(expectation for _, expectation in lines[-2:])
        text = "\n".join(line for line, _ in (lines[:-1] if is_joined else lines))
        text += f"{lines[-1][0]}\n" if is_joined else "\n"
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode(), mtime=0) if suffix else text.encode())
        os.utime(path, (delivered.timestamp(),) * 2)

    def count(self, incident: dict[str, Any]) -> None:
        """Add the last revision of an incident to the expected answers."""
        answers, kind, city = self.truth.answers, incident["initial_type"], incident["city"]
        for column in ("city", "street"):
            combination = _key(incident[column], kind, incident["priority"])
            answers[f"{column} incidents"][combination] += 1
            for time in _TIMES:
                answers[f"{column} {time} timed"][combination] += incident[time] is not None
                answers[f"{column} {time} seconds"][combination] += incident[time] or 0
        for time in _TIMES:
            answers[f"{time} bands"][_key(city, kind, _band(incident[time]))] += 1
        answers["dispositions"][_key(city, kind, incident["disposition_desc"])] += 1
        if incident["street"]:
            answers["blocks"][_key(city, incident["street"], kind, incident["disposition_desc"])] += 1
        answers["hours"][_key(incident["weekday"], incident["hour"])] += 1
        answers["days"][_key(city, incident["start_time"][:10])] += 1
        self.count_place(incident)
        for dimension in ("all", "initial_type", "sector", "police_district_number", "city"):
            group = _key(dimension, incident.get(dimension))
            answers["missing incidents"][group] += 1
            for time in _TIMES:
                answers[f"missing {time}"][group] += incident[time] is None

    def count_place(self, incident: dict[str, Any]) -> None:
        """Add the place of an incident to the expected answers. Sums of coordinates are in 1/10,000 degree."""
        answers, crossing, point = self.truth.answers, incident["crossing"], incident["cell"]
        streets = crossing.split(" / ") if crossing else [incident["street"]]
        cell = _cell(point)
        answers["cells"][cell] += 1
        answers["cell streets"].update(_key(cell, street) for street in streets)
        answers["at_intersections"]["" if streets == [None] else str(bool(crossing))] += 1
        if crossing:
            answers["intersections"][crossing] += 1
            answers["crossings"].update(streets)
            if point:
                answers["intersection points"][crossing] += 1
                answers["intersection longitudes"][crossing] += point[0]
                answers["intersection latitudes"][crossing] += point[1]

    def next_number(self, kind: str) -> int:
        self.numbers[kind] += 1
        return self.numbers[kind] - 1


def _hour_after(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0) + timedelta(hours=1)


def _key(*parts: Any) -> str:
    return "|".join("" if part is None else str(part) for part in parts)


def _cell(point: tuple[int, int] | None) -> str:
    return ",".join(f"{degrees // 100 / 100:.2f}" for degrees in reversed(point or ()))


def _band(seconds: int | None) -> str | None:
    return None if seconds is None else next((name for end, name in _BANDS if seconds < 60 * end), "50+")
