"""Structs, arrays, maps and JSON, to columns and rows."""

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
    """Replace each struct, at any depth, by a column for each of its members. Glue Studio's Flatten.

    Rows: unchanged. A null struct gives nulls.

    Columns: in their order; a member is named after the struct and itself, joined by `separator`. Arrays and maps stay
    as they are: `explode` makes rows of them.

    >>> cases = spark.sql("SELECT 1 AS id, named_struct('lat', 39.7D, 'box', named_struct('n', 2)) AS place")
    >>> cases.transform(flatten).collect()
    [Row(id=1, place_lat=39.7, place_box_n=2)]

    Raises:
        DuplicateColumnError: Two columns have one name, or would have. Give another separator, or rename.

    Source: AWS Glue Studio, the Flatten transform.
    """
    require_distinct(rows.columns, where="flatten")
    found = [
        (separator.join(path), F.col(".".join(map(quoted, path))))
        for field in rows.schema
        for path in _leaves(field.dataType, (field.name,))
    ]
    require_distinct([name for name, _ in found], where="flatten")
    return rows.select(*(member.alias(name) for name, member in found))


def explode(
    rows: DataFrame, *, column: str, names: Sequence[str] | None = None, position: str | None = None
) -> DataFrame:
    """Make a row of each element of an array, or of each entry of a map. Glue Studio's Explode Array Or Map Into Rows.

    Rows: multiplied by the number of elements. A row whose array or map is null or empty is kept, with nulls, so that
    no row is lost.

    Columns: `column` is replaced by its elements, under its own name, or by `key` and `value` of a map; or under
    `names`. `position` names a further column, the element's place from 0.

    >>> cases = spark.createDataFrame([(1, ["a", "b"]), (2, None)], "id int, tags array<string>")
    >>> cases.transform(explode, column="tags", names=["tag"], position="n").collect()
    [Row(id=1, n=0, tag='a'), Row(id=1, n=1, tag='b'), Row(id=2, n=None, tag=None)]

    Raises:
        MissingColumnError: The column is not in the frame.
        SchemaMismatchError: It is no array and no map.
        ArgumentError: There is not one name for an array, or not two for a map.
        DuplicateColumnError: Two columns would have one name.

    Source: AWS Glue Studio, the Explode Array Or Map Into Rows transform.
    """
    require_columns(rows, [column], where="explode")
    type_ = rows.schema[column].dataType
    if not isinstance(type_, (T.ArrayType, T.MapType)):
        raise _no_such_type("explode", column, type_, "an array or a map")
    usual = [column] if isinstance(type_, T.ArrayType) else ["key", "value"]
    given = usual if names is None else [*names]
    if len(given) != len(usual):
        expected = "one for an array, and two for a map: its keys and its values"
        raise ArgumentError(where="explode", argument="names", got=given, expected=expected)
    generate = F.posexplode_outer if position else F.explode_outer
    made = [*([position] if position else []), *given]
    require_distinct([*(name for name in rows.columns if name != column), *made], where="explode")
    exploded = generate(F.col(quoted(column))).alias(*made)
    return rows.select(*(exploded if name == column else F.col(quoted(name)) for name in rows.columns))


def array_to_columns(rows: DataFrame, *, column: str, names: Sequence[str]) -> DataFrame:
    """Add a column for each of the first elements of an array. Glue Studio's Array To Columns.

    Rows: unchanged. Columns: all kept, the array too, which may have more elements than there are names; adds `names`,
    null where the array is null or has no such element.

    >>> cases = spark.createDataFrame([([39.7, -105.0],), ([1.0],)], "at array<double>")
    >>> [row[1:] for row in cases.transform(array_to_columns, column="at", names=["lat", "lon"]).collect()]
    [(39.7, -105.0), (1.0, None)]

    Raises:
        MissingColumnError: The column is not in the frame.
        SchemaMismatchError: It is no array.
        DuplicateColumnError: Two columns would have one name.

    Source: AWS Glue Studio, the Array To Columns transform.
    """
    require_columns(rows, [column], where="array_to_columns")
    type_ = rows.schema[column].dataType
    if not isinstance(type_, T.ArrayType):
        raise _no_such_type("array_to_columns", column, type_, "an array")
    require_distinct([*rows.columns, *names], where="array_to_columns")
    elements = F.col(quoted(column))
    return rows.select("*", *(F.get(elements, place).alias(name) for place, name in enumerate(names)))


def parse_json(column: str, *, ddl: str) -> Column:
    """Read a text column of JSON as a struct, array or map of the type `ddl`. Glue Studio's Parse JSON Column.

    Null for text that is no JSON, or whose values are not all of their types, however deep ("5" is no int, 1e400 no
    double, and no map has a key twice); as the `parse` of a `Field` it is then reported. Spark's `from_json` reads what
    it can, and takes what follows the first value for nothing. Members that `ddl` does not name are left out: give it a
    map to keep all. A double is the nearest to the number that is written; of a member that is there twice, the last.
    A string where JSON has a number is what Java writes of the nearest double, `1.5` for `1.50`, but for whole numbers.

    >>> cases = spark.createDataFrame([('{"lat": 39.7}',), ('{"lat": "x"}',), ("{} {}",)], "place string")
    >>> [row[0] for row in cases.select(parse_json("place", ddl="struct<lat: double>")).collect()]
    [Row(lat=39.7), None, None]

    Raises:
        ArgumentError: There is no such type, or it has others in it than string, int, bigint, double and boolean. Spark
            reads 128 as the tinyint -128, 1.239 as the decimal 1.24, "2024 junk" as a date, and times in its own zone.

    Source: AWS Glue Studio, the Parse JSON Column transform.
    """
    type_ = _json_type(ddl)
    text = F.col(quoted(column))
    options = {"columnNameOfCorruptRecord": "corrupt", "mode": "PERMISSIVE"}
    around = F.concat(F.lit('{"value":'), text, F.lit("}"))
    read = F.from_json(around, T.StructType().add("value", type_).add("corrupt", T.StringType()), options)
    return F.when(is_json(text) & read["corrupt"].isNull() & _sound(read["value"], type_), read["value"])


def is_json(text: Column) -> Column:
    """Return whether a text is JSON as RFC 8259 has it: one object, array, text, number, true, false or null.

    >>> cases = spark.createDataFrame([('{"a": 1}',), ("{'a': 1}",), ("1 2",), (None,)], "text string")
    >>> [row[0] for row in cases.select(is_json(F.col("text"))).collect()]
    [True, False, False, False]

    What Spark cannot read is none either: a number of more than 1,000 digits, values 1,000 deep in one another and, on
    Spark 4, a member's name of more than 50,000 characters.

    Source: RFC 8259.
    """
    # What reads JSON skips a member that is not asked for, and gives the next one only if it could read that. Two
    # texts around the value, for what is well formed in one because it closes or continues it (`1, "x": 2`) is not in
    # the other.
    around = (('{"value":', ',"read":1}'), ('{"value":[', '],"read":1}'))
    strict = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
    read = [
        F.from_json(F.concat(F.lit(before), text, F.lit(after)), "read int", strict)["read"] for before, after in around
    ]
    # Jackson, which Spark reads with, takes other letters for hexadecimal digits if the last byte is that of one.
    escaped = ~text.rlike(r"(?<!\\)(?:\\\\)*\\u(?![0-9A-Fa-f]{4})")
    return F.coalesce((read[0] == 1) & (read[1] == 1) & escaped, F.lit(False))


def _json_type(ddl: str) -> T.DataType:
    try:
        type_ = T._parse_datatype_string(ddl)
        if _is_exact(type_):
            return type_
    except ParseException:
        pass
    expected = (
        "string, int, bigint, double or boolean, or a struct, array or map<string, ...> of them: read the rest as "
    )
    expected += "string, then with change_schema, parse_date or parse_timestamp; a number with a point as double"
    raise ArgumentError(where="parse_json", argument="ddl", got=ddl, expected=expected)


def _is_exact(type_: T.DataType) -> bool:
    if isinstance(type_, T.StructType):
        return all(_is_exact(field.dataType) for field in type_)
    if isinstance(type_, T.ArrayType):
        return _is_exact(type_.elementType)
    if isinstance(type_, T.MapType):
        return isinstance(type_.keyType, T.StringType) and _is_exact(type_.valueType)
    return isinstance(type_, (T.StringType, T.IntegerType, T.LongType, T.DoubleType, T.BooleanType))


def _sound(value: Column, type_: T.DataType) -> Column:
    """Return whether no double in a value is infinite or NaN, and no map has a key twice; true of a null."""
    sound = F.lit(True)
    if isinstance(type_, T.DoubleType):
        sound = F.abs(value) < float("inf")
    elif isinstance(type_, T.StructType):
        sound = reduce(and_, (_sound(value[field.name], field.dataType) for field in type_), sound)
    elif isinstance(type_, T.ArrayType) and _may_be_unsound(type_):
        sound = F.forall(value, lambda element: _sound(element, type_.elementType))
    elif isinstance(type_, T.MapType):
        keys, values = F.map_keys(value), T.ArrayType(type_.valueType)
        sound = (F.size(F.array_distinct(keys)) == F.size(keys)) & _sound(F.map_values(value), values)
    return F.coalesce(sound, F.lit(True))


def _may_be_unsound(type_: T.DataType) -> bool:
    return any(kind in type_.simpleString() for kind in ("double", "map<"))


def _leaves(type_: T.DataType, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(type_, T.StructType) or not type_.fields:
        yield path
        return
    for field in type_:
        yield from _leaves(field.dataType, (*path, field.name))


def _no_such_type(where: str, column: str, type_: T.DataType, expected: str) -> SchemaMismatchError:
    return SchemaMismatchError(
        where=f"{where}: column {column!r}",
        got=f"the type {type_.simpleString()}",
        expected=expected,
        hint="Read it with parse_json, or split it, first.",
    )
