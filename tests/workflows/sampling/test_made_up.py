import re
from random import Random

import pytest

from expectations.suite import Expectation, Suite
from transforms.dataset import Dataset
from transforms.masking import MaskingRule, redact
from transforms.schema import Field
from workflows.sampling.made_up import fold, replace_masked_cells, same_shape
from workflows.sampling.regexes import draw_match
from workflows.sampling.rows import SampleFile, columns_of

FIELDS = (
    Field("Name", "name", "string"),
    Field("Born", "born", "date"),
    Field("Lat", "lat", "double"),
    Field("Status", "status", "string"),
    Field("Code", "code", "string"),
    Field("Note", "note", "string"),
)
POLICY = tuple(MaskingRule(name, redact, "") for name in ("name", "born", "lat", "status", "code"))
DATASET = Dataset("people", "", {"people": FIELDS}, key=("name",), answers={}, masking_policy=POLICY)
SUITE = Suite(
    "people",
    (
        Expectation("s", "expect_column_values_to_be_in_set", {"column": "status", "value_set": ["Open", "Closed"]}),
        Expectation("c", "expect_column_values_to_match_regex", {"column": "code", "regex": "^[AB]{2}-[0-9]{4}$"}),
    ),
)
ROWS = [
    ["Ann Lee", "1985-03-12", "49.2458", "open", "AB-1234", "call Ann Lee, born 1985-03-12"],
    [" ANN LEE ", "12 Mar 1985", "49.30", "see Ann Lee", "BA-0001", "n/a"],
    ["", " ", "", "Closed", "", "ann leeward"],
    ["Bo", "x", "49.2000", "Closed", "AB-1234", "Bo"],
]


def replaced(seed: int = 1, in_source: str = "") -> list[list[str]]:
    file = SampleFile("people.csv", columns_of(FIELDS), [[*row] for row in ROWS])
    replace_masked_cells(
        [file],
        dataset=DATASET,
        suite=SUITE,
        published={"status": frozenset(["Closed"])},
        random=Random(seed),
        taken=lambda values: (
            {name: {each for each in made if in_source in each} for name, made in values.items()} if in_source else {}
        ),
        all_values={},
    )
    return file.rows


def test_no_original_value_is_left() -> None:
    """The originals are searched in all cells. Values that the masking policy publishes are kept."""
    originals = [
        row[position] for row in ROWS for position in range(5) if fold(row[position]) not in ("", "closed", "x")
    ]
    rows = replaced()

    for row in rows:
        for cell in row[:5]:
            assert fold(cell) not in map(fold, originals) or fold(cell) == "open"
        assert not [value for value in originals if len(fold(value)) >= 5 and fold(value) in fold(row[5])]
    assert [row[3] for row in rows][2:] == ["Closed", "Closed"]


def test_values_of_rows_that_are_not_drawn_are_hidden() -> None:
    file = SampleFile("people.csv", columns_of(FIELDS), [["Ann Lee", "", "", "", "", "reported by Zoë Weiß"]])
    found = replace_masked_cells(
        [file],
        dataset=DATASET,
        suite=SUITE,
        published={},
        random=Random(1),
        taken=lambda _: {},
        all_values={"name": ["Ann Lee", " Zoë WEISS "]},
    )

    assert re.fullmatch("reported by [A-Z][a-zë]{2} [A-Z]{5}", file.rows[0][5])
    assert "weiss" not in file.rows[0][5].casefold()
    assert found.reveals("seen by zoë weiß")
    assert not found.reveals(file.rows[0][5])


def test_made_up_values_have_the_shape_of_the_originals() -> None:
    rows = replaced()

    assert re.fullmatch("[A-Z][a-z]{2} [A-Z][a-z]{2}", rows[0][0])
    assert rows[1][0] == f" {rows[0][0].upper()} "
    assert [row[0] for row in rows[2:]] == ["", rows[3][0]]
    assert re.fullmatch(r"19[6-8]\d-(0[1-9]|1[0-2])-(0[1-9]|1[0-2])", rows[0][1])
    assert re.fullmatch(r"\d\d? [A-Z][a-z]{2} 19[6-8]\d", rows[1][1])
    assert all(re.fullmatch(r"49\.\d+", rows[position][2]) for position in (0, 1, 3))
    assert {rows[0][3], rows[1][3]} <= {"open", "closed", "Open", "Closed"}
    assert rows[0][4] == rows[3][4]
    assert re.fullmatch("[AB]{2}-[0-9]{4}", rows[1][4])


def test_blank_cells_stay_blank() -> None:
    assert [cell for cell in replaced()[2] if not cell.strip()] == ["", "", "", ""]


def test_equal_seeds_give_equal_values() -> None:
    assert replaced(seed=7) == replaced(seed=7) != replaced(seed=8)


def test_a_value_of_the_source_is_never_made_up() -> None:
    """If each made-up value is also in the source, the cell becomes blank."""
    rows = replaced(in_source="-")

    assert all("-" not in row[position] for row in rows for position in (1, 4))
    assert rows[0][0]


@pytest.mark.parametrize(
    "regex",
    [
        r"^(Spring|Fall) (19|20)[0-9]{2}$",
        r"\A[A-Z]?\d{6,10}\z",
        r"^[^@\s]+@[^@\s.]+(\.[a-z]+)+$",
        "a.c|x*?",
        r"^\w\W\S$",
    ],
)
def test_a_drawn_text_matches_the_regular_expression(regex: str) -> None:
    texts = [draw_match(regex, Random(seed)) for seed in range(20)]

    assert all(text is not None and re.search(regex.replace(r"\z", r"\Z"), text) for text in texts)


@pytest.mark.parametrize("regex", [r"(a)\1", "(?=a)a", "("])
def test_regular_expressions_that_are_too_complex_are_not_drawn(regex: str) -> None:
    assert draw_match(regex, Random(1)) is None


def test_same_shape_keeps_other_characters() -> None:
    assert re.fullmatch(r"[A-Z]\d{2} \d[A-Z]\d, [a-z]é?.*", same_shape("V55 1K0, né", Random(1)))
