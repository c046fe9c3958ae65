"""Recognize dates and times in text. Does not need Spark.

The pattern of a column is one that `parse_timestamp` and `parse_date_pattern` of `transforms` can parse.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import NamedTuple

MIN_SHARE = 0.9
"""Minimum fraction of the cells of a column that must have the type of the column."""

_DATES = {
    "ymd": re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"),
    "xy": re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})"),
    "dMy": re.compile(r"([0-9]{1,2})([- ])([A-Za-z]{3,9}\.?)\2([0-9]{4})"),
    "Mdy": re.compile(r"([A-Za-z]{3,9}\.?)( )([0-9]{1,2}),? ([0-9]{4})"),
    "packed": re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})\Z"),
    "ym": re.compile(r"([0-9]{4})(-)([0-9]{2})\Z"),
}
_TIME = re.compile(
    r"(?P<gap>[T ])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]{1,6}))?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_TEXTS_OF_FIRST_TEST = 1_000
_MAX_OFFSET = timedelta(hours=18)  # as in Spark
_MONTH_LETTERS, _LAST_MONTH = 3, 12
_MIN_YEAR, _MAX_YEAR = 1800, 2200  # eight digits with another year are a number, and not a date


class _Form(NamedTuple):
    """The form of a date with its time. Two texts of the same form are parsed with the same pattern."""

    order: str
    separator: str
    gap: str = ""
    has_seconds: bool = False
    fraction: int = 0
    half: str = ""
    has_offset: bool = False


@dataclass(frozen=True)
class _Parts:
    form: _Form
    numbers: tuple[int, int, int]  # in the order of the text
    time: timedelta
    offset: str
    is_padded: bool

    @property
    def is_iso(self) -> bool:
        form = self.form
        return self.is_padded and (form.order, form.separator, form.half) == ("ymd", "-", "")

    def moment(self, *, is_day_first: bool) -> datetime | None:
        """Return the moment, or None if the date does not exist. A moment without an offset has the zone UTC."""
        first, second, third = self.numbers
        order = self.form.order
        if order == "xy":
            year, month, day = third, *((second, first) if is_day_first else (first, second))
        elif order == "dMy":
            year, month, day = third, second, first
        elif order == "Mdy":
            year, month, day = third, first, second
        else:
            year, month, day = first, second, third
        try:
            return datetime(year, month, day, tzinfo=timezone.utc) + self.time - _offset_of(self.offset)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class MomentReading:
    """The dates or times of a column.

    Attributes:
        kind: `date`, `month`, `written_date`, `date_pattern`, `instant`, `timestamp_pattern` or `local_time`. `instant`
            is ISO 8601 with an offset. `local_time` is ISO 8601 without an offset, in several forms.
        moments: The moment of each text that fits, in UTC. A text without an offset is read as if it were in UTC.
        pattern: The pattern for `parse_timestamp` and `parse_date_pattern`. Empty for other kinds.
        offset: The only offset from UTC that the texts have, such as `+00:00`. Empty if there are several, or none.
        is_order_unsure: Whether the day and the month could be exchanged.
        has_offset: Whether the texts have an offset from UTC.
    """

    kind: str
    moments: Mapping[str, datetime]
    pattern: str = ""
    offset: str = ""
    is_order_unsure: bool = False
    has_offset: bool = False

    @property
    def is_date(self) -> bool:
        """Whether the column has dates without a time."""
        return self.kind in ("date", "month", "written_date", "date_pattern")


def read_moments(counts: Mapping[str, int], *, ignored: int = 0, packed: bool = False) -> MomentReading | None:
    """Recognize the dates or times of a column. Return None if the column does not have them.

    Args:
        counts: The texts of the column, and how often each text occurs. No text is blank.
        ignored: Number of cells that are not counted, because they stand for a missing value.
        packed: Whether eight digits are a date.
    """
    if not is_likely(lambda text: _split(text, packed=packed), counts):
        return None
    texts = {text: parts for text in counts if (parts := _split(text, packed=packed))}
    total = sum(counts.values()) - ignored
    if sum(counts[text] for text in texts) < MIN_SHARE * total or not texts:
        return None
    is_day_first, is_order_unsure = _choose_order(texts, counts)
    moments = {text: moment for text, parts in texts.items() if (moment := parts.moment(is_day_first=is_day_first))}
    texts = {text: texts[text] for text in moments}
    if not texts:
        return None
    forms = Counter[_Form]()
    for text, parts in texts.items():
        forms[parts.form] += counts[text]
    is_iso = all(parts.is_iso for parts in texts.values())
    is_midnight = all(parts.time == timedelta() and not parts.offset for parts in texts.values())
    if is_iso and is_midnight:
        reading = MomentReading("date", moments)
    elif is_iso and all(parts.form.has_seconds and parts.offset for parts in texts.values()):
        reading = _read_instants(texts, moments)
    else:
        form = forms.most_common(1)[0][0]
        chosen = {text: parts for text, parts in texts.items() if parts.form == form}
        is_local = is_iso and all(parts.form.gap and not parts.offset for parts in texts.values())
        if is_local and forms[form] < MIN_SHARE * total:
            reading = MomentReading("local_time", moments)
        else:
            reading = _read_form(form, chosen, moments, is_day_first=is_day_first, is_order_unsure=is_order_unsure)
    fits = sum(counts[text] for text in reading.moments)
    return reading if fits >= MIN_SHARE * total else None


def is_likely(test: Callable[[str], object], texts: Iterable[str]) -> bool:
    """Return True if some of the first texts pass a test. This saves the test of all texts of most columns."""
    return any(map(test, islice(texts, _TEXTS_OF_FIRST_TEST)))


def _split(text: str, *, packed: bool) -> _Parts | None:
    for order, pattern in _DATES.items():
        if order == "packed" and not packed:
            continue
        if match := pattern.match(text):
            return _split_time(order, match, text[match.end() :])
    return None


def _split_time(order: str, date: re.Match[str], rest: str) -> _Parts | None:
    cells = [*date.groups()]
    separator = cells.pop(1)
    if order == "ym":
        cells.append("01")
    elif order in ("dMy", "Mdy"):
        separator += "," if "," in date[0] else ""
    numbers = [int(cell) if cell.isdigit() else _month_of(cell) for cell in cells]
    if not all(numbers) or (order == "packed" and not _MIN_YEAR <= numbers[0] <= _MAX_YEAR):
        return None
    # Texts of four digits are years, so they are always padded.
    is_padded = all(len(cell) > 1 for cell in cells)
    has_short_month = not any((cell.isalpha() and len(cell) > _MONTH_LETTERS) or "." in cell for cell in cells)
    first, second, third = numbers
    if not rest:
        return _Parts(_Form(order, separator), (first, second, third), timedelta(), "", is_padded)
    time = _TIME.match(rest)
    if not time or not has_short_month:
        return None
    hour, minute, second_of_minute = (int(time[name] or 0) for name in ("hour", "minute", "second"))
    half = (time["half"] or "").lower()
    if half:
        if not 1 <= hour <= _LAST_MONTH:
            return None
        hour = hour % 12 + (12 if half.endswith("pm") else 0)
    if hour > 23 or minute > 59 or second_of_minute > 59 or abs(_offset_of(time["offset"])) > _MAX_OFFSET:
        return None
    fraction = time["fraction"] or ""
    micros = int(fraction.ljust(6, "0")) if fraction else 0
    form = _Form(
        order,
        separator,
        time["gap"],
        bool(time["second"]),
        len(fraction),
        half and half[:-2] + "a",
        bool(time["offset"]),
    )
    clock = timedelta(hours=hour, minutes=minute, seconds=second_of_minute, microseconds=micros)
    is_padded = is_padded and len(time["hour"]) > 1
    return _Parts(form, (first, second, third), clock, time["offset"] or "", is_padded)


def _month_of(name: str) -> int:
    """Return the number of an English month, or 0."""
    text = name.lower().removesuffix(".")
    text = "sep" if text == "sept" else text
    names = [month[:_MONTH_LETTERS] if len(text) == _MONTH_LETTERS else month for month in _MONTHS]
    return names.index(text) + 1 if text in names else 0


def _offset_of(offset: str | None) -> timedelta:
    if not offset or offset == "Z":
        return timedelta()
    sign = -1 if offset[0] == "-" else 1
    return sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))


def _choose_order(texts: Mapping[str, _Parts], counts: Mapping[str, int]) -> tuple[bool, bool]:
    """Return whether the day comes before the month in texts such as 05/03/2024, and whether this is unsure."""
    day_first = month_first = ambiguous = 0
    for text, parts in texts.items():
        if parts.form.order == "xy":
            first, second, _ = parts.numbers
            if first > _LAST_MONTH:
                day_first += counts[text]
            elif second > _LAST_MONTH:
                month_first += counts[text]
            else:
                ambiguous += counts[text]
    is_unsure = bool(ambiguous) and (bool(day_first) == bool(month_first))
    return day_first > month_first, is_unsure


def _read_instants(texts: Mapping[str, _Parts], moments: Mapping[str, datetime]) -> MomentReading:
    forms = {parts.form for parts in texts.values()}
    pattern = _pattern(next(iter(forms)), is_day_first=False, is_padded=True) if len(forms) == 1 else ""
    return MomentReading("instant", moments, pattern=pattern, offset=_only_offset(texts), has_offset=True)


def _only_offset(texts: Mapping[str, _Parts]) -> str:
    offsets = {parts.offset for parts in texts.values()}
    return offsets.pop() if len(offsets) == 1 else ""


def _read_form(
    form: _Form,
    texts: Mapping[str, _Parts],
    all_moments: Mapping[str, datetime],
    *,
    is_day_first: bool,
    is_order_unsure: bool,
) -> MomentReading:
    moments = {text: all_moments[text] for text in texts}
    if form.order == "ym":
        return MomentReading("month", moments)
    is_padded = all(parts.is_padded for parts in texts.values())
    has_names = form.order in ("dMy", "Mdy")
    if not form.gap and (has_names or (form.order, form.separator) == ("ymd", "/")):
        return MomentReading("written_date", moments)
    pattern = _pattern(form, is_day_first=is_day_first, is_padded=is_padded)
    is_date = not form.has_offset and all(parts.time == timedelta() for parts in texts.values())
    kind = "date_pattern" if is_date else "timestamp_pattern"
    return MomentReading(
        kind,
        moments,
        pattern=pattern,
        offset=_only_offset(texts),
        is_order_unsure=is_order_unsure,
        has_offset=form.has_offset,
    )


def _pattern(form: _Form, *, is_day_first: bool, is_padded: bool) -> str:
    month, day, hour = ("MM", "dd", "HH") if is_padded else ("M", "d", "H")
    hour = hour.lower() if form.half else hour
    separator = form.separator.removesuffix(",")
    orders = {
        "ymd": ("yyyy", month, day),
        "packed": ("yyyy", "MM", "dd"),
        "xy": (day, month, "yyyy") if is_day_first else (month, day, "yyyy"),
        "dMy": (day, "MMM", "yyyy"),
    }
    if form.order == "Mdy":
        date = f"MMM {day}{',' if form.separator.endswith(',') else ''} yyyy"
    else:
        date = separator.join(orders[form.order])
    if not form.gap:
        return date
    gap = "'T'" if form.gap == "T" else form.gap
    seconds = ":ss" if form.has_seconds else ""
    fraction = f".{'S' * form.fraction}" if form.fraction else ""
    return f"{date}{gap}{hour}:mm{seconds}{fraction}{form.half}{'XXX' if form.has_offset else ''}"
