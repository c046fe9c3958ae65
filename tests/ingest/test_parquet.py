from base64 import b64encode
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as encryption
import pytest
from pyspark.sql import SparkSession

from ingest.errors import LandedFileError
from ingest.parquet import ParquetHeader, check_rows, read_header, read_rows
from ingest.storage import LandedFile, list_files

LAYOUTS = {"cases": ("Date", "Area")}


def landed(path: Path) -> LandedFile:
    return list_files(str(path))[0]


def write(path: Path, columns: dict[str, object], **options: object) -> LandedFile:
    pq.write_table(pa.table(columns), path, **options)
    return landed(path)


def header_of(file: LandedFile) -> tuple[LandedFile, ParquetHeader]:
    return file, read_header(file, layouts=LAYOUTS)


def footer(content: bytes) -> int:
    """Return the position at which the footer starts."""
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def cells(spark: SparkSession, path: Path, values: pa.Array, **options: object) -> list[str | None]:
    """Return the cells that are read for the values of one column."""
    file = write(path / "a [1].parquet", {"cell": values, "n": pa.array(["x"] * len(values))}, **options)
    rows = read_rows(spark, file.uri, read_header(file, layouts={})).collect()
    assert [row["_row_number"] for row in rows] == [*range(1, len(values) + 1)]
    return [row["cell"] for row in rows]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["Main St", "", " 007 "]), ["Main St", "", " 007 "]),
        (pa.array(["x", "y", "x"]).dictionary_encode(), ["x", "y", "x"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([-1, 2**62]), ["-1", "4611686018427387904"]),
        (pa.array([255], pa.uint8()), ["255"]),
        (pa.array([2**32 - 1], pa.uint32()), ["4294967295"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([12345678.0, 1e22, -1.5e-10]), ["12345678", "10000000000000000000000", "-0.00000000015"]),
        (pa.array([123456789.125, 0.1, 1.25e-5]), ["123456789.125", "0.1", "0.0000125"]),
        (pa.array([float("nan"), float("-inf")]), ["NaN", "-Infinity"]),
        (pa.array([0.1, 16777216.0], pa.float32()), ["0.1", "16777216"]),
        (pa.array([Decimal("5.00"), Decimal("-0.10")], pa.decimal128(7, 2)), ["5.00", "-0.10"]),
        (pa.array([Decimal("1E-16"), Decimal(-3)], pa.decimal128(20, 16)), [f"0.{'0' * 15}1", f"-3.{'0' * 16}"]),
        (pa.array([Decimal("0E-18")], pa.decimal128(38, 18)), [f"0.{'0' * 18}"]),
        (pa.array([date(2024, 5, 31), date(1, 1, 1)]), ["2024-05-31", "0001-01-01"]),
        (pa.array([time(10, 5), time(23, 59, 59, 1)]), ["10:05:00", "23:59:59.000001"]),
        (pa.array([time(1)], pa.time32("ms")), ["01:00:00"]),
        (pa.array([b"\x00\xff"]), ["00ff"]),
        (pa.array([UUID(int=5).bytes], pa.uuid()), ["00000000-0000-0000-0000-000000000005"]),
        (pa.nulls(2), [None, None]),
        (pa.array([[1, None], None], pa.list_(pa.int32())), ["[1,null]", None]),
        (pa.array([[b"\x00\xff"]]), ['["AP8="]']),
        (pa.array([{"a": 1, "b": [date(2024, 1, 1)]}]), ['{"a":1,"b":["2024-01-01"]}']),
        (pa.array([[("k", 1.5)]], pa.map_(pa.string(), pa.float64())), ['{"k":1.5}']),
    ],
    ids=str,
)
def test_every_cell_is_text(spark: SparkSession, tmp_path: Path, values: pa.Array, expected: list) -> None:
    assert cells(spark, tmp_path, values) == expected


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_an_instant_has_an_offset_and_a_local_time_has_none(spark: SparkSession, tmp_path: Path, unit: str) -> None:
    moments = [datetime(2024, 5, 31, 10, 0, 0, 120_000), datetime(1969, 12, 31, 23, 59, 59), datetime(1700, 1, 1), None]
    texts = ["2024-05-31T10:00:00.12", "1969-12-31T23:59:59", "1700-01-01T00:00:00", None]

    assert cells(spark, tmp_path, pa.array(moments, pa.timestamp(unit))) == texts
    instants = cells(spark, tmp_path, pa.array(moments, pa.timestamp(unit, "America/Denver")))
    assert instants == [text and f"{text}Z" for text in texts]


def test_nanoseconds_are_kept(spark: SparkSession, tmp_path: Path) -> None:
    moments = pa.array([-1, 1_700_000_000_123_456_789], pa.timestamp("ns"))

    assert cells(spark, tmp_path, moments) == ["1969-12-31T23:59:59.999999999", "2023-11-14T22:13:20.123456789"]


def test_times_of_old_writers_are_instants(spark: SparkSession, tmp_path: Path) -> None:
    """By default, Spark refuses such times before 1900."""
    moments = pa.array([datetime(2024, 5, 31, 10), datetime(1700, 1, 1)], pa.timestamp("us"))
    texts = ["2024-05-31T10:00:00Z", "1700-01-01T00:00:00Z"]

    assert cells(spark, tmp_path, moments, use_deprecated_int96_timestamps=True) == texts


def test_rows_that_spark_wrote_are_read(spark: SparkSession, tmp_path: Path) -> None:
    query = "SELECT date'2024-05-31' AS Date, timestamp'2024-05-31 10:00:00Z' AS `At. time`, array(1.50) AS Area"
    spark.sql(query).coalesce(1).write.parquet(str(tmp_path / "out"))
    file = landed(next((tmp_path / "out").glob("*.parquet")))

    rows = read_rows(spark, file.uri, read_header(file, layouts=LAYOUTS)).collect()

    assert [tuple(row) for row in rows] == [("2024-05-31", "2024-05-31T10:00:00Z", "[1.50]", None, 1)]


def test_row_number_is_the_position_in_the_file(spark: SparkSession, tmp_path: Path) -> None:
    """Spark reads the file in several splits. Blank rows are dropped, but counted."""
    numbers = [str(number) if number % 3 else "\u00a0" for number in range(1, 100_001)]
    file = write(tmp_path / "a.parquet", {"Date": numbers, "Area": pa.nulls(100_000)}, row_group_size=10_000)
    spark.conf.set("spark.sql.files.maxPartitionBytes", "100000")
    try:
        rows = read_rows(spark, file.uri, read_header(file, layouts=LAYOUTS))
        assert rows.rdd.getNumPartitions() > 1
        assert rows.where("Date = _row_number").count() == rows.count() == 66_667
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")


def test_names_are_trimmed_and_match_a_layout(tmp_path: Path) -> None:
    file = write(tmp_path / "a.PARQUET", {" Date ": ["x"], "": ["y"], "Area": ["z"]})

    header = read_header(file, layouts=LAYOUTS)

    assert isinstance(header, ParquetHeader)
    assert (header.columns, header.layout) == (("Date", "unnamed_2", "Area"), "cases")


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"Date": ["x"], "AREA": ["y"], "Area": ["y"]}, r"the columns \['AREA', 'Area'\] have the same name, because"),
        ({"Date": ["x"], "_Row_Number": ["y"]}, r"the columns \['_Row_Number'\] have names that are reserved for raw"),
        ({"Date": ["x"], "_metadata": ["y"]}, "the column '_metadata' has a name that is reserved for Spark"),
        ({"Day": ["x"]}, r"the file has no column of the dataset. Expected: \['Date', 'Area'\] .* Found: \['Day'\]"),
        ({"Date": pa.array([b"x"])}, "the column 'Date' has bytes. .* Write the bytes as strings, which Parquet"),
        ({"Date": pa.array([[b"x"]])}, "the column 'Date' has bytes"),
        ({"Date": pa.array([{"n": 1, "of": [{"raw": b"x"}]}])}, "the column 'Date' has bytes"),
        ({"Date": pa.array([[("k", b"x")]], pa.map_(pa.string(), pa.binary()))}, "the column 'Date' has bytes"),
        (
            {"Date": ["x"], "n": pa.array([1.5], pa.float16())},
            "'n' cannot be written as text: .* not known to .* Remove",
        ),
        ({"Date": ["x"], "n": pa.array([Decimal(1)], pa.decimal256(50, 0))}, "'n' cannot .* decimals of 50 digits"),
        ({"Date": ["x"], "n": pa.array([[time(1)]])}, "'n' cannot .* times of day or nanoseconds in a nested value"),
        ({"Date": ["x"], "n": pa.array([{"a": 1, "A": 2}])}, "'n' cannot .* two names differ only in case"),
        (
            {"Date": ["x"], "n": pa.array([[(date(2024, 1, 1), 2)]], pa.map_(pa.date32(), pa.int8()))},
            "keys of the type",
        ),
    ],
)
def test_unsuitable_columns_are_rejected(tmp_path: Path, columns: dict, problem: str) -> None:
    with pytest.raises(LandedFileError, match=f"a.parquet: .*{problem}"):
        read_header(write(tmp_path / "a.parquet", columns), layouts=LAYOUTS)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: b"", "the file is empty. Expected a Parquet file"),
        (lambda content: b"PAR1", "the file is not a complete Parquet file"),
        (lambda content: b"Date;Area\n1;2\n", "the file is not a complete Parquet file. .* correct the extension"),
        (lambda content: content[:-20], "the file is not a complete Parquet file"),
        (lambda content: content[:4] + content[100:], "the file is not a complete Parquet file"),
        (
            lambda content: content[: footer(content)] + b"\xff" * 50 + content[footer(content) + 50 :],
            "the file is not a complete Parquet file",
        ),
    ],
    ids=["empty", "mark", "text", "truncated", "rows are missing", "damaged footer"],
)
def test_damaged_files_are_rejected(tmp_path: Path, change, problem: str) -> None:
    path = tmp_path / "a.parquet"
    write(path, {"Date": ["x"] * 100, "Area": [str(number) for number in range(100)]})
    path.write_bytes(change(path.read_bytes()))

    with pytest.raises(LandedFileError, match=f"a.parquet: {problem}"):
        read_header(landed(path), layouts=LAYOUTS)


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "lz4", "none"])
def test_an_unreadable_compression_is_named(spark: SparkSession, tmp_path: Path, compression: str) -> None:
    """The error lists the compressions that can be read."""
    columns = {"Date": ["x"], "Area": ["y"]}
    file = write(tmp_path / "a.parquet", columns, compression={"Date": "zstd", "Area": "brotli"})
    with pytest.raises(LandedFileError, match="a.parquet: the column 'Area' is compressed with BROTLI, which") as error:
        read_header(file, layouts=LAYOUTS)

    assert compression in str(error.value)
    check_rows(spark, *header_of(write(tmp_path / "a.parquet", columns, compression=compression)))


@pytest.mark.parametrize("values", [[1.5, -2.5], [{"low": 1.5}]], ids=["flat", "nested"])
def test_an_unreadable_encoding_is_named(spark: SparkSession, tmp_path: Path, values: list) -> None:
    columns, name = {"Date": values, "Area": values}, "Area.low" if isinstance(values[0], dict) else "Area"
    options = {"use_dictionary": False, "column_encoding": {name: "BYTE_STREAM_SPLIT"}}
    problem = f"a.parquet: the column '{name}' has the encoding BYTE_STREAM_SPLIT, which .* such as PLAIN"
    with pytest.raises(LandedFileError, match=problem):
        read_header(write(tmp_path / "a.parquet", columns, **options), layouts=LAYOUTS)

    options["column_encoding"] = {name: "PLAIN"}
    check_rows(spark, *header_of(write(tmp_path / "a.parquet", columns, **options)))


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ([1, 2], "DELTA_BINARY_PACKED"),
        (["x", "y"], "DELTA_LENGTH_BYTE_ARRAY"),
        (["x", "y"], "DELTA_BYTE_ARRAY"),
        ([True, False], "RLE"),
    ],
)
def test_all_other_encodings_are_read(spark: SparkSession, tmp_path: Path, values: list, encoding: str) -> None:
    options = {"use_dictionary": False, "column_encoding": {"Area": encoding}, "data_page_version": "2.0"}
    check_rows(spark, *header_of(write(tmp_path / "a.parquet", {"Date": values, "Area": values}, **options)))


@pytest.mark.parametrize("plaintext_footer", [True, False])
def test_encrypted_files_are_rejected(tmp_path: Path, plaintext_footer: bool) -> None:
    class Keys(encryption.KmsClient):
        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return b64encode(key_bytes)

    factory = encryption.CryptoFactory(lambda _: Keys())
    settings = encryption.EncryptionConfiguration("footer", column_keys={"a": ["Area"]})
    settings.plaintext_footer = plaintext_footer
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), settings)
    file = write(tmp_path / "a.parquet", {"Date": ["x"], "Area": ["y"]}, encryption_properties=properties)

    with pytest.raises(LandedFileError, match=r"a.parquet: the Parquet file is encrypted. Expected a file without"):
        read_header(file, layouts=LAYOUTS)


def test_damaged_rows_are_found_by_their_checksum(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    areas = [str(number * 7919 % 10_007) for number in range(10_000)]
    file = write(path, {"Date": areas, "Area": areas}, write_page_checksum=True)
    check_rows(spark, file, read_header(file, layouts=LAYOUTS))
    content = bytearray(path.read_bytes())
    content[20_000] ^= 0xFF
    path.write_bytes(content)

    header = read_header(landed(path), layouts=LAYOUTS)

    with pytest.raises(LandedFileError, match=r"a.parquet: Spark cannot read the rows .* Deliver the file again"):
        check_rows(spark, landed(path), header)

    check_rows(spark, *header_of(write(path, {"Date": areas, "Area": areas})))
