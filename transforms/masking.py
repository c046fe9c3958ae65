"""Mask sensitive columns. A policy assigns a masking action and a reason to each sensitive column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast, utc_wall_clock
from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.geo import grid_line
from transforms.names import require_columns, require_distinct
from transforms.schema import CAST_FAILURES, CAST_WARNINGS
from transforms.sql import quoted

REDACTED = "*****"
_INNER_PAD, _OUTER_PAD = "__masking_inner", "__masking_outer"
_HMAC_BLOCK_BYTES, _MIN_KEY_BYTES = 64, 32


@dataclass(frozen=True)
class MaskingRule:
    """The masking action of one sensitive column, and the reason.

    Attributes:
        column: The sensitive column.
        action: A masking function of this module, a custom function, or `drop` to drop the column. Use `partial` to set
            options, as in `partial(partial_redact, right=4)`. A custom function receives the value as text.
        reason: Why the column is masked.
    """

    column: str
    action: Callable[[Column], Column] | Literal["drop"]
    reason: str


def mask(
    rows: DataFrame,
    *,
    policy: Sequence[MaskingRule],
    key: bytes | None = None,
    visible_failure_columns: Sequence[str] = (),
) -> DataFrame:
    """Mask or drop the columns of a policy.

    Rows: all kept. Null stays null with every action.

    Columns: the columns of the policy are masked in place or dropped. All other columns are unchanged, except
    `_cast_failures` and `_cast_warnings`. In these two reports, the original values are redacted, except values of
    `visible_failure_columns`. If a column was renamed after the cast, the reports still have its earlier name, so write
    the earlier name in `visible_failure_columns`. The actions `redact`, `partial_redact`, `sha256_hash` and
    `keyed_hash` return text, and convert a timestamp to text in UTC. To mask a field of a struct, call `flatten` first.
    Columns that were derived before the masking, such as a `uuid`, are not masked.

    `key` is the secret for `keyed_hash`. The key must have 32 bytes or more and should come from a secret store. The
    key is joined to the rows as a frame with one row, so the key does not appear in query plans, logs or events. The
    join starts one small Spark job. Give other users only the written table, not the masked frame, because the key can
    be read from the frame.

    >>> from functools import partial
    >>> students = spark.createDataFrame([("Ann", "604 555 0123"), (None, None)], "name string, phone string")
    >>> last_two = partial(partial_redact, right=2)
    >>> policy = [MaskingRule("name", redact, "identifies"), MaskingRule("phone", last_two, "identifies")]
    >>> students.transform(mask, policy=policy).collect()
    [Row(name='*****', phone='**********23'), Row(name=None, phone=None)]

    Raises:
        MissingColumnError: A column of the policy is not in the frame. Without this error, a renamed column would
            not be masked.
        DuplicateColumnError: The policy has two rules for one column.
        SchemaMismatchError: An action does not support the column's type.
        ArgumentError: The key of `keyed_hash` is missing, too short or not bytes. This error is also raised if an
            action is neither a function nor `drop`, or if `visible_failure_columns` contains a column of the policy.
    """
    policy = tuple(policy)
    sensitive = [rule.column for rule in policy]
    require_columns(rows, sensitive, where="mask")
    require_distinct(sensitive, where="mask")
    require_distinct(rows.columns, where="mask")
    if exposed := set(sensitive).intersection(visible_failure_columns):
        expected = "columns that are not in the policy"
        raise ArgumentError(where="mask", argument="visible_failure_columns", got=sorted(exposed), expected=expected)
    actions = {rule.column: rule.action for rule in policy}
    for rule in policy:
        if rule.action != "drop" and not callable(rule.action):
            argument, expected = f"the action for {rule.column!r}", "'drop' or a function of transforms.masking"
            raise ArgumentError(where="mask", argument=argument, got=rule.action, expected=expected)
    needs_key = any(_INNER_PAD in str(action(F.lit(""))) for action in actions.values() if action != "drop")
    if (needs_key or key is not None) and not (isinstance(key, bytes) and len(key) >= _MIN_KEY_BYTES):
        got = f"{len(key or b'')} {'bytes' if isinstance(key or b'', bytes) else 'characters'}"
        raise ArgumentError(
            where="mask", argument="key", got=got, expected=f"{_MIN_KEY_BYTES} bytes or more, for keyed_hash"
        )
    columns = []
    for name in rows.columns:
        action = actions.get(name)
        if name in (CAST_FAILURES, CAST_WARNINGS) and name not in actions and policy:
            columns.append(_redact_report(name, visible_failure_columns))
        elif action is None:
            columns.append(F.col(quoted(name)))
        elif action != "drop":
            columns.append(_mask_column(rows, name, action))
    return (rows if key is None else _join_key(rows, key)).select(*columns)


def redact(value: Column, *, text: str = REDACTED) -> Column:
    """Replace every value by the same text. Null stays null. Replaces Glue's REDACT.

    >>> students = spark.createDataFrame([("Ann",), (None,)], "name string")
    >>> [row[0] for row in students.select(redact(F.col("name"))).collect()]
    ['*****', None]
    """
    return F.when(value.isNotNull(), F.lit(text))


def partial_redact(value: Column, *, left: int = 0, right: int = 0, char: str = "*") -> Column:
    """Replace the characters of a text by `char`, except at the left and right ends. Replaces Glue's PARTIAL_REDACT.

    `left` and `right` are the numbers of characters to keep. If `left` and `right` cover the whole text, all characters
    of the text are replaced. The length of the text stays visible. Use `redact` to hide the length.

    >>> students = spark.createDataFrame([("V5K 0A1",), ("V5K",)], "postcode string")
    >>> [row[0] for row in students.select(partial_redact(F.col("postcode"), left=3)).collect()]
    ['V5K****', '***']

    Raises:
        ArgumentError: `left` or `right` is negative, or `char` is not one character.
    """
    if min(left, right) < 0 or len(char) != 1:
        expected = "0 or more for left and right, and one character for char"
        raise ArgumentError(
            where="partial_redact", argument="(left, right, char)", got=(left, right, char), expected=expected
        )
    text = value.cast("string")
    length, visible = F.length(text), left + right

    def repeat_char(count: Column) -> Column:
        return F.call_function("repeat", F.lit(char), count)

    partly = F.concat(F.substring(text, 1, left), repeat_char(length - visible), F.right(text, F.lit(right)))
    return F.when(length > visible, partly).otherwise(repeat_char(length))


def sha256_hash(value: Column) -> Column:
    """Return the SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits. Replaces Glue's SHA256_HASH.

    Use this action only for compatibility with hashes from Glue. The hash does not protect values that can be guessed.
    For example, anyone can hash all numbers of nine digits and compare the hashes. Use `keyed_hash` for such values.

    >>> spark.createDataFrame([("abc",)], "name string").select(sha256_hash(F.col("name"))).first()[0][:16]
    'ba7816bf8f01cfea'

    Source: FIPS 180-4; AWS Glue, EntityDetector, SHA256_HASH.
    """
    return F.sha2(value.cast("string"), 256)


def keyed_hash(value: Column) -> Column:
    """Return the HMAC-SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits. The key is the `key` of `mask`.

    With the same key, a value has the same pseudonym in every table. Without the key, nobody can find a value by trying
    candidates. The text "7" and the number 7 of any integer type have the same pseudonym. The number 7.0 has a
    different pseudonym, because its text is different. This action works only within `mask`, which provides the key.

    >>> students = spark.createDataFrame([("Ann",), ("Ann",), (None,)], "name string")
    >>> policy = [MaskingRule("name", keyed_hash, "identifies")]
    >>> masked = students.transform(mask, policy=policy, key=b"32 bytes or more, from a secret store")
    >>> [row.name and row.name[:8] for row in masked.collect()]
    ['779fb623', '779fb623', None]

    Source: RFC 2104; FIPS 198-1.
    """
    message = value.cast("string").cast("binary")
    inner = F.unhex(F.sha2(F.concat(F.col(_INNER_PAD), message), 256))
    return F.sha2(F.concat(F.col(_OUTER_PAD), inner), 256)


def nullify(value: Column) -> Column:
    """Return a null of the value's type.

    >>> students = spark.createDataFrame([(7,)], "n int")
    >>> students.select(nullify(F.col("n")).alias("n")).collect()
    [Row(n=None)]
    """
    return F.when(F.lit(False), value)


def generalize_year(value: Column) -> Column:
    """Return the year of a date or timestamp as an int, for example the year of birth.

    >>> students = spark.sql("SELECT date'1999-05-06' AS born")
    >>> students.select(generalize_year(F.col("born"))).first()[0]
    1999
    """
    # `F.year` would cast text, and the error message of a failed cast would show the sensitive value.
    text = value.cast("string")
    return F.when(text.rlike(r"\A[0-9]{4}-"), F.substring(text, 1, 4).cast("int"))


def generalize_prefix(value: Column, *, length: int) -> Column:
    """Return the first `length` characters of a text, for example the area of a postcode. A shorter text is unchanged.

    >>> students = spark.createDataFrame([("V5K 0A1",)], "postcode string")
    >>> students.select(generalize_prefix(F.col("postcode"), length=3)).first()[0]
    'V5K'

    Raises:
        ArgumentError: `length` is less than 1.
    """
    if length < 1:
        raise ArgumentError(where="generalize_prefix", argument="length", got=length, expected="1 or more")
    return F.substring(value, 1, length)


def generalize_coordinate(value: Column, *, degrees: float = 0.01) -> Column:
    """Return the nearest grid line west of a longitude or south of a latitude, as a decimal in degrees.

    >>> cases = spark.createDataFrame([(39.7392,)], "lat double")
    >>> str(cases.select(generalize_coordinate(F.col("lat"))).first()[0])
    '39.73'

    Raises:
        ArgumentError: As in `grid_cell`.
    """
    return grid_line(value, degrees=degrees)


_EXACT_TYPES = (T.StringType, T.IntegralType, T.DecimalType, T.BooleanType, T.BinaryType)
_DATETIME_TYPES = (T.DateType, T.TimestampType, T.TimestampNTZType)
_SUPPORTED_TYPES: dict[object, tuple[type[T.DataType], ...]] = {
    partial_redact: (*_EXACT_TYPES, *_DATETIME_TYPES),
    sha256_hash: (*_EXACT_TYPES, *_DATETIME_TYPES),
    keyed_hash: (*_EXACT_TYPES, *_DATETIME_TYPES),
    generalize_year: _DATETIME_TYPES,
    generalize_prefix: (T.StringType,),
    generalize_coordinate: (T.NumericType,),
}
_TYPED_ACTIONS = (nullify, generalize_year, generalize_prefix, generalize_coordinate)


def _unwrap_partial(action: Callable[[Column], Column]) -> object:
    return getattr(action, "func", action)


def _mask_column(rows: DataFrame, name: str, action: Callable[[Column], Column]) -> Column:
    type_, function, value = rows.schema[name].dataType, _unwrap_partial(action), F.col(quoted(name))
    if not isinstance(type_, _SUPPORTED_TYPES.get(function, T.DataType)):
        raise SchemaMismatchError(
            where=f"mask: column {name!r}",
            got=f"the type {type_.simpleString()}",
            expected=f"one of {[kind.typeName() for kind in _SUPPORTED_TYPES[function]]} for this action",
            hint="Convert the column with change_schema first, or choose another action.",
        )
    if function not in _TYPED_ACTIONS:
        value = cast(quoted(name), source_type=type_, target_type=T.StringType(), where="mask")
    elif function is generalize_year and isinstance(type_, T.TimestampType):
        value = utc_wall_clock(value)
    return action(value).alias(name)


def _redact_report(name: str, visible_columns: Sequence[str]) -> Column:
    """Redact the values in a report of cast failures, except values of `visible_columns`.

    Malformed records are always redacted.
    """

    def redact_failure(failure: Column) -> Column:
        is_visible = failure["column"].isin(*visible_columns) & (failure["expected"] != "record")
        return failure.withField("value", F.when(is_visible, failure["value"]).otherwise(REDACTED))

    # `F.transform` is slow, because Spark does not compile lambda functions. Rows without a report skip `F.transform`.
    return F.when(F.col(name).isNotNull(), F.transform(name, redact_failure)).alias(name)


def _join_key(rows: DataFrame, key: bytes) -> DataFrame:
    block = (hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK_BYTES else key).ljust(_HMAC_BLOCK_BYTES, b"\0")
    pads = tuple(bytearray(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    keys = rows.sparkSession.createDataFrame([pads], f"{_INNER_PAD} binary, {_OUTER_PAD} binary")
    require_distinct([*rows.columns, *keys.columns], where="mask")
    return rows.crossJoin(F.broadcast(keys))
