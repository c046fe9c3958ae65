"""Parse numbers in text."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast
from transforms.lossless import lossless
from transforms.sql import quoted


@lossless
def parse_whole_number(column: str) -> Column:
    """Parse a whole number from 0 to 999,999,999 as an int, in any form that JSON allows: `42`, `42.0` or `4.2e1`.

    Blanks around the number are ignored. All other text gives null, also text with a minus sign.

    >>> read = spark.createDataFrame([("42.0",), ("-3",), ("0.5",)], "n string").select(parse_whole_number("n"))
    >>> [row[0] for row in read.collect()]
    [42, None, None]
    """
    text, nine_digits = F.col(quoted(column)), T.DecimalType(9, 0)
    number = cast(quoted(column), source_type=T.StringType(), target_type=nine_digits, where="parse_whole_number")
    # Nearly all texts are empty or have only digits. The check for digits takes a fraction of the time of a cast.
    is_short = text.rlike(r"\A[0-9]{1,9}\z")
    return F.when(is_short, text.cast("int")).when((text != "") & ~text.contains("-"), number.cast("int"))
