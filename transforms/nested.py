"""Convert structs, arrays, maps and JSON to columns and rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_

from pyspark.errors import ParseException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted


def flatten(rows: DataFrame, *, separator: str = "_") -> DataFrame:
    """Replace each struct, at any depth, by one column for each of its fields. Replaces Glue Studio's Flatten.

    Rows: unchanged. If a struct is null, its new columns are null.

    Columns: the order of the columns is kept. The name of a new column is the name of the struct and the name of the
    field, joined by `separator`. Arrays and maps are unchanged. Use `explode` to convert array elements or map entries
    to rows.

    >>> cases = spark.sql("SELECT 1 AS id, named_struct('lat', 39.7D, 'box', named_struct('n', 2)) AS place")
    >>> cases.transform(flatten).collect()
    [Row(id=1, place_lat=39.7, place_box_n=2)]

    Raises:
        DuplicateColumnError: Two columns have or would have the same name. Use another separator, or rename a column.

    Source: AWS Glue Studio, the Flatten transform.
    """
    require_distinct(rows.columns, where="flatten")
    members = [
        (separator.join(path), F.col(".".join(map(quoted, path))))
        for field in rows.schema
        for path in _list_leaves(field.dataType, (field.name,))
    ]
    require_distinct([name for name, _ in members], where="flatten")
    return rows.select(*(member.alias(name) for name, member in members))


def explode(
    rows: DataFrame, *, column: str, names: Sequence[str] | None = None, position_column: str | None = None
) -> DataFrame:
    """Make a row for each array element or map entry. Replaces Glue Studio's Explode Array Or Map Into Rows.

    Rows: each row becomes one row for each element or entry. A row whose array or map is null or empty is kept with
    nulls in the new columns.

    Columns: an array is replaced by a column of the same name. A map is replaced by the columns `key` and `value`.
    `names` gives the new columns other names. If `position_column` is given, a column with this name is also added.
    This column has the position of the element or entry, starting at 0.

    >>> cases = spark.createDataFrame([(1, ["a", "b"]), (2, None)], "id int, tags array<string>")
    >>> cases.transform(explode, column="tags", names=["tag"], position_column="n").collect()
    [Row(id=1, n=0, tag='a'), Row(id=1, n=1, tag='b'), Row(id=2, n=None, tag=None)]

    Raises:
        MissingColumnError: The column is not in the frame.
        SchemaMismatchError: The column is neither an array nor a map.
        ArgumentError: `names` does not have one name for an array, or two names for a map.
        DuplicateColumnError: Two columns would have the same name.

    Source: AWS Glue Studio, the Explode Array Or Map Into Rows transform.
    """
    require_columns(rows, [column], where="explode")
    type_ = rows.schema[column].dataType
    if not isinstance(type_, (T.ArrayType, T.MapType)):
        raise _build_type_error("explode", column, type_, "an array or a map")
    default_names = [column] if isinstance(type_, T.ArrayType) else ["key", "value"]
    element_names = default_names if names is None else [*names]
    if len(element_names) != len(default_names):
        expected = "one name for an array, or two names for a map: the first for its keys, the second for its values"
        raise ArgumentError(where="explode", argument="names", got=element_names, expected=expected)
    generate = F.posexplode_outer if position_column else F.explode_outer
    added = [*([position_column] if position_column else []), *element_names]
    require_distinct([*(name for name in rows.columns if name != column), *added], where="explode")
    exploded = generate(F.col(quoted(column))).alias(*added)
    return rows.select(*(exploded if name == column else F.col(quoted(name)) for name in rows.columns))


def array_to_columns(rows: DataFrame, *, column: str, names: Sequence[str]) -> DataFrame:
    """Copy the first elements of an array to columns. Replaces Glue Studio's Array To Columns.

    Rows: unchanged. Columns: all kept, including the array. Adds a column for each of `names`. A new column is null if
    the array is null or too short. The array can have more elements than `names`.

    >>> cases = spark.createDataFrame([([39.7, -105.0],), ([1.0],)], "at array<double>")
    >>> [row[1:] for row in cases.transform(array_to_columns, column="at", names=["lat", "lon"]).collect()]
    [(39.7, -105.0), (1.0, None)]

    Raises:
        MissingColumnError: The column is not in the frame.
        SchemaMismatchError: The column is not an array.
        DuplicateColumnError: Two columns would have the same name.

    Source: AWS Glue Studio, the Array To Columns transform.
    """
    require_columns(rows, [column], where="array_to_columns")
    type_ = rows.schema[column].dataType
    if not isinstance(type_, T.ArrayType):
        raise _build_type_error("array_to_columns", column, type_, "an array")
    require_distinct([*rows.columns, *names], where="array_to_columns")
    elements = F.col(quoted(column))
    return rows.select("*", *(F.get(elements, index).alias(name) for index, name in enumerate(names)))


def parse_json(column: str, *, ddl: str) -> Column:
    """Parse a JSON text column as a struct, array or map of the type `ddl`. Replaces Glue Studio's Parse JSON Column.

    The result is null if the text is not JSON, or if a value at any depth does not have the type that `ddl` gives. For
    example, "5" is not an int, and 1e400 is not a double. The result is also null if a map has a repeated key. If this
    function is the `parse` of a `Field`, `change_schema` reports these nulls. In contrast, Spark's `from_json` would
    parse as much as possible, and would ignore text after the first value.

    JSON fields that are not in `ddl` are dropped. Use a map to keep all fields. If a struct has a repeated field, the
    last value is used. If the type in `ddl` is double, a number becomes the nearest double. If the type in `ddl` is
    string, an integer is unchanged, and any other number becomes Java's text for the nearest double. For example,
    `1.50` becomes `1.5`.

    >>> cases = spark.createDataFrame([('{"lat": 39.7}',), ('{"lat": "x"}',), ("{} {}",)], "place string")
    >>> [row[0] for row in cases.select(parse_json("place", ddl="struct<lat: double>")).collect()]
    [Row(lat=39.7), None, None]

    Raises:
        ArgumentError: `ddl` is not a type, or `ddl` contains types other than string, int, bigint, double and boolean.
            Without this error, Spark would read 128 as the tinyint -128, 1.239 as the decimal 1.24, and "2024 junk" as
            a date. Spark would also read times in the session's time zone.

    Source: AWS Glue Studio, the Parse JSON Column transform.
    """
    type_ = _json_type(ddl)
    text = F.col(quoted(column))
    options = {"columnNameOfCorruptRecord": "corrupt", "mode": "PERMISSIVE"}
    wrapped = F.concat(F.lit('{"value":'), text, F.lit("}"))
    parsed = F.from_json(wrapped, T.StructType().add("value", type_).add("corrupt", T.StringType()), options)
    return F.when(is_json(text) & parsed["corrupt"].isNull() & _is_exact_value(parsed["value"], type_), parsed["value"])


def is_json(text: Column) -> Column:
    """Return whether a text is valid JSON (RFC 8259): one object, array, string, number, true, false or null.

    >>> cases = spark.createDataFrame([('{"a": 1}',), ("{'a': 1}",), ("1 2",), (None,)], "text string")
    >>> [row[0] for row in cases.select(is_json(F.col("text"))).collect()]
    [True, False, False, False]

    JSON that Spark cannot read gives false. Spark cannot read numbers of more than 1,000 digits, or values that are
    nested 1,000 levels deep. Spark 4 also cannot read field names of more than 50,000 characters.

    Source: RFC 8259.
    """
    # Each wrapper puts the text before the field `read`. Spark returns `read` only if the JSON before this field is
    # valid. Text such as `1, "x": 2` is valid only in the first wrapper. Text such as `1, 2` is valid only in the
    # second wrapper. So the text must be valid in both wrappers.
    wrappers = (('{"value":', ',"read":1}'), ('{"value":[', '],"read":1}'))
    strict = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
    markers = [
        F.from_json(F.concat(F.lit(prefix), text, F.lit(suffix)), "read int", strict)["read"]
        for prefix, suffix in wrappers
    ]
    # In a `\u` escape, Jackson (Spark's JSON parser) checks only the low byte of each character. So Jackson also
    # accepts some characters that are not hex digits.
    has_valid_escapes = ~text.rlike(r"(?<!\\)(?:\\\\)*\\u(?![0-9A-Fa-f]{4})")
    return F.coalesce((markers[0] == 1) & (markers[1] == 1) & has_valid_escapes, F.lit(False))


def _json_type(ddl: str) -> T.DataType:
    try:
        type_ = T._parse_datatype_string(ddl)
        if _is_exact_type(type_):
            return type_
    except ParseException:
        pass
    expected = (
        "string, int, bigint, double or boolean, or a struct, array or map<string, ...> of these types. Read "
        "decimals as double. Read values of all other types as string, and convert them with change_schema, parse_date "
        "or parse_timestamp"
    )
    raise ArgumentError(where="parse_json", argument="ddl", got=ddl, expected=expected)


def _is_exact_type(type_: T.DataType) -> bool:
    if isinstance(type_, T.StructType):
        return all(_is_exact_type(field.dataType) for field in type_)
    if isinstance(type_, T.ArrayType):
        return _is_exact_type(type_.elementType)
    if isinstance(type_, T.MapType):
        return isinstance(type_.keyType, T.StringType) and _is_exact_type(type_.valueType)
    return isinstance(type_, (T.StringType, T.IntegerType, T.LongType, T.DoubleType, T.BooleanType))


def _is_exact_value(value: Column, type_: T.DataType) -> Column:
    """Return false if a value contains an infinite double, NaN or a map with repeated keys. Null gives true."""
    exact = F.lit(True)
    if isinstance(type_, T.DoubleType):
        exact = F.abs(value) < float("inf")
    elif isinstance(type_, T.StructType):
        exact = reduce(and_, (_is_exact_value(value[field.name], field.dataType) for field in type_), exact)
    elif isinstance(type_, T.ArrayType) and _needs_value_check(type_):
        exact = F.forall(value, lambda element: _is_exact_value(element, type_.elementType))
    elif isinstance(type_, T.MapType):
        keys, values = F.map_keys(value), T.ArrayType(type_.valueType)
        exact = (F.size(F.array_distinct(keys)) == F.size(keys)) & _is_exact_value(F.map_values(value), values)
    return F.coalesce(exact, F.lit(True))


def _needs_value_check(type_: T.DataType) -> bool:
    return any(kind in type_.simpleString() for kind in ("double", "map<"))


def _list_leaves(type_: T.DataType, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(type_, T.StructType) or not type_.fields:
        yield path
        return
    for field in type_:
        yield from _list_leaves(field.dataType, (*path, field.name))


def _build_type_error(where: str, column: str, type_: T.DataType, expected: str) -> SchemaMismatchError:
    return SchemaMismatchError(
        where=f"{where}: column {column!r}",
        got=f"the type {type_.simpleString()}",
        expected=expected,
        hint="Convert the column with parse_json or Spark's split first.",
    )
