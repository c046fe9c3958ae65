"""Expectations that cannot be compiled, judged by Great Expectations itself on the rows that would be published.

Great Expectations is needed for these only, and imported when a suite has one. It reports; it does not say which rows
fail. So such an expectation routes no rows: if it is critical and not met, the publish is refused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from expectations.suite import Expectation

if TYPE_CHECKING:
    from expectations.validation_result import ResultFormat


def require_valid(expectation: Expectation) -> None:
    """Raise ValueError if Great Expectations does not take an expectation's arguments."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        ExpectationConfiguration(expectation.type, dict(expectation.kwargs)).to_domain_obj()
    except (GreatExpectationsError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"Great Expectations does not take {expectation.arguments}: {reason}") from error


def validate_with_gx(
    rows: DataFrame, expectations: Sequence[Expectation], *, result_format: ResultFormat
) -> dict[str, dict[str, Any]]:
    """Have Great Expectations judge rows, in Spark jobs of its own; return its results by the expectations' ids.

    What Great Expectations raises is in the result, as it is in Great Expectations.
    """
    if not expectations:
        return {}
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context.types.base import ProgressBarsConfig

    entries = [
        {"type": item.type, "kwargs": dict(item.kwargs), "meta": {"number": number}, "severity": item.severity}
        for number, item in enumerate(expectations)
    ]
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # The rows are on disk: caching them would cost more than reading them again.
    asset = context.data_sources.add_spark("rows", persist=False).add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": rows})
    suite = ExpectationSuite(name="handed over", expectations=entries)
    outcome: Any = batch.validate(suite, result_format=result_format.as_great_expectations())
    judged_by = {"judged_by": f"Great Expectations {great_expectations.__version__}"}
    results = {}
    for found in outcome.to_json_dict()["results"]:
        expectation = expectations[found["expectation_config"]["meta"]["number"]]
        results[expectation.id] = found | {"expectation_config": expectation.to_json_dict(), "meta": judged_by}
    return results
