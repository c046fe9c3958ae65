"""Test the job that publishes the site: it is optional, and it shows all datasets that have been published."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from expectations.standard import load_suite
from jobs.report import JOB
from jobs.report_data import expectations_of, frequent_reasons
from lake.ledger import runs
from lake.static_site import INDEX
from lake.tables import ensure_table
from reports.errors import MissingAnswersError
from tests.jobs.tables import publish_contact_centre


@pytest.fixture
def tables(lake: SparkSession) -> SparkSession:
    """Return a lake with the tables of the contact centre, and with no table of another dataset."""
    publish_contact_centre(lake)
    return lake


def test_the_job_publishes_the_published_datasets(tables: SparkSession, tmp_path: Path) -> None:
    www = tmp_path / "www"
    JOB.run(tables, JOB.parse(["--dataset", "contact_centre", "--report-to", str(www)]))

    index = (www / INDEX).read_text(encoding="utf-8")
    assert "92.93 % of calls were handled in January to July 2024, 1.26 points fewer than in 2023." in index
    assert "Inquiry volume" not in index
    assert [path.name.split(".")[0] for path in sorted(www.glob("*.html"))] == [
        *("contact_centre", "index", "index", "quality"),
    ]
    entry = runs(tables).where("job = 'contact_centre_report'").first()
    assert (entry["stage"], entry["state"]) == ("publish_report", "SUCCEEDED")
    assert entry["note"].startswith(f"{www}/index.html: ")


def test_nothing_is_published_without_a_target(tables: SparkSession, tmp_path: Path) -> None:
    (entry,) = JOB.run(tables, JOB.parse(["--dataset", "contact_centre", "--report-to", ""]))

    assert entry.result.notes == ("skipped, because --report-to is not set",)
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse"]


def test_a_missing_answer_is_named_and_nothing_is_published(tables: SparkSession, tmp_path: Path) -> None:
    tables.sql("DROP TABLE lake.curated.contact_centre_calls_handled_monthly")

    with pytest.raises(
        MissingAnswersError, match=r"lake\.curated\.contact_centre_calls_handled_monthly\. To build them"
    ):
        JOB.run(tables, JOB.parse(["--dataset", "contact_centre", "--report-to", str(tmp_path / "www")]))
    assert not (tmp_path / "www").exists()


def test_another_dataset_without_all_answers_is_left_out(tables: SparkSession, tmp_path: Path) -> None:
    ensure_table(tables, "lake.trusted.registrar", T.StructType([T.StructField("n", T.IntegerType())]))
    tables.sql("INSERT INTO lake.trusted.registrar VALUES (1)")
    (entry,) = JOB.run(tables, JOB.parse(["--dataset", "contact_centre", "--report-to", str(tmp_path / "www")]))

    assert entry.result.notes[1:] == ("datasets without a table for each answer are left out: registrar",)
    assert (tmp_path / "www" / INDEX).exists()


def test_most_frequent_reasons_come_first(spark: SparkSession) -> None:
    first, second = [expectation.id for expectation in load_suite("contact_centre").expectations][:2]
    lists = [[first, second, "removed"], [first, second], [first, "removed"], [first, "rare"]]
    rows = spark.createDataFrame([(ids,) for ids in lists], "_failed_expectations array<string>")
    (first_text, _), (second_text, _) = (expectations_of("contact_centre")[name] for name in (first, second))

    reasons = frequent_reasons({"contact_centre": rows, "registrar": rows.limit(0)})

    most = sorted([(second, second_text), ("removed", "removed")])
    assert reasons == {"contact_centre": ((first_text, 4), *((text, 2) for _, text in most))}
    assert frequent_reasons({}) == {}
