"""Let Great Expectations validate the expectations that the gate cannot compile. GX reads only the rows to publish.

If the gate can compile every expectation of a suite, GX is not imported. The results of GX do not say which rows fail.
So an expectation that GX validates sends no rows to quarantine. If a critical expectation is not met, nothing is
published.
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
    """Raise ValueError if the expectation's arguments are not valid in Great Expectations."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        ExpectationConfiguration(expectation.type, dict(expectation.kwargs)).to_domain_obj()
    except (GreatExpectationsError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"Great Expectations rejects the arguments {expectation.arguments}: {reason}") from error


def validate_with_gx(
    rows: DataFrame, expectations: Sequence[Expectation], *, result_format: ResultFormat
) -> dict[str, dict[str, Any]]:
    """Validate rows with Great Expectations in separate Spark jobs. Map each expectation id to the result.

    If an expectation raises an exception, the result of this expectation records the exception.
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
    # Do not cache the rows. The rows are already on disk, and another read of the rows costs less than a cache.
    asset = context.data_sources.add_spark("rows", persist=False).add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": rows})
    suite = ExpectationSuite(name="delegated", expectations=entries)
    validation: Any = batch.validate(suite, result_format=result_format.to_gx())
    meta = {"judged_by": f"Great Expectations {great_expectations.__version__}"}
    results = {}
    for result in validation.to_json_dict()["results"]:
        expectation = expectations[result["expectation_config"]["meta"]["number"]]
        results[expectation.id] = result | {"expectation_config": expectation.to_json_dict(), "meta": meta}
    return results
