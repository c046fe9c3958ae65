"""Check that samples of service requests contain the errors of Denver's files."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

from expectations.standard import load_suite
from ingest.samples import service_requests as samples


def test_samples_have_realistic_error_rates(tmp_path: Path) -> None:
    samples.write(tmp_path, rows=7000)
    truth = json.loads((tmp_path / "_truth.json").read_text())
    contents = {int(path.stem[-4:]): path.read_bytes() for path in tmp_path.glob("*.csv")}
    texts = {year: text.decode("utf-8-sig" if year < 2024 else "cp1252") for year, text in contents.items()}
    rows_by_year = {year: [*csv.DictReader(io.StringIO(text, newline=""))] for year, text in texts.items()}
    # `share` excludes the latest year, because half of the requests of that year are events, not csv rows.
    rows = [row for year, requests in rows_by_year.items() if year < max(rows_by_year) for row in requests]

    def share(condition) -> float:
        return sum(map(condition, rows)) / len(rows)

    assert sorted(contents) == list(range(2019, 2026))
    for year, content in contents.items():
        assert content.startswith(b"\xef\xbb\xbf") == (year < 2024)
        assert b"\n" in content.replace(b"\r\n", b"")  # some cells contain line breaks
    assert 0.30 < share(lambda row: not row["Case Closed Date"]) < 0.37
    assert 0.04 < share(lambda row: row["Longitude"] == row["Latitude"] and "." in row["Longitude"]) < 0.06
    assert share(lambda row: row["Longitude"] == "0") > 0.04
    assert share(lambda row: not row["Longitude"]) > 0.09
    assert share(lambda row: row["Incident Zip Code"] == "00000") > 0.02
    assert share(lambda row: "\u00a0" in row["Agency"]) > 0.05
    assert share(lambda row: "\n" in row["Case Summary"] and '"' in row["Case Summary"]) > 0.02
    assert sum(count - 1 for count in Counter(tuple(row.values()) for row in rows).values()) / len(rows) > 0.004
    for column in ("Division", "Type", "Topic", "Major Area", "Neighborhood"):
        assert 0.005 < share(lambda row, column=column: row[column] != "") < 0.02, column
    statuses = Counter(row["Case Status"] for row in rows)
    # In 2019, Denver transferred 18 % of its 432,443 contacts. In later years, Denver transferred up to 27 %.
    # Between 3 % and 5 % of the contacts were out of jurisdiction.
    assert 0.18 < statuses["Closed - Transfered to External Agency"] / len(rows) < 0.27
    assert 0.03 < statuses["Closed - Out of Jurisdiction"] / len(rows) < 0.05
    assert all(truth["warned"].values())
    suite = load_suite("service_requests").expectations
    assert set(truth["quarantined"]) <= {item.id for item in suite if item.severity == "critical"}
    assert set(truth["warned"]) == {item.id for item in suite if item.severity == "warning"}
