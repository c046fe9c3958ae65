from functools import partial

from pyspark.sql import functions as F

from transforms.dates import parse_date
from transforms.lossless import is_lossless, lossless


def test_only_marked_functions_are_lossless() -> None:
    def parse_year(column):
        return F.year(column)

    assert not is_lossless(parse_year)
    assert not is_lossless(partial(parse_year))
    assert lossless(parse_year) is parse_year
    assert is_lossless(parse_year)


def test_a_partial_of_a_lossless_function_is_lossless() -> None:
    assert is_lossless(partial(partial(parse_date, date_system="system")))
    assert not is_lossless(lambda column: parse_date(column))
