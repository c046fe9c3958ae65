"""Sensitive columns made harmless: masking actions, and a policy that says which column gets which, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast, wall_clock
from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.geo import grid_line
from transforms.names import require_columns, require_distinct
from transforms.schema import CAST_FAILURES, CAST_WARNINGS
from transforms.sql import quoted

REDACTED = "*****"
_INNER, _OUTER = "__masking_inner", "__masking_outer"
_BLOCK, _LEAST_KEY = 64, 32


@dataclass(frozen=True)
class MaskingRule:
    """The masking of one sensitive column.

    Attributes:
        column: The column.
        action: One of the actions of this module, with its options if it has any (`partial(partial_redact, right=4)`),
            or `drop`: the column goes. A function of your own is given the value as text.
        reason: Why, for whoever asks.
    """

    column: str
    action: Callable[[Column], Column] | Literal["drop"]
    reason: str


def mask(
    rows: DataFrame, *, policy: Sequence[MaskingRule], key: bytes | None = None, show_failures_of: Sequence[str] = ()
) -> DataFrame:
    """Mask the columns of a policy, and drop those that it drops.

    Rows: all kept. A null stays null, whatever the action.

    Columns: those of the policy masked where they stand; the others unchanged. Text actions (`redact`,
    `partial_redact`, `sha256_hash`, `keyed_hash`) make text, of a time in UTC. What the cells said is in
    `_cast_failures` and `_cast_warnings` too, under the names of that time: it is redacted there, but for the names in
    `show_failures_of`.
    Of structs there are no parts to mask: `flatten` first. What was made of a column before, a `uuid` for instance,
    stays.

    `key` is for `keyed_hash`, from a secret store: bytes, 32 or more. It is joined to the rows from a frame of one row,
    so that no query plan, log or event has it in it; that takes Spark one small job more. Hand on what was written, not
    the frame: whoever has a frame can ask Spark for what it is made from.

    >>> from functools import partial
    >>> students = spark.createDataFrame([("Ann", "604 555 0123"), (None, None)], "name string, phone string")
    >>> last_two = partial(partial_redact, right=2)
    >>> policy = [MaskingRule("name", redact, "identifies"), MaskingRule("phone", last_two, "identifies")]
    >>> students.transform(mask, policy=policy).collect()
    [Row(name='*****', phone='**********23'), Row(name=None, phone=None)]

    Raises:
        MissingColumnError: A column of the policy is not in the frame: what was renamed would go unmasked.
        DuplicateColumnError: A column has two actions.
        SchemaMismatchError: An action cannot work on the column's type.
        ArgumentError: There is no key for `keyed_hash`, or it is too short or no bytes; an action is no function; the
            failures of a masked column would be shown.
    """
    policy = tuple(policy)
    named = [each.column for each in policy]
    require_columns(rows, named, where="mask")
    require_distinct(named, where="mask")
    require_distinct(rows.columns, where="mask")
    if hidden := set(named).intersection(show_failures_of):
        expected = "columns that the policy does not name"
        raise ArgumentError(where="mask", argument="show_failures_of", got=sorted(hidden), expected=expected)
    actions = {each.column: each.action for each in policy}
    for each in policy:
        if each.action != "drop" and not callable(each.action):
            argument, expected = f"the action for {each.column!r}", "'drop', or a function of transforms.masking"
            raise ArgumentError(where="mask", argument=argument, got=each.action, expected=expected)
    keyed = any(_INNER in str(action(F.lit(""))) for action in actions.values() if action != "drop")
    if (keyed or key is not None) and not (isinstance(key, bytes) and len(key) >= _LEAST_KEY):
        got = f"{len(key or b'')} {'bytes' if isinstance(key or b'', bytes) else 'characters'}"
        raise ArgumentError(
            where="mask", argument="key", got=got, expected=f"{_LEAST_KEY} bytes or more, for keyed_hash"
        )
    columns = []
    for name in rows.columns:
        action = actions.get(name)
        if name in (CAST_FAILURES, CAST_WARNINGS) and name not in actions and policy:
            columns.append(_reported(name, show_failures_of))
        elif action is None:
            columns.append(F.col(quoted(name)))
        elif action != "drop":
            columns.append(_masked(rows, name, action))
    return (rows if key is None else _with_key(rows, key)).select(*columns)


def redact(value: Column, *, text: str = REDACTED) -> Column:
    """Return the same text for every value; null stays null. Glue's REDACT.

    >>> students = spark.createDataFrame([("Ann",), (None,)], "name string")
    >>> [row[0] for row in students.select(redact(F.col("name"))).collect()]
    ['*****', None]
    """
    return F.when(value.isNotNull(), F.lit(text))


def partial_redact(value: Column, *, left: int = 0, right: int = 0, char: str = "*") -> Column:
    """Keep so many characters on the left and the right, and hide each other one. Glue's PARTIAL_REDACT.

    A text of which that would hide nothing is hidden whole. The length stays: hide it with `redact`.

    >>> students = spark.createDataFrame([("V5K 0A1",), ("V5K",)], "postcode string")
    >>> [row[0] for row in students.select(partial_redact(F.col("postcode"), left=3)).collect()]
    ['V5K****', '***']

    Raises:
        ArgumentError: Less than no characters are kept, or what hides one is not one character.
    """
    if min(left, right) < 0 or len(char) != 1:
        expected = "left and right 0 or more, char one character"
        raise ArgumentError(where="partial_redact", argument="its options", got=(left, right, char), expected=expected)
    text = value.cast("string")
    length, most = F.length(text), left + right

    def hidden(count: Column) -> Column:
        return F.call_function("repeat", F.lit(char), count)

    partly = F.concat(F.substring(text, 1, left), hidden(length - most), F.right(text, F.lit(right)))
    return F.when(length > most, partly).otherwise(hidden(length))


def sha256_hash(value: Column) -> Column:
    """Return the SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits. Glue's SHA256_HASH.

    For compatibility with what Glue has hashed. It hides nothing that can be guessed: whoever tries all numbers of nine
    digits finds each again. `keyed_hash` is for that.

    >>> spark.createDataFrame([("abc",)], "name string").select(sha256_hash(F.col("name"))).first()[0][:16]
    'ba7816bf8f01cfea'

    Source: FIPS 180-4; AWS Glue, EntityDetector, SHA256_HASH.
    """
    return F.sha2(value.cast("string"), 256)


def keyed_hash(value: Column) -> Column:
    """Return the HMAC-SHA-256 of a text's UTF-8 bytes under the key of `mask`, as 64 hexadecimal digits.

    The same value gets the same pseudonym in every table, and without the key nobody can try values. The same is what
    is written the same: 7 as text and as a number of any whole type, but not 7.0. Works within `mask` only, which
    brings the key.

    >>> students = spark.createDataFrame([("Ann",), ("Ann",), (None,)], "name string")
    >>> policy = [MaskingRule("name", keyed_hash, "identifies")]
    >>> masked = students.transform(mask, policy=policy, key=b"32 bytes or more, from a secret store")
    >>> [row.name and row.name[:8] for row in masked.collect()]
    ['779fb623', '779fb623', None]

    Source: RFC 2104; FIPS 198-1.
    """
    message = value.cast("string").cast("binary")
    inner = F.unhex(F.sha2(F.concat(F.col(_INNER), message), 256))
    return F.sha2(F.concat(F.col(_OUTER), inner), 256)


def nullify(value: Column) -> Column:
    """Return null, of the value's type.

    >>> students = spark.createDataFrame([(7,)], "n int")
    >>> students.select(nullify(F.col("n")).alias("n")).collect()
    [Row(n=None)]
    """
    return F.when(F.lit(False), value)


def generalize_year(value: Column) -> Column:
    """Return the year of a day or time, an int: of a date of birth.

    >>> students = spark.sql("SELECT date'1999-05-06' AS born")
    >>> students.select(generalize_year(F.col("born"))).first()[0]
    1999
    """
    # Not F.year, which would cast text, and fail with what it says.
    text = value.cast("string")
    return F.when(text.rlike(r"\A[0-9]{4}-"), F.substring(text, 1, 4).cast("int"))


def generalize_prefix(value: Column, *, keep: int) -> Column:
    """Return the first characters of a text: of a postcode its area. A shorter text stays whole.

    >>> students = spark.createDataFrame([("V5K 0A1",)], "postcode string")
    >>> students.select(generalize_prefix(F.col("postcode"), keep=3)).first()[0]
    'V5K'

    Raises:
        ArgumentError: Less than one character is kept.
    """
    if keep < 1:
        raise ArgumentError(where="generalize_prefix", argument="keep", got=keep, expected="1 or more")
    return F.substring(value, 1, keep)


def generalize_coordinate(value: Column, *, degrees: float = 0.01) -> Column:
    """Return a longitude or latitude as the line of a grid to its west or south, in degrees, a decimal.

    >>> cases = spark.createDataFrame([(39.7392,)], "lat double")
    >>> str(cases.select(generalize_coordinate(F.col("lat"))).first()[0])
    '39.73'

    Raises:
        ArgumentError: As `grid_cell`.
    """
    return grid_line(value, degrees=degrees)


_WRITTEN_ONE_WAY = (T.StringType, T.IntegralType, T.DecimalType, T.BooleanType, T.BinaryType)
_DAYS_AND_TIMES = (T.DateType, T.TimestampType, T.TimestampNTZType)
_WORKS_ON: dict[object, tuple[type[T.DataType], ...]] = {
    partial_redact: (*_WRITTEN_ONE_WAY, *_DAYS_AND_TIMES),
    sha256_hash: (*_WRITTEN_ONE_WAY, *_DAYS_AND_TIMES),
    keyed_hash: (*_WRITTEN_ONE_WAY, *_DAYS_AND_TIMES),
    generalize_year: _DAYS_AND_TIMES,
    generalize_prefix: (T.StringType,),
    generalize_coordinate: (T.NumericType,),
}
_OF_ITS_TYPE = (nullify, generalize_year, generalize_prefix, generalize_coordinate)


def _function(action: Callable[[Column], Column]) -> object:
    return getattr(action, "func", action)


def _masked(rows: DataFrame, name: str, action: Callable[[Column], Column]) -> Column:
    type_, function, value = rows.schema[name].dataType, _function(action), F.col(quoted(name))
    if not isinstance(type_, _WORKS_ON.get(function, T.DataType)):
        raise SchemaMismatchError(
            where=f"mask: column {name!r}",
            got=f"the type {type_.simpleString()}",
            expected=f"one of {[kind.typeName() for kind in _WORKS_ON[function]]}, for its action",
            hint="Read it as that type with change_schema first, or choose another action.",
        )
    if function not in _OF_ITS_TYPE:
        value = cast(quoted(name), source_type=type_, target_type=T.StringType(), where="mask")
    elif function is generalize_year and isinstance(type_, T.TimestampType):
        value = wall_clock(value)
    return action(value).alias(name)


def _reported(name: str, shown: Sequence[str]) -> Column:
    """Return a report of unread cells with the values of the columns `shown` only: no others, no whole records."""

    def with_value(failure: Column) -> Column:
        open_to_all = failure["column"].isin(*shown) & (failure["expected"] != "record")
        return failure.withField("value", F.when(open_to_all, failure["value"]).otherwise(REDACTED))

    # Spark interprets what is within a function with a lambda: of most rows there is no report to go through.
    return F.when(F.col(name).isNotNull(), F.transform(name, with_value)).alias(name)


def _with_key(rows: DataFrame, key: bytes) -> DataFrame:
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    pads = tuple(bytearray(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    keys = rows.sparkSession.createDataFrame([pads], f"{_INNER} binary, {_OUTER} binary")
    require_distinct([*rows.columns, *keys.columns], where="mask")
    return rows.crossJoin(F.broadcast(keys))
