"""The hand-written queries that the chains are measured against give the same rows, by the same operators."""

from __future__ import annotations

import pytest

from benchmarks.transforms import CHAINS, by_sql, operators, raw_rows
from transforms.datasets.contact_centre import build_calls


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_gives_what_its_query_gives_by_the_same_operators(spark, tmp_path, name):
    chain = CHAINS[name]
    raw_rows(spark, rows=2000).write.parquet(str(tmp_path / "raw"))
    rows = spark.read.parquet(str(tmp_path / "raw"))
    if chain.source == "calls":
        build_calls(rows).write.parquet(str(tmp_path / "calls"))
        rows = spark.read.parquet(str(tmp_path / "calls"))
    ours, theirs = chain.build(rows), by_sql(spark, chain, rows)
    assert ours.dtypes == theirs.dtypes
    assert ours.count() > 10
    assert ours.exceptAll(theirs).collect() == theirs.exceptAll(ours).collect() == []
    assert operators(ours) == operators(theirs)
    assert operators(ours)["Exchange"] == (1 if chain.source == "raw" else 2)


def test_an_operator_more_would_be_seen(spark):
    rows = spark.range(3)
    assert operators(rows.repartition(2)) != operators(rows)
