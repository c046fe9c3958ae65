from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from ingest.errors import LandingError
from transforms.dataset import Dataset
from transforms.masking import MaskingRule, redact
from transforms.schema import Field
from workflows.sampling.rows import (
    all_values,
    draw,
    few_values,
    known_values,
    published_values,
    read_source,
    write_files,
)

LAYOUTS = {
    "visits": (Field("Day", "day", "string"), Field("Branch", "branch", "string"), Field("n", "n", "int")),
    "closures": (Field("day", "day", "string"), Field("Library", "branch", "string"), Field("Why", "why", "string")),
}
DATASET = Dataset(
    "library", "", LAYOUTS, key=("day", "branch"), answers={}, masking_policy=(MaskingRule("why", redact, ""),)
)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Return the paths of a csv file with 100 keys of 2 rows each, and of a Parquet file with the same keys."""
    days = [f"2024-01-{number % 25 + 1:02}" for number in range(200)]
    branches = [f"B{number % 100}" for number in range(200)]
    lines = [f"{day},{branch},{number},x" for number, (day, branch) in enumerate(zip(days, branches, strict=True))]
    (tmp_path / "visits.csv").write_text("\n".join(["Day,Branch,n,extra", *lines, "broken,row"]))
    table = {"day": days, "Library": [branch.lower() for branch in branches], "Why": ["flood", None] * 100}
    pq.write_table(pa.table(table), tmp_path / "closures.parquet")
    return [str(tmp_path / "visits.csv"), str(tmp_path / "closures.parquet")]


def test_all_rows_of_a_key_are_drawn_in_the_order_of_the_file(lake: SparkSession, paths: list[str]) -> None:
    files = draw(read_source(lake, paths, dataset=DATASET), dataset=DATASET, rows=40, seed=1)

    closures, visits = sorted(files, key=lambda file: file.name)
    assert [column.source for column in visits.columns] == ["Day", "Branch", "n"]
    assert 30 <= len(visits.rows) + len(closures.rows) <= 120
    numbers = [int(row[2]) for row in visits.rows]
    assert numbers == sorted(numbers)
    keys = [(row[0], row[1]) for row in visits.rows]
    assert all(keys.count(key) == 2 for key in keys)
    assert {(day, branch.upper()) for day, branch, _ in closures.rows} == {*keys}


def test_equal_seeds_give_equal_bytes(lake: SparkSession, paths: list[str], tmp_path: Path) -> None:
    source = read_source(lake, paths, dataset=DATASET)
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_files(draw(source, dataset=DATASET, rows=20, seed=seed), tmp_path / folder, dataset=DATASET)

    first, second, other = ((tmp_path / name / "visits.csv").read_bytes() for name in "abc")
    assert first == second != other


def test_malformed_records_are_not_read(lake: SparkSession, paths: list[str]) -> None:
    assert read_source(lake, paths, dataset=DATASET).where("Day = 'broken'").count() == 0


def test_all_rows_give_the_values_of_a_field(lake: SparkSession, paths: list[str]) -> None:
    source = read_source(lake, paths, dataset=DATASET)

    assert all_values(source, ["why"], dataset=DATASET) == {"why": ["flood"]}
    branches = all_values(source, ["branch"], dataset=DATASET)["branch"]
    assert {*branches} == {f"{letter}{number}" for letter in "Bb" for number in range(100)}


def test_values_of_the_source_are_found(lake: SparkSession, paths: list[str]) -> None:
    source = read_source(lake, paths, dataset=DATASET)

    assert known_values(source, {"why": {"flood", "fire"}, "branch": {"b7", "b100"}}, dataset=DATASET) == {
        "why": {"flood"},
        "branch": {"b7"},
    }
    assert few_values(source, columns=["Why", "Branch"]) == {"Why": ["flood"]}


def test_only_values_that_the_action_leaves_unchanged_are_published(lake: SparkSession) -> None:
    found = published_values(lake, {"why": ["*****", "flood"]}, dataset=DATASET)

    assert found == {"why": frozenset(["*****"])}


def test_a_path_without_a_readable_file_is_rejected(lake: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "notes.doc").write_text("x")
    with pytest.raises(LandingError, match=r"no file has a readable format. Expected .xlsx .* .parquet files"):
        read_source(lake, [str(tmp_path)], dataset=DATASET)
