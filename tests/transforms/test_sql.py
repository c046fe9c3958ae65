from __future__ import annotations

from transforms.sql import literal, quoted


def test_spark_reads_quoted_names_and_literals_unchanged(spark):
    texts = ["a.b", "a`b", "`", "it's", "\\", "\\n", "\n", '"', "é😀", "\\'", "%"]
    row = spark.createDataFrame([tuple(range(len(texts)))], texts)
    names = row.selectExpr(*(f"{quoted(text)} AS {quoted(text + '.')}" for text in texts))
    assert names.columns == [f"{text}." for text in texts]
    assert names.first() == tuple(range(len(texts)))
    texts.append("${spark.app.name}")
    assert row.selectExpr(*map(literal, texts)).first() == tuple(texts)
