"""The key that masks: where it is, said by a job's argument, and read from there. The key itself is no argument."""

from __future__ import annotations

import hmac
from pathlib import Path

_MANAGER = "secretsmanager:"
_LEAST = 32
WHERE = (
    f"where the masking key is: a file, or {_MANAGER}NAME for a secret of AWS Secrets Manager that the job may read; "
    f"{_LEAST} bytes or more"
)


class MaskingKeyError(ValueError):
    """The masking key is not there or is none; no row has been read.

    Attributes:
        where: Where it was said to be; the key itself is in no message.
        problem: What is wrong, and what to do.
    """

    def __init__(self, *, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"masking key {where}: {problem}")


def read_masking_key(where: str | None) -> bytes:
    """Read the masking key, without blanks and line ends around it.

    Raises:
        MaskingKeyError: It is not said where, or it is not there, or too short.
    """
    if not where:
        problem = f"this job masks personal data. Give --masking-key, {WHERE}. To make one: openssl rand -hex 32"
        raise MaskingKeyError(where="(none)", problem=problem)
    key = (_secret(where) if where.startswith(_MANAGER) else _file(where)).strip()
    if len(key) < _LEAST:
        problem = f"it has {len(key)} bytes, expected {_LEAST} or more. To make one: openssl rand -hex 32"
        raise MaskingKeyError(where=where, problem=problem)
    return key


def fingerprint(key: bytes) -> str:
    """Return what tells a key from another, and tells nobody what it is.

    >>> fingerprint(b"a" * 32) == fingerprint(b"a" * 32), fingerprint(b"a" * 32) == fingerprint(b"b" * 32)
    (True, False)
    """
    return hmac.new(key, b"citylake", "sha256").hexdigest()[:16]


def _file(where: str) -> bytes:
    try:
        return Path(where).read_bytes()
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}). Give --masking-key, {WHERE}."
        # No `from`: the error has the text in it too.
        raise MaskingKeyError(where=_shown(where), problem=problem) from None


def _shown(where: str) -> str:
    """Return what may be told of a file that is not there: it could be the key itself, given in the wrong place."""
    folder = Path(where).parent
    return where if (folder.name and folder.is_dir()) or len(where) < _LEAST else f"(a text of {len(where)} characters)"


def _secret(where: str) -> bytes:
    try:
        import boto3  # A laptop with a key file does not have to have it.
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        problem = (
            "boto3, which asks AWS Secrets Manager, is not installed. AWS Glue has it; else run: pip install boto3"
        )
        raise MaskingKeyError(where=where, problem=problem) from error
    try:
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=where.removeprefix(_MANAGER))
    except (BotoCoreError, ClientError) as error:
        problem = f"AWS Secrets Manager does not give it ({error}). May the job's role read it?"
        raise MaskingKeyError(where=where, problem=problem) from error
    return bytes(secret["SecretBinary"]) if "SecretBinary" in secret else str(secret["SecretString"]).encode()
