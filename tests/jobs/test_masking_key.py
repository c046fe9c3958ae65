"""The masking key is read from a file or a secret, and no message shows the key."""

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
def test_white_space_around_the_key_is_ignored(tmp_path: Path, around: str) -> None:
    (tmp_path / "key").write_text(around.format(KEY))

    assert read_masking_key(str(tmp_path / "key")) == KEY.encode()


@pytest.mark.parametrize("where", [None, ""])
def test_missing_key_error_shows_the_openssl_command(where: str | None) -> None:
    """No location of a key is given."""
    with pytest.raises(MaskingKeyError, match="Pass --masking-key FILE. To make a key, run: openssl rand -hex 32"):
        read_masking_key(where)


@pytest.mark.parametrize(
    ("content", "size"), [(b"", 0), (b" " * 40, 0), (b"k" * 31, 31), (b"k" * 31 + b"\n", 31), ("é".encode() * 15, 30)]
)
def test_keys_under_32_bytes_are_rejected(tmp_path: Path, content: bytes, size: int) -> None:
    """White space around the key does not count."""
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(MaskingKeyError, match=f"the key has {size} bytes. Expected 32 or more") as raised:
        read_masking_key(str(tmp_path / "key"))
    assert str(tmp_path / "key") in str(raised.value)
    assert "kkk" not in str(raised.value)


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_error_shows_the_unreadable_key_file(tmp_path: Path, name: str, reason: str) -> None:
    where = str(tmp_path / name)

    with pytest.raises(MaskingKeyError, match=rf"the file cannot be read \({reason}\)") as raised:
        read_masking_key(where)
    assert raised.value.where == f"masking key {where}"


@pytest.mark.parametrize("slip", [KEY, "/" + KEY, f"{KEY[:20]}/{KEY[20:]}", KEY * 9])
def test_error_hides_a_key_passed_as_location(slip: str) -> None:
    with pytest.raises(MaskingKeyError, match=rf"masking key \(a text of {len(slip)} characters\)") as raised:
        read_masking_key(slip)
    assert KEY[:20] not in f"{raised.value} {vars(raised.value)} {raised.value.__cause__}"


@pytest.mark.parametrize("secret", [{"SecretString": f"{KEY}\n"}, {"SecretBinary": KEY.encode()}])
def test_secrets_may_be_text_or_bytes(aws, secret: dict) -> None:
    aws.create_secret(Name="city/masking", **secret)

    assert read_masking_key("secretsmanager:city/masking") == KEY.encode()


def test_short_secret_error_hides_the_key(aws) -> None:
    aws.create_secret(Name="short", SecretString="not long enough")

    with pytest.raises(MaskingKeyError, match="masking key secretsmanager:short: the key has 15 bytes") as raised:
        read_masking_key("secretsmanager:short")
    assert "enough" not in str(raised.value)


def test_error_shows_the_name_of_a_missing_secret(aws) -> None:
    with pytest.raises(
        MaskingKeyError, match="secretsmanager:none: AWS Secrets Manager does not return the secret.*find the"
    ):
        read_masking_key("secretsmanager:none")


def test_access_denied_error_shows_the_missing_permission(aws, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto does not check permissions, so a botocore stub returns the error that AWS would return.
    with Stubber(aws) as stub:
        stub.add_client_error("get_secret_value", "AccessDeniedException", "User: job is not authorized", 400)
        monkeypatch.setattr(boto3, "client", lambda service: aws)
        with pytest.raises(MaskingKeyError, match="AccessDeniedException.*role allows secretsmanager:GetSecretValue"):
            read_masking_key("secretsmanager:city/masking")


def test_missing_aws_region_raises_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(MaskingKeyError, match="You must specify a region"):
        read_masking_key("secretsmanager:city/masking")


def test_missing_boto3_raises_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)  # as if boto3 were not installed

    with pytest.raises(MaskingKeyError, match="secretsmanager:x: boto3 is not installed, .* Run: pip install boto3"):
        read_masking_key("secretsmanager:x")
