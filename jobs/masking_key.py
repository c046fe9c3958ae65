"""The masking key. The job argument `--masking-key` gives the location of the key, and never the key itself."""

from __future__ import annotations

import hmac
from pathlib import Path

from transforms.errors import CityLakeError

_SECRETS_MANAGER = "secretsmanager:"
MIN_BYTES = 32
MASKING_KEY_HELP = (
    f"Read the masking key from this file, or from {_SECRETS_MANAGER}NAME, a secret of AWS Secrets Manager that the "
    f"job may read. The key has {MIN_BYTES} bytes or more."
)


class MaskingKeyError(CityLakeError, ValueError):
    """The masking key is missing or not valid. No row has been read. No message contains the key."""

    def __init__(self, *, where: str, problem: str) -> None:
        super().__init__(where=f"masking key {where}", problem=problem)


def read_masking_key(where: str | None) -> bytes:
    """Read the masking key, without blanks and line ends around it.

    Raises:
        MaskingKeyError: No place is named, the place has no key, or the key is too short.
    """
    if not where:
        problem = (
            "this job masks personal data, and no key was given. Pass --masking-key FILE. "
            "To make a key: openssl rand -hex 32"
        )
        raise MaskingKeyError(where="(none)", problem=problem)
    key = (_secret(where) if where.startswith(_SECRETS_MANAGER) else _file(where)).strip()
    if len(key) < MIN_BYTES:
        problem = f"it has {len(key)} bytes, expected {MIN_BYTES} or more. To make one: openssl rand -hex 32"
        raise MaskingKeyError(where=where, problem=problem)
    return key


def fingerprint(key: bytes) -> str:
    """Return a text that identifies a key and does not reveal it.

    >>> fingerprint(b"a" * 32) == fingerprint(b"a" * 32), fingerprint(b"a" * 32) == fingerprint(b"b" * 32)
    (True, False)
    """
    return hmac.new(key, b"citylake", "sha256").hexdigest()[:16]


def _file(where: str) -> bytes:
    try:
        return Path(where).read_bytes()
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}). Pass a file with the key, or {_SECRETS_MANAGER}NAME."
        # no `from`, because the original error contains the text too
        raise MaskingKeyError(where=_printable(where), problem=problem) from None


def _printable(where: str) -> str:
    """Return the name of a missing file for a message. Hide the name if it may be the key itself."""
    folder = Path(where).parent
    is_path = (folder.name and folder.is_dir()) or len(where) < MIN_BYTES
    return where if is_path else f"(a text of {len(where)} characters)"


def _secret(where: str) -> bytes:
    try:
        import boto3  # A laptop with a key file does not need it.
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        problem = "boto3, which asks AWS Secrets Manager, is not installed. AWS Glue has it. Run: pip install boto3"
        raise MaskingKeyError(where=where, problem=problem) from error
    try:
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=where.removeprefix(_SECRETS_MANAGER))
    except (BotoCoreError, ClientError) as error:
        problem = f"AWS Secrets Manager does not return it ({error}). Check that the job's role may read it."
        raise MaskingKeyError(where=where, problem=problem) from error
    return bytes(secret["SecretBinary"]) if "SecretBinary" in secret else str(secret["SecretString"]).encode()
