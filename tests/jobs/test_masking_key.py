"""The masking key is read from where it is said to be, and is in no message."""

from __future__ import annotations

import sys
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from jobs.masking_key import MaskingKeyError, read_masking_key

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.client("secretsmanager")


@pytest.mark.parametrize("around", ["{}", "{}\n", "{}\r\n", " \t{} \n\n"])
def test_a_file_holds_the_key_and_blanks_around_it_are_none_of_it(tmp_path: Path, around: str) -> None:
    (tmp_path / "key").write_text(around.format(KEY))

    assert read_masking_key(str(tmp_path / "key")) == KEY.encode()


@pytest.mark.parametrize("where", [None, ""])
def test_without_it_the_error_says_how_to_make_one(where: str | None) -> None:
    with pytest.raises(MaskingKeyError, match="Pass --masking-key FILE. To make a key: openssl rand -hex 32"):
        read_masking_key(where)


@pytest.mark.parametrize(
    ("content", "size"), [(b"", 0), (b" " * 40, 0), (b"k" * 31, 31), (b"k" * 31 + b"\n", 31), ("é".encode() * 15, 30)]
)
def test_a_key_too_short_is_refused_by_its_length_without_what_is_around(
    tmp_path: Path, content: bytes, size: int
) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(MaskingKeyError, match=f"it has {size} bytes, expected 32 or more") as raised:
        read_masking_key(str(tmp_path / "key"))
    assert str(tmp_path / "key") in str(raised.value)
    assert "kkk" not in str(raised.value)


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_what_is_no_file_is_named(tmp_path: Path, name: str, reason: str) -> None:
    where = str(tmp_path / name)

    with pytest.raises(MaskingKeyError, match=rf"the file cannot be read \({reason}\)") as raised:
        read_masking_key(where)
    assert raised.value.where == where


@pytest.mark.parametrize("slip", [KEY, "/" + KEY, f"{KEY[:20]}/{KEY[20:]}", KEY * 9])
def test_a_key_given_in_place_of_its_file_is_not_told(slip: str) -> None:
    with pytest.raises(MaskingKeyError, match=rf"masking key \(a text of {len(slip)} characters\)") as raised:
        read_masking_key(slip)
    assert KEY[:20] not in f"{raised.value} {vars(raised.value)} {raised.value.__cause__}"


@pytest.mark.parametrize("secret", [{"SecretString": f"{KEY}\n"}, {"SecretBinary": KEY.encode()}])
def test_a_secret_of_secrets_manager_is_the_key_as_text_or_as_bytes(aws, secret: dict) -> None:
    aws.create_secret(Name="city/masking", **secret)

    assert read_masking_key("secretsmanager:city/masking") == KEY.encode()


def test_a_short_secret_is_refused_without_a_word_of_it(aws) -> None:
    aws.create_secret(Name="short", SecretString="not long enough")

    with pytest.raises(MaskingKeyError, match="masking key secretsmanager:short: it has 15 bytes") as raised:
        read_masking_key("secretsmanager:short")
    assert "enough" not in str(raised.value)


def test_a_secret_that_is_not_there_is_named(aws) -> None:
    with pytest.raises(MaskingKeyError, match="secretsmanager:none: AWS Secrets Manager does not return it.*find the"):
        read_masking_key("secretsmanager:none")


def test_a_role_that_may_not_read_it_is_told_so(aws, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto knows no permissions without a whole account of them; botocore's own stub answers as AWS does.
    with Stubber(aws) as stub:
        stub.add_client_error("get_secret_value", "AccessDeniedException", "User: job is not authorized", 400)
        monkeypatch.setattr(boto3, "client", lambda service: aws)
        with pytest.raises(MaskingKeyError, match="AccessDeniedException.*Check that the job's role may read it"):
            read_masking_key("secretsmanager:city/masking")


def test_without_a_region_the_error_is_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(MaskingKeyError, match="You must specify a region"):
        read_masking_key("secretsmanager:city/masking")


def test_a_machine_without_boto3_is_told_what_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)  # as if not installed

    with pytest.raises(MaskingKeyError, match="secretsmanager:x: boto3, which asks .* Run: pip install boto3"):
        read_masking_key("secretsmanager:x")
