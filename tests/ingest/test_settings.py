from __future__ import annotations

import pytest

from ingest.errors import SettingError
from ingest.settings import read_s3_setting, read_setting


@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_variable_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """The advice works: after the variable is set, its value is read."""
    monkeypatch.delenv("STREAM", raising=False)
    if value is not None:
        monkeypatch.setenv("STREAM", value)
    with pytest.raises(SettingError, match="environment variable STREAM: the variable is not set or is blank. Set it"):
        read_setting("STREAM")

    monkeypatch.setenv("STREAM", " events\n")
    assert read_setting("STREAM") == "events"


@pytest.mark.parametrize("value", ["city/state.json", "s3:///state.json", "s3://city", "s3://city/"])
def test_an_invalid_address_in_s3_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("STATE", value)
    with pytest.raises(SettingError, match="variable STATE: '.*' is not an address in S3. Expected .*s3://BUCKET/KEY"):
        read_s3_setting("STATE")

    monkeypatch.setenv("STATE", "s3://city/state/police.json")
    assert read_s3_setting("STATE") == ("city", "state/police.json")


def test_a_prefix_in_s3_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_ASIDE", "s3://city")

    assert read_s3_setting("SET_ASIDE", needs_key=False) == ("city", "")
