from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame

os.environ["GX_ANALYTICS_ENABLED"] = "false"


@pytest.fixture(scope="session")
def by_gx() -> Callable[..., list[dict[str, Any]]]:
    """Return a function that has Great Expectations judge a frame, and gives its results in the order asked."""
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("spark", persist=False).add_dataframe_asset("frames")
    batches = asset.add_batch_definition_whole_dataframe("whole")

    def validate(
        frame: DataFrame, entries: Sequence[dict[str, Any]], result_format: str | dict[str, Any] = "SUMMARY"
    ) -> list[dict[str, Any]]:
        batch = batches.get_batch({"dataframe": frame})
        # GX orders its results by column, and knows no text as an id.
        numbered = [entry | {"id": None, "meta": {"number": number}} for number, entry in enumerate(entries)]
        suite = ExpectationSuite(**json.loads(json.dumps({"name": "frames", "expectations": numbered})))
        found = batch.validate(suite, result_format=result_format).to_json_dict()["results"]
        return sorted(found, key=lambda item: item["expectation_config"]["meta"]["number"])

    return validate
