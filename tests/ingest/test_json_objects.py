import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import json_objects
from ingest.json_objects import find_records

_TEXTS = st.sampled_from(["", "x", "}{", '"', "[{", "a\nb", "\\", "é", "},\n{"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(_TEXTS, values, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.lists(st.dictionaries(_TEXTS, _VALUES, max_size=3), min_size=1, max_size=4)
_LAYOUTS = {
    "lines": "\n".join,
    "one line": "".join,
    "spaces": " ".join,
    "commas": ",\r\n".join,
    "array": lambda objects: "[" + ",".join(objects) + "]",
    "array over lines": lambda objects: "[\n  " + "\n, ".join(objects) + "\n]\n",
    "arrays": lambda objects: "".join(f"[{text}]" for text in objects),
}


def split(text: str, size: int) -> list[str]:
    content = text.encode()
    return list(find_records(content[start : start + size] for start in range(0, len(content), size)))


@example([{"": None, "x": None, "}{": [None] * 3}, {"": None}, {"x": [{"": [None]}]}], "spaces", 1, 38)
@settings(max_examples=300)
@given(_OBJECTS, st.sampled_from([*_LAYOUTS]), st.sampled_from([None, 1, 2]), st.integers(1, 50))
def test_objects_are_found_in_each_layout(objects: list[dict], layout: str, indent: int | None, size: int) -> None:
    """The layout of the objects and the size of the chunks do not matter."""
    text = _LAYOUTS[layout]([json.dumps(each, indent=indent, ensure_ascii=False) for each in objects])

    assert [json.loads(record) for record in split(text, size)] == objects


INVALID = {
    '{"a": 1}{"a": oops}{"a": 3}': ['{"a": 1}', '{"a": oops}', '{"a": 3}'],
    '{"a": 1}\n{"a": \n{"a": 3}': ['{"a": 1}', '{"a":', '{"a": 3}'],
    '{"a": "open}\n{"a": 2}': ['{"a": "open}', '{"a": 2}'],
    '[{"a": "open},\n {"a": 2}]': ['{"a": "open},', '{"a": 2}'],
    '{\n "a": oops,\n "b": [\n  {"c": 1}\n ]\n}\n{"a": 2}': [
        '{\n "a": oops,\n "b": [\n  {"c": 1}\n ]\n}',
        '{"a": 2}',
    ],
    '[{"a": 1}, oops, {"a": 3}]': ['{"a": 1}', "oops", '{"a": 3}'],
    '{"a": "two\nlines"}{"a": 2}': ['{"a": "two\nlines"}', '{"a": 2}'],
    '{"a": 1} and more\n{"a": 2}': ['{"a": 1} and more', '{"a": 2}'],
    'text\n{"a": 1}\n12\n"x"': ["text", '{"a": 1}', "12", '"x"'],
    '[{"a": 1}, {"a"': ['{"a": 1}', '{"a"'],
    '[{"a": 1}': ['{"a": 1}', "["],
    '[1, [{"a": 1}], null]': ["1", '[{"a": 1}]', "null"],
    '{"a": 1}}\n]\n{"a": 2}': ['{"a": 1}}', "]", '{"a": 2}'],
    '{"n": ' + "1" * 5000 + "}": ['{"n": ' + "1" * 5000 + "}"],
    "[" * 10_000: ["[" * 9_999],
}


@pytest.mark.parametrize(("text", "records"), INVALID.items())
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_an_invalid_object_does_not_take_its_neighbours_along(text: str, records: list[str], size: int) -> None:
    assert split(text, size if len(text) < 1000 else 1 << 20) == records


@given(st.text(alphabet='{}[]",:\\ \n\r1a', max_size=60), st.integers(1, 20))
def test_no_text_is_lost(text: str, size: int) -> None:
    """Only blanks, commas and the brackets of arrays are not part of a record."""
    characters = [character for character in text if character not in " \n\r,[]"]

    assert [character for character in "".join(split(text, size)) if character not in " \n\r,[]"] == characters


def test_a_long_record_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_objects, "MAX_RECORD_CHARACTERS", 100)

    records = split('{"a": "' + "x" * 250 + '"}\n{"a": 2}', 10)

    assert [len(record) for record in records] == [100, 100, 59, 8]
    assert records[-1] == '{"a": 2}'
