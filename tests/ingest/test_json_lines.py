import gzip
import json
from datetime import datetime, timezone

import pytest
from pyspark.sql import SparkSession

from ingest import json_survey
from ingest.json_objects import MAX_RECORD_CHARACTERS
from ingest.raw import IngestResult, ingest, read_raw

NOW = datetime(2024, 10, 1, 12, tzinfo=timezone.utc)
LAYOUTS = {"incidents": ("id", "type", "place")}
OBJECT = "dispatch-1-2024-07-10-17-05-00-0a1b2c3d-0000-4000-8000-0123456789ab"


def ingest_incidents(lake: SparkSession, landing, layouts=LAYOUTS) -> IngestResult:
    return ingest(lake, dataset="incidents", landing=str(landing), layouts=layouts, run_id="r1", now=NOW)


def rows(lake: SparkSession, *columns: str) -> list[tuple]:
    ordered = read_raw(lake, "incidents").rows.orderBy("_source_file", "_row_number")
    return [tuple(row) for row in ordered.select(*columns).collect()]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl.gz", f"2024/07/10/17/{OBJECT}", f"{OBJECT}.gz"])
def test_json_lines_are_recognized_by_file_name(name: str) -> None:
    """The name has a known extension or is a Firehose name."""
    assert json_survey.is_json_lines(name)
    assert not json_survey.is_json_lines(name + ".txt")
    assert not json_survey.is_json_lines("2024/07/10/17/notes")


def test_nested_and_unknown_fields_become_json_text(lake: SparkSession, landing) -> None:
    event = {"id": 7, "type": "", "place": {"type": "Point", "coordinates": [-77.1, 39.0]}, ":@region": "x", "n": 1.5}
    landing.file(f"2024/07/10/17/{OBJECT}", json.dumps(event).encode() + b'\n{"type": null, "id": "8"}\n')

    done = ingest_incidents(lake, landing)

    assert (done.rows, done.extra_columns) == (2, ())
    assert rows(lake, "id", "type", "place", "_other_fields", "_row_number", "_layout", "_malformed_record") == [
        ("7", "", '{"type":"Point","coordinates":[-77.1,39.0]}', '{":@region":"x","n":"1.5"}', 1, "incidents", None),
        ("8", None, None, None, 2, "incidents", None),
    ]
    assert rows(lake, "_source_file") == [(f"2024/07/10/17/{OBJECT}",)] * 2


def test_objects_with_repeated_fields_are_malformed(lake: SparkSession, landing) -> None:
    """An object may have each field of a layout only once. Fields of no layout may be repeated."""
    repeated = ['{"id": 1, "x": 1, "id": 2}', '{"id": 3, "type": null, "type": "b"}']
    allowed = [
        '{"id": 4, "type": null, "x": 1, "x": 2}',
        '{"id": 5, "x": 1, "x": 2}',
        '{"id": 6, "type": "id", "place": "type"}',
    ]
    landing.file("a.json", lines(*repeated, *allowed))

    ingest_incidents(lake, landing)

    assert rows(lake, "_malformed_record") == [*((text,) for text in repeated), (None,), (None,), (None,)]
    assert rows(lake, "id", "_other_fields")[2:] == [
        ("4", '{"x":"1","x":"2"}'),
        ("5", '{"x":"1","x":"2"}'),
        ("6", None),
    ]


def test_conflicting_spellings_make_an_object_malformed(lake: SparkSession, landing) -> None:
    """Two spellings of a field conflict if the object has a value for each spelling."""
    landing.file("a.json", b'{"id": 1, "Type": "a", "type": "b"}\n{"id": 2, "type": "b", "Type": null}\n')
    ingest_incidents(lake, landing, {"one": ("id", "Type"), "other": ("id", "type")})
    found = rows(lake, "id", "Type", "_malformed_record")
    assert found[0][2] == '{"id": 1, "Type": "a", "type": "b"}'
    assert found[1] == ("2", "b", None)


def lines(*texts: str) -> bytes:
    return "\n".join(texts).encode()


CONTENTS = {
    "broken.json": lines('{"id": 1}', '{"id": 2, "ty', "", "[3]", '"x"', '{"id": 6}'),
    "crlf.json": lines('\ufeff{"id": 1}\r', "\r", '{"id": 3}\r'),
    "together.json": lines('{"id": 1}{"id": 2} {"id": 3}', '{"id": 4}', '{"id": 5, "type": "} {"}', '{"id": 6}{"id'),
    "malformed.json": b'{"_malformed_record": "1;x;y;z"}',
    "more.json": lines('{"id": 1} and so on', '{"id": 2},', '{"id": 3, "type": {"a": "}{"}}'),
    "array.json": b'\n [{"id": 1},\n {"id": 2,\n "type": "x"}]',
    "half an array.json": b'[{"id": 1}, {"id"',
    "no objects.json": b'[{"id": 1}, null, "x", [{"id": 4}]]',
    "pages.json": lines('[{"id": 1},{"id": 2}]', '[{"id": 3}]', '{"id": 4}'),
    "apart.json": lines('{"id": 1}, {"id": 2}', '{"id": 3} junk}', '{"id": 4, "type": [{"a": 1}, {"a": 2}]}'),
    "old Mac.json": b'{"id": 1}\r\r{"id": 3}',
    "old Mac, ended.json": b'{"id": 1}\r{"id": 2}\n',
    "stray.json": lines("[3]", '{"id": 2}'),
    "packed + 1%20ü.json.gz": gzip.compress(lines('{"id": 1}', '{"id": 2}', "")),
    "empty.json": b"",
    "pretty.json": json.dumps({"id": 1, "place": {"a": [{"b": 2}, {"c": "}{"}]}}, indent=2).encode(),
    "bad neighbour.json": lines("{", ' "id": oops,', ' "place": [', '  {"id": 7}', " ]", "}", "{", ' "id": 2', "}"),
    "utf-16.json": '[{"id": 1, "type": "é"}]'.encode("utf-16"),
}
RECORDS = {
    "broken.json": [("1", None, 1), (None, '{"id": 2, "ty\n\n[3]\n"x"', 2), ("6", None, 3)],
    "crlf.json": [("1", None, 1), ("3", None, 3)],
    "together.json": [(f"{n}", None, n) for n in range(1, 7)] + [(None, '{"id', 7)],
    "malformed.json": [(None, "1;x;y;z", 1)],
    "more.json": [(None, '{"id": 1} and so on', 1), ("2", None, 2), ("3", None, 3)],
    "array.json": [("1", None, 1), ("2", None, 2)],
    "half an array.json": [("1", None, 1), (None, '{"id"', 2)],
    "packed + 1%20ü.json.gz": [("1", None, 1), ("2", None, 2)],
    "no objects.json": [("1", None, 1), (None, "null", 2), (None, '"x"', 3), (None, '[{"id": 4}]', 4)],
    "pages.json": [(f"{n}", None, n) for n in range(1, 5)],
    "apart.json": [("1", None, 1), ("2", None, 2), (None, '{"id": 3} junk}', 3), ("4", None, 4)],
    "old Mac.json": [("1", None, 1), ("3", None, 3)],
    "old Mac, ended.json": [("1", None, 1), ("2", None, 2)],
    "stray.json": [(None, "3", 1), ("2", None, 2)],
    "pretty.json": [("1", None, 1)],
    "bad neighbour.json": [(None, '{\n "id": oops,\n "place": [\n  {"id": 7}\n ]\n}', 1), ("2", None, 2)],
    "utf-16.json": [("1", None, 1)],
}


def test_valid_records_are_ingested_despite_broken_records(lake: SparkSession, landing) -> None:
    for name, content in CONTENTS.items():
        landing.file(name, content)

    assert set(ingest_incidents(lake, landing).files) == {*RECORDS, "empty.json"}
    assert ingest_incidents(lake, landing).rows == 0

    found = rows(lake, "_source_file", "id", "_malformed_record", "_row_number")
    assert found == [(name, *row) for name in sorted(RECORDS) for row in RECORDS[name]]


@pytest.mark.parametrize("name", ["large.json", "large.json.gz"])
def test_row_numbers_do_not_depend_on_file_size(
    lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(json_survey, "MAX_BYTES_TO_READ_WHOLE", 10)
    lake.conf.set("spark.sql.files.maxPartitionBytes", "1000")  # with this limit, Spark splits the large file
    try:
        content = lines(*(f'{{"id": {n}}}' for n in range(1, 1001)), "", '{"id": 1002, "place": [{"a": 1}, {"a": 2}]}')
        landing.file(name, gzip.compress(content) if name.endswith(".gz") else content)
        landing.file("array.json", CONTENTS["array.json"])

        assert ingest_incidents(lake, landing).rows == 1003
        found = rows(lake, "_source_file", "id", "_malformed_record", "_row_number")
    finally:
        lake.conf.unset("spark.sql.files.maxPartitionBytes")

    assert found[:2] == [("array.json", *row) for row in RECORDS["array.json"]]
    assert found[2:] == [(name, f"{n}", None, n) for n in (*range(1, 1001), 1002)]


def test_a_file_with_a_colon_in_its_name_is_skipped(lake: SparkSession, landing) -> None:
    landing.file("at 12:30.json", b'{"id": 3}')
    landing.file("good.json", b'{"id": 4}')

    done = ingest_incidents(lake, landing)

    assert done.files == ("good.json",)
    assert done.skipped["at 12:30.json"].endswith("Rename the file.")
    landing.file("at 12.30.json", b'{"id": 3}')
    assert ingest_incidents(lake, landing).files == ("at 12.30.json",)


def test_a_file_that_unpacks_to_an_unusual_size_is_read_in_small_steps(lake: SparkSession, landing) -> None:
    """Spark would read the single line of this file at once."""
    text = '{"id": 1, "type": "' + "x" * (60 << 20) + '"}\n{"id": 2}'
    landing.file("bomb.json.gz", gzip.compress(text.encode()))

    ingest_incidents(lake, landing)

    malformed = [row[0] for row in rows(lake, "_malformed_record")]
    lengths = [len(text) for text in malformed if text]
    assert max(lengths) == MAX_RECORD_CHARACTERS
    assert sum(lengths) == len(text.splitlines()[0])
    assert rows(lake, "id")[-1] == ("2",)


def test_damaged_gzip_files_are_skipped(lake: SparkSession, landing) -> None:
    packed = gzip.compress(lines(*(f'{{"id": {number}}}' for number in range(100))))
    damaged = {"cut": packed[:-20], "plain": b'{"id": 1}', "mangled": packed[:30] + b"\0" + packed[31:]}
    damaged |= {"padded": packed + bytes(100), "followed": packed + b"abc"}
    for name, content in damaged.items():
        landing.file(f"{name}.json.gz", content)
    landing.file("good.json.gz", packed)
    landing.file("empty.json.gz", b"")
    landing.file("blank.json.gz", gzip.compress(b"\n" * 3000))

    done = ingest_incidents(lake, landing)

    assert (done.files, done.rows) == (("blank.json.gz", "empty.json.gz", "good.json.gz"), 100)
    assert {*done.skipped} == {f"{name}.json.gz" for name in damaged}
    assert all("not a complete gzip file (" in why and "Deliver the file again" in why for why in done.skipped.values())
    landing.file("plain.json", b'{"id": 1}')  # deliver the file without the suffix `.gz`
    assert ingest_incidents(lake, landing).files == ("plain.json",)
    landing.file("cut.json.gz", packed + gzip.compress(b'\n{"id": 100}'), delivered=60)
    assert ingest_incidents(lake, landing).files == ("cut.json.gz",)


def test_line_gets_the_best_matching_layout(lake: SparkSession, landing) -> None:
    layouts = {"denver": ("Case Status", "id", "Area"), "vancouver": ("status", "id", "area")}
    landing.file("a.json", lines('{"id": 1, "Case Status": "x", "Area": "w"}', '{"id": 2, "status": "", "area": "y"}'))
    landing.csv("b.csv", [["3", "z", "v"]], columns=("id", "Case Status", "Area"))

    ingest_incidents(lake, landing, layouts)

    assert rows(lake, "id", "_layout", "Case Status", "area", "_other_fields") == [
        ("1", "denver", "x", "w", None),
        ("2", "vancouver", None, "y", None),
        ("3", "denver", "z", "v", None),
    ]


def test_names_that_differ_only_in_case_are_one_field(lake: SparkSession, landing) -> None:
    """An object with values for two spellings is malformed, so neither value is lost."""
    conflicts = ['{"id": 4, "ID": 5}', '{"iD": 6, "ID": 7}', '{"Id": "", "ID": 8, "x": 1}']
    allowed = ['{"id": 1, "type": "a"}', '{"ID": 2, "TYPE": "b", "X": 1}', '{"id": null, "Id": 3, "type": "c"}']
    landing.file("a.json", lines(*allowed, *conflicts))

    ingest_incidents(lake, landing)

    assert rows(lake, "id", "type", "_other_fields", "_malformed_record")[:3] == [
        ("1", "a", None, None),
        ("2", "b", '{"X":"1"}', None),
        ("3", "c", None, None),
    ]
    assert rows(lake, "_malformed_record")[3:] == [(text,) for text in conflicts]


def test_the_layout_does_not_depend_on_the_case_of_names(lake: SparkSession, landing) -> None:
    layouts = {"denver": ("id", "Case Status", "Area"), "vancouver": ("id", "Status", "Place")}
    landing.file("a.json", lines('{"ID": 1, "CASE STATUS": "x", "Area": "w"}', '{"id": 2, "case status": "y"}'))

    ingest_incidents(lake, landing, layouts)

    assert rows(lake, "id", "_layout", "Case Status", "Area", "_other_fields") == [
        ("1", "denver", "x", "w", None),
        ("2", "denver", "y", None, None),
    ]
