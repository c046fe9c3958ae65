from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame

from expectations.gate import Gate, compile_gate
from expectations.suite import parse_suite

os.environ["GX_ANALYTICS_ENABLED"] = "false"


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., dict[str, Any]]:
    """Return a function that makes an expectation as a JSON object. `type_` is the type without `expect_`."""

    def make(type_: str, /, id_: str | None = None, *, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
        return {"type": f"expect_{type_}", "kwargs": kwargs, "id": id_, "severity": severity}

    return make


@pytest.fixture(scope="session")
def make_gate() -> Callable[..., Gate]:
    """Return a function that compiles expectations for rows. An expectation without an id gets its position as id."""

    def make(rows: DataFrame, *entries: dict[str, Any]) -> Gate:
        named = [entry | {"id": entry.get("id") or str(number)} for number, entry in enumerate(entries)]
        suite = parse_suite(json.dumps({"name": "calls", "expectations": named}), where="calls.json")
        return compile_gate(rows, suite=suite)

    return make


@pytest.fixture(scope="session")
def validate_with_gx() -> Callable[..., list[dict[str, Any]]]:
    """Return a function that validates a frame with Great Expectations. The results are in the order of the entries."""
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
        # GX sorts results by column and accepts only UUIDs as ids. Therefore, a number in `meta` identifies each entry.
        numbered = [entry | {"id": None, "meta": {"number": number}} for number, entry in enumerate(entries)]
        suite = ExpectationSuite(**json.loads(json.dumps({"name": "frames", "expectations": numbered})))
        results = batch.validate(suite, result_format=result_format).to_json_dict()["results"]
        return sorted(results, key=lambda item: item["expectation_config"]["meta"]["number"])

    return validate
