"""Make damaged and unusual copies of valid csv, JSON and Excel files, always the same copies."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import xlsxwriter

COLUMNS = ("id", "area", "note", "count")
COUNT = 500
_ROWS = 40
_FILES_PER_BOMB = 40
_AREAS = ("Nord-Est", "São Paulo", "Ñuñoa", "O'Hare", "a;b", "c, d")
_SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Mutation:
    """A copy of a valid file.

    Attributes:
        name: The name of the file. It has the kind of the change.
        content: The content of the file.
        rows: The rows of the valid file, as text. The first cell of a row is its key.
        touched: The maximum number of rows that may be missing. None if the file must be refused.
        wrong: The maximum number of rows that may be wrong. By default, all touched rows.
        must_be_read: Whether the file must be read, because it is still valid.
    """

    name: str
    content: bytes
    rows: dict[str, tuple[str, ...]]
    touched: int | None = 0
    must_be_read: bool = False
    wrong: int | None = None


def make_mutations(seed: int) -> Iterator[Mutation]:
    """Yield `COUNT` mutations with different names and contents."""
    numbers = random.Random(seed)
    for number in range(COUNT):
        makers = _BOMBS if number % _FILES_PER_BOMB == 0 else _OTHERS
        maker = numbers.choice(makers)
        rows = [_make_row(f"k{number}-{line}", numbers) for line in range(numbers.randint(5, _ROWS))]
        made = maker(numbers, rows)
        extension = made.name.partition(".")[2]
        yield Mutation(
            name=f"{number:03}-{maker.__name__.lstrip('_')}.{extension}",
            content=made.content,
            rows={row[0]: row for row in rows},
            touched=made.touched,
            must_be_read=made.must_be_read,
            wrong=made.touched if made.wrong is None else made.wrong,
        )


@dataclass(frozen=True)
class _Made:
    name: str
    content: bytes
    touched: int | None = 0
    must_be_read: bool = False
    wrong: int | None = None


_Row = tuple[str, ...]
_Maker = Callable[[random.Random, list[_Row]], _Made]


def _make_row(key: str, numbers: random.Random) -> _Row:
    note = numbers.choice(["plain", "two\nlines", 'say "hi"', "a, b; c", "} {", "[x]", "é – ü"])
    return key, numbers.choice(_AREAS), f"{note} {numbers.randint(1, 10**9)}", str(numbers.randint(0, 999))


def _csv(rows: list[_Row], columns: tuple[str, ...] = COLUMNS, delimiter: str = ",", end: str = "\r\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([columns, *rows])
    return text.getvalue().encode()


def _flip(content: bytes, numbers: random.Random, *, start: int = 0) -> tuple[bytes, int]:
    changed, count = bytearray(content), numbers.randint(1, 3)
    for _ in range(count):
        changed[numbers.randrange(start, len(changed))] = numbers.randrange(256)
    return bytes(changed), 4 * count  # a changed quote or line end can also damage the rows around it


def _cut(content: bytes, numbers: random.Random) -> bytes:
    return content[: numbers.randrange(len(content))]


def _shuffle(rows: list[_Row], numbers: random.Random) -> tuple[tuple[str, ...], list[_Row]]:
    order = numbers.sample(range(len(COLUMNS)), len(COLUMNS))
    return tuple(COLUMNS[i] for i in order), [tuple(row[i] for i in order) for row in rows]


def _csv_valid(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.csv", _csv(rows, delimiter=numbers.choice(",;\t|"), end=numbers.choice(["\n", "\r\n"])), 0, True)


def _csv_flipped(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.csv", *_flip(_csv(rows), numbers))


def _csv_truncated(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.csv", _cut(_csv(rows), numbers), len(rows), wrong=1)


def _csv_encoded(numbers: random.Random, rows: list[_Row]) -> _Made:
    encoding = numbers.choice(["utf-8-sig", "utf-16"])
    return _Made("a.csv", _csv(rows).decode().encode(encoding), 0, True)


def _csv_in_another_encoding(numbers: random.Random, rows: list[_Row]) -> _Made:
    encoding = numbers.choice(["cp1252", "utf-16-le", "utf-32", "utf-16-be"])
    return _Made("a.csv", _csv(rows).decode().encode(encoding, "replace"))


def _csv_with_blank_lines(numbers: random.Random, rows: list[_Row]) -> _Made:
    lines = [_csv([row])[len(_csv([])) :] for row in rows]
    return _Made("a.csv", _csv([]) + b"\r\n".join(lines) + numbers.choice([b"", b"\r\n , \r\n"]), 0, True)


def _csv_columns_shuffled(numbers: random.Random, rows: list[_Row]) -> _Made:
    columns, shuffled = _shuffle(rows, numbers)
    return _Made("a.csv", _csv(shuffled, columns), 0, True)


def _csv_column_doubled(numbers: random.Random, rows: list[_Row]) -> _Made:
    doubled = numbers.randrange(4)
    return _Made("a.csv", _csv([(*row, row[doubled]) for row in rows], (*COLUMNS, COLUMNS[doubled])), None)


def _csv_quote_inserted(numbers: random.Random, rows: list[_Row]) -> _Made:
    content, place = _csv(rows), numbers.randrange(30, 60)
    return _Made("a.csv", content[:place] + b'"' + content[place:], 6)


def _csv_packed(numbers: random.Random, rows: list[_Row]) -> _Made:
    if numbers.random() < 0.5:
        return _Made(numbers.choice(["a.csv.gz", "a.csv.GZ"]), gzip.compress(_csv(rows)), 0, True)
    return _Made("a.csv.zip", _zip({"a.csv": _csv(rows)}), 0, True)


def _csv_packed_and_damaged(numbers: random.Random, rows: list[_Row]) -> _Made:
    name, content = numbers.choice(
        [("a.csv.gz", gzip.compress(_csv(rows))), ("a.csv.zip", _zip({"a.csv": _csv(rows)}))]
    )
    damaged = _cut(content, numbers) if numbers.random() < 0.5 else _flip(content, numbers)[0]
    return _Made(name, damaged, len(rows), wrong=0)


def _csv_bomb(numbers: random.Random, rows: list[_Row]) -> _Made:
    content = _csv(rows) + b"k," + numbers.choice([b"x", b"\0", b'"x']) * (100 << 20)
    return numbers.choice(
        [_Made("a.csv.gz", gzip.compress(content, 1), None), _Made("a.zip", _zip({"a.csv": content}), None)]
    )


def _json_text(rows: list[_Row], numbers: random.Random) -> bytes:
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    texts = [json.dumps(each, ensure_ascii=False, indent=numbers.choice([None, 2])) for each in objects]
    joined = numbers.choice(["\n".join(texts), "".join(texts), "[" + ",\n".join(texts) + "]", " ,".join(texts)])
    return joined.encode()


def _json_valid(numbers: random.Random, rows: list[_Row]) -> _Made:
    content = _json_text(rows, numbers)
    return numbers.choice([_Made("a.json", content, 0, True), _Made("a.json.gz", gzip.compress(content), 0, True)])


def _json_flipped(numbers: random.Random, rows: list[_Row]) -> _Made:
    lines = "\n".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows).encode()
    return _Made("a.json", *_flip(lines, numbers))


def _json_truncated(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.json", _cut(_json_text(rows, numbers), numbers), len(rows), wrong=0)


def _json_encoded(numbers: random.Random, rows: list[_Row]) -> _Made:
    encoding = numbers.choice(["utf-8-sig", "utf-16"])
    return _Made("a.json", _json_text(rows, numbers).decode().encode(encoding), 0, True)


def _json_packed_and_damaged(numbers: random.Random, rows: list[_Row]) -> _Made:
    content = gzip.compress(_json_text(rows, numbers))
    return _Made(
        "a.json.gz", _cut(content, numbers) if numbers.random() < 0.5 else _flip(content, numbers)[0], len(rows)
    )


def _json_bomb(numbers: random.Random, rows: list[_Row]) -> _Made:
    bomb = numbers.choice([b'{"id": "' + b"x" * (70 << 20), b"[" * (70 << 20), b'{"id":' * (10 << 20)])
    return _Made("a.json.gz", gzip.compress(_json_text(rows, numbers) + b"\n" + bomb, 1), len(rows), wrong=0)


def _xlsx(rows: list[_Row], columns: tuple[str, ...] = COLUMNS, *, is_formula: bool = False) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Data")
        for line, row in enumerate([columns, *rows]):
            for column, cell in enumerate(row):
                if is_formula and column == 2:
                    sheet.write_formula(line, column, "='[1]Other'!A1" if line % 2 else "=A1&B1", None, cell)
                else:
                    sheet.write_string(line, column, cell)
    return stream.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()


def _edit(workbook: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    return _zip(parts | {part: edit(parts[part])})


def _xlsx_valid(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made(numbers.choice(["a.xlsx", "a.xlsm"]), _xlsx(rows), 0, True)


def _xlsx_flipped(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.xlsx", _flip(_xlsx(rows), numbers)[0], len(rows), wrong=0)


def _xlsx_part_flipped(numbers: random.Random, rows: list[_Row]) -> _Made:
    part = numbers.choice([_SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"])
    return _Made("a.xlsx", _edit(_xlsx(rows), part, lambda xml: _flip(xml, numbers)[0]), len(rows))


def _xlsx_truncated(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.xlsx", _cut(_xlsx(rows), numbers), len(rows), wrong=0)


def _xlsx_columns_shuffled(numbers: random.Random, rows: list[_Row]) -> _Made:
    columns, shuffled = _shuffle(rows, numbers)
    return _Made("a.xlsx", _xlsx(shuffled, columns), 0, True)


def _xlsx_column_doubled(numbers: random.Random, rows: list[_Row]) -> _Made:
    doubled = numbers.randrange(4)
    return _Made("a.xlsx", _xlsx([(*row, row[doubled]) for row in rows], (*COLUMNS, COLUMNS[doubled])), None)


def _xlsx_formulas(numbers: random.Random, rows: list[_Row]) -> _Made:
    return _Made("a.xlsx", _xlsx(rows, is_formula=True), 0, True)


def _xlsx_formulas_without_values(numbers: random.Random, rows: list[_Row]) -> _Made:
    workbook = _xlsx(rows, is_formula=True)
    return _Made(
        "a.xlsx", _edit(workbook, _SHEET, lambda xml: re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", xml, count=1)), None
    )


def _xlsx_bomb(numbers: random.Random, rows: list[_Row]) -> _Made:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    many = b'<row><c t="str"><v>' + b"x" * (80 << 20) + b"</v></c></row></sheetData>"
    blanks = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % number for number in range(10_000, 110_000))
    added, touched = numbers.choice([(far, None), (many, None), (blanks + b"</sheetData>", 0)])
    return _Made("a.xlsx", _edit(_xlsx(rows), _SHEET, lambda xml: xml.replace(b"</sheetData>", added)), touched)


_BOMBS: list[_Maker] = [_csv_bomb, _json_bomb, _xlsx_bomb]
_OTHERS: list[_Maker] = [
    *(_csv_valid, _csv_flipped, _csv_flipped, _csv_flipped, _csv_truncated, _csv_encoded, _csv_in_another_encoding),
    _csv_with_blank_lines,
    *(_csv_columns_shuffled, _csv_column_doubled, _csv_quote_inserted, _csv_packed, _csv_packed_and_damaged),
    *(_json_valid, _json_flipped, _json_flipped, _json_truncated, _json_encoded, _json_packed_and_damaged),
    *(_xlsx_valid, _xlsx_flipped, _xlsx_flipped, _xlsx_part_flipped, _xlsx_part_flipped, _xlsx_truncated),
    *(_xlsx_columns_shuffled, _xlsx_column_doubled, _xlsx_formulas, _xlsx_formulas_without_values),
]
