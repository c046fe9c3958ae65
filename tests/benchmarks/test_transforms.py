"""Each benchmarked chain returns the same rows as its hand-written query, and both plans have the same operators."""

from __future__ import annotations

import pytest

from benchmarks.transforms import CHAINS, count_operators, generate_raw_rows, run_sql
from transforms.candidates import build_candidates
from transforms.datasets.contact_centre import DATASET


@pytest.mark.parametrize("name", CHAINS)
def test_chain_and_sql_query_have_equal_rows_and_operators(spark, tmp_path, name):
    chain = CHAINS[name]
    generate_raw_rows(spark, rows=2000).write.parquet(str(tmp_path / "raw"))
    rows = spark.read.parquet(str(tmp_path / "raw"))
    if chain.source == "calls":
        build_candidates(rows, dataset=DATASET).write.parquet(str(tmp_path / "calls"))
        rows = spark.read.parquet(str(tmp_path / "calls"))
    chain_rows, query_rows = chain.build(rows), run_sql(spark, chain, rows)
    assert chain_rows.dtypes == query_rows.dtypes
    assert chain_rows.count() > 10
    assert chain_rows.exceptAll(query_rows).collect() == query_rows.exceptAll(chain_rows).collect() == []
    assert count_operators(chain_rows) == count_operators(query_rows)
    assert count_operators(chain_rows)["Exchange"] == (1 if chain.source == "raw" else 2)


def test_additional_operator_changes_the_operator_count(spark):
    rows = spark.range(3)
    assert count_operators(rows.repartition(2)) != count_operators(rows)
