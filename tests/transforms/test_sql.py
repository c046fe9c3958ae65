from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.sql import literal, quoted


@given(name=st.text(alphabet="ab`. ", min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_quoted_name_is_read_as_that_name(name):
    inside = quoted(name)[1:-1]
    assert quoted(name).startswith("`")
    assert quoted(name).endswith("`")
    assert inside.replace("``", "") == name.replace("`", "")
    assert inside.count("`") == 2 * name.count("`")


def test_spark_reads_quoted_names_and_literals_as_what_they_say(spark):
    texts = ["a.b", "a`b", "`", "it's", "\\", "\\n", "\n", '"', "é😀", "\\'", "%"]
    row = spark.createDataFrame([tuple(range(len(texts)))], texts)
    names = row.selectExpr(*(f"{quoted(text)} AS {quoted(text + '.')}" for text in texts))
    assert names.columns == [f"{text}." for text in texts]
    assert names.first() == tuple(range(len(texts)))
    texts.append("${spark.app.name}")
    assert row.selectExpr(*map(literal, texts)).first() == tuple(texts)
