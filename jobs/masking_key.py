"""Read the masking key. The job argument `--masking-key` is the location of the key, never the key itself."""

from __future__ import annotations

import hmac
from pathlib import Path

from transforms.errors import CityLakeError

_SECRETS_MANAGER = "secretsmanager:"
MIN_KEY_BYTES = 32
_HOW_TO_MAKE_A_KEY = "To make a key, run: openssl rand -hex 32"
MASKING_KEY_HELP = (
    f"Read the masking key from this file, or from the secret NAME in AWS Secrets Manager: {_SECRETS_MANAGER}NAME. The "
    f"key must have {MIN_KEY_BYTES} bytes or more. The job's role must allow the job to read the secret."
)


class MaskingKeyError(CityLakeError, ValueError):
    """The masking key is missing, is not valid, or is not the key that masked trusted.

    Trusted and quarantine have not changed. The message never contains the key.
    """

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(where=f"masking key {where}", problem=problem)


def read_masking_key(location: str | None) -> bytes:
    """Read the masking key from a file or a secret. White space before and after the key is removed.

    Raises:
        MaskingKeyError: No location is given, the key cannot be read, or the key is too short.
    """
    if not location:
        problem = f"this job masks personal data, so it needs a key. Pass --masking-key FILE. {_HOW_TO_MAKE_A_KEY}"
        raise MaskingKeyError(where="(none)", problem=problem)
    key = (_read_secret(location) if location.startswith(_SECRETS_MANAGER) else _read_file(location)).strip()
    if len(key) < MIN_KEY_BYTES:
        problem = f"the key has {len(key)} bytes. Expected {MIN_KEY_BYTES} or more. {_HOW_TO_MAKE_A_KEY}"
        raise MaskingKeyError(where=location, problem=problem)
    return key


def fingerprint(key: bytes) -> str:
    """Return a text that identifies a key, but does not reveal the key.

    >>> fingerprint(b"a" * 32) == fingerprint(b"a" * 32), fingerprint(b"a" * 32) == fingerprint(b"b" * 32)
    (True, False)
    """
    return hmac.new(key, b"citylake", "sha256").hexdigest()[:16]


def _read_file(location: str) -> bytes:
    try:
        return Path(location).read_bytes()
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}). Pass a key file, or {_SECRETS_MANAGER}NAME."
        # no `from error`, because the message of `error` may contain the key
        raise MaskingKeyError(where=_hide_key(location), problem=problem) from None


def _hide_key(location: str) -> str:
    """Return a file name for a message. Hide a name that may be the masking key itself."""
    folder = Path(location).parent
    is_path = (folder.name and folder.is_dir()) or len(location) < MIN_KEY_BYTES
    return location if is_path else f"(a text of {len(location)} characters)"


def _read_secret(location: str) -> bytes:
    try:
        import boto3  # only a key in Secrets Manager needs boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        problem = "boto3 is not installed, and Secrets Manager cannot be read without it. Run: pip install boto3"
        raise MaskingKeyError(where=location, problem=problem) from error
    try:
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=location.removeprefix(_SECRETS_MANAGER))
    except (BotoCoreError, ClientError) as error:
        problem = (
            f"AWS Secrets Manager does not return the secret ({error}). Check the name of the secret. Check that the "
            "job's role allows secretsmanager:GetSecretValue."
        )
        raise MaskingKeyError(where=location, problem=problem) from error
    return bytes(secret["SecretBinary"]) if "SecretBinary" in secret else str(secret["SecretString"]).encode()
