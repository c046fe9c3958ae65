"""Functions that validate rows with other Spark libraries, and then write the passed and failed rows.

Each function takes a session and a frame and returns counts. sparkdq and cuallee cannot read GX's JSON, and do not
treat missing values like GX. So this module defines the checks of both libraries, in the order of
`frames.EXPECTATIONS`.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from benchmarks.frames import CHANNELS, EXPECTATIONS, PASSES, POSTAL_CODE, UNIQUE, suite_json
from lake.tables import row_count

TRUSTED, QUARANTINE = "lake.trusted.requests", "lake.quarantine.requests"


def write(spark: SparkSession, rows: DataFrame, table: str) -> None:
    """Write rows to an Iceberg table with the settings of `lake.staging.stage`, but without partitions or a branch."""
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.rpartition('.')[0]}")
    settings = {"format-version": "2", "write.distribution-mode": "none"}
    writer = rows.writeTo(table).using("iceberg")
    for name, value in settings.items():
        writer = writer.tableProperty(name, value)
    writer.create()


def count_routed(spark: SparkSession) -> dict[str, int]:
    """Read the number of passed rows and the number of failed rows from the metadata of the tables."""
    passed, failed = row_count(spark, TRUSTED), row_count(spark, QUARANTINE)
    return {"passed": passed, "failed": failed, "rows": passed + failed}


def unexpected_counts(results: list[dict[str, Any]]) -> dict[str, int]:
    """Return the unexpected count of each expectation, from results in GX's format."""
    return {
        f"unexpected, {result['expectation_config']['meta']['name']}": result["result"]["unexpected_count"]
        for result in results
    }


def by_hand(spark: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Route rows without a report. The two filtered writes evaluate the frame twice."""
    write(spark, rows.where(PASSES), TRUSTED)
    write(spark, rows.where(f"NOT ({PASSES})"), QUARANTINE)
    return count_routed(spark)


@cache
def _create_gx_batches() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("spark").add_dataframe_asset("frames")
    return asset.add_batch_definition_whole_dataframe("whole")


def great_expectations(spark: SparkSession, rows: DataFrame, *, unique: bool = False) -> dict[str, int]:
    """Validate rows with the default settings of Great Expectations.

    Great Expectations persists the frame. Then the function writes the rows that pass and the rows that fail, each with
    a filter on the persisted frame.
    """
    batches = _create_gx_batches()
    from great_expectations.core import ExpectationSuite

    document = json.loads(suite_json(*EXPECTATIONS, *[UNIQUE] * unique))
    results = batches.get_batch({"dataframe": rows}).validate(ExpectationSuite(**document)).to_json_dict()["results"]
    if failures := [item for item in results if item["exception_info"].get("raised_exception") is not False]:
        raise RuntimeError(f"Great Expectations raised exceptions: {failures}")
    return by_hand(spark, rows) | unexpected_counts(results)


def sparkdq(spark: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Validate rows with sparkdq, whose checks mark the rows. Then write the passed and the failed rows.

    sparkdq has no `mostly`. It counts rows only for a summary. This function does not request the summary, which would
    evaluate the frame three more times. In a range or set check of sparkdq, a missing value neither passes nor fails,
    so the row is neither in the passed frame nor in the failed frame. In this data, each row with such a missing value
    fails another check. In a check of two columns, sparkdq fails each row with a missing value. `coalesce` lets a row
    without `closed_on` pass.
    """
    from sparkdq import checks
    from sparkdq.core import Severity
    from sparkdq.engine import BatchDQEngine
    from sparkdq.management import CheckSet

    critical, warning = {"severity": Severity.CRITICAL}, {"severity": Severity.WARNING}
    both, closed_or_opened = (True, True), "coalesce(closed_on, opened_on)"
    configs = [
        checks.NotNullCheckConfig(
            check_id="1", columns=["_cast_failures"], **critical
        ),  # in sparkdq, `NotNullCheckConfig` fails the rows whose value is not null
        checks.NullCheckConfig(check_id="2", columns=["opened_on"], **critical),
        checks.NullCheckConfig(check_id="3", columns=["channel"], **critical),
        checks.NumericBetweenCheckConfig(
            check_id="4", columns=["minutes"], min_value=0, max_value=9999, inclusive=both, **critical
        ),
        checks.ColumnLessThanCheckConfig(
            check_id="5", column="opened_on", limit=closed_or_opened, inclusive=True, **critical
        ),
        checks.DateMinCheckConfig(
            check_id="6", columns=["opened_on"], min_value="2009-01-01", inclusive=True, **warning
        ),
        checks.IsContainedInCheckConfig(check_id="7", allowed_values={"channel": CHANNELS}, **warning),
        checks.RegexMatchCheckConfig(check_id="8", column="postal_code", pattern=POSTAL_CODE, **warning),
        checks.NumericBetweenCheckConfig(
            check_id="9", columns=["cost"], min_value=0, max_value=5000, inclusive=both, **warning
        ),
        checks.NullCheckConfig(check_id="10", columns=["cost"], **warning),
    ]
    check_set = CheckSet()
    for config in configs:
        check_set.add_check(config)
    result = BatchDQEngine(check_set).run_batch(rows)
    write(spark, result.pass_df(), TRUSTED)
    write(spark, result.fail_df(), QUARANTINE)
    return count_routed(spark)


def cuallee(spark: SparkSession, rows: DataFrame) -> dict[str, int]:
    """Validate rows with cuallee, whose checks count violations in one pass. Then route rows with two writes.

    cuallee treats a missing value as a violation, so the counts of cuallee differ from the counts of GX. The rows are
    routed by `by_hand`.
    """
    from cuallee import Check, CheckLevel

    check = (
        Check(CheckLevel.WARNING, "requests")
        .is_empty("_cast_failures", pct=0.95)
        .is_complete("opened_on", pct=0.95)
        .is_complete("channel", pct=0.95)
        .is_between("minutes", (0, 9999), pct=0.95)
        .satisfies("closed_on", "coalesce(closed_on >= opened_on, true)", pct=0.95)
        .is_between("opened_on", ("2009-01-01", "9999-12-31"))
        .is_contained_in("channel", CHANNELS, pct=0.99)
        .has_pattern("postal_code", POSTAL_CODE, pct=0.99)
        .is_between("cost", (0, 5000))
        .is_complete("cost", pct=0.9)
    )
    check.validate(rows).collect()
    return by_hand(spark, rows)
