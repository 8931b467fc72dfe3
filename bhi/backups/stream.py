"""The form of a backup: a stream of frames sealed with AES-GCM, so that it is never on a disk in the clear.

    magic | salt of 32 bytes | frame … | last frame          frame: length of 4 bytes | sealed bytes

Each backup has a key of its own, derived from the operator's key and the salt, so frames may be counted in their
nonce. The nonce also says which frame is the last: a stream that was cut, reordered or spliced does not open. The
first frame is the manifest.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bhi.backups.errors import BackupFault

MAGIC: Final = b"BHI-BACKUP-1\n"
FRAME_BYTES: Final = 1024 * 1024
# A manifest lists every grant and policy; nobody's is near this.
MOST_FRAME_BYTES: Final = 64 * 1024 * 1024
_SALT_BYTES: Final = 32
_LENGTH_BYTES: Final = 4
_LEAST_SECRET: Final = 20


class Sink(Protocol):
    """Where a backup goes: a file or standard output."""

    def write(self, data: bytes, /) -> object: ...


class Source(Protocol):
    """Where a backup comes from: a file or standard input."""

    def read(self, size: int, /) -> bytes: ...


class SealedWriter:
    """Seals what is written. Without `finish` the stream has no last frame and will never open."""

    def __init__(self, sink: Sink, secret: str) -> None:
        self._sink = sink
        self._head = MAGIC + secrets.token_bytes(_SALT_BYTES)
        self._key = _key_of(secret, self._head)
        self._number = 0
        self._waiting = bytearray()
        self.bytes_written = 0
        self._put(self._head)

    def write_frame(self, content: bytes) -> None:
        """One frame of its own, whatever its length."""
        self._seal(content, is_last=False)

    def write(self, content: bytes) -> None:
        self._waiting += content
        while len(self._waiting) > FRAME_BYTES:
            self._seal(bytes(self._waiting[:FRAME_BYTES]), is_last=False)
            del self._waiting[:FRAME_BYTES]

    def finish(self) -> None:
        self._seal(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _seal(self, content: bytes, *, is_last: bool) -> None:
        sealed = self._key.encrypt(_nonce(self._number, is_last=is_last), content, self._head)
        self._number += 1
        self._put(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)

    def _put(self, content: bytes) -> None:
        self._sink.write(content)
        self.bytes_written += len(content)


def frames(source: Source, keys: Sequence[str]) -> Iterator[bytes]:
    """The frames as they were written, each checked before it is given; the first is the manifest.

    Raises BackupFault for what is no backup, for a key that is none of `keys`, and at the first place where the
    stream is not as it was written: also when it ends too early or goes on after its end.
    """
    head = _exactly(source, len(MAGIC) + _SALT_BYTES)
    if not head.startswith(MAGIC):
        raise BackupFault("This is not a backup of BHI, or only the beginning of one.")
    first = _sealed(source)
    key, content = _opened_by_any(keys, head, first)
    yield content
    number, is_last = 1, False
    while not is_last:
        content, is_last = _opened(key, number, head, _sealed(source))
        yield content
        number += 1
    if source.read(1):
        raise BackupFault("The backup goes on after its end: something was appended to it.")


def _opened_by_any(keys: Sequence[str], head: bytes, sealed: bytes) -> tuple[AESGCM, bytes]:
    for secret in keys:
        key = _key_of(secret, head)
        try:
            return key, key.decrypt(_nonce(0, is_last=False), sealed, head)
        except InvalidTag:
            continue
    raise BackupFault("No key in BHI_BACKUP_KEY opens this backup, or its beginning was altered.")


def _opened(key: AESGCM, number: int, head: bytes, sealed: bytes) -> tuple[bytes, bool]:
    for is_last in (False, True):
        try:
            return key.decrypt(_nonce(number, is_last=is_last), sealed, head), is_last
        except InvalidTag:
            continue
    raise BackupFault(f"The backup was altered: its frame {number} does not open.")


def _sealed(source: Source) -> bytes:
    length = int.from_bytes(_exactly(source, _LENGTH_BYTES), "big")
    if length > MOST_FRAME_BYTES:
        raise BackupFault("The backup was altered: a frame claims to be longer than any is.")
    return _exactly(source, length)


def _exactly(source: Source, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        more = source.read(size - len(found))
        if not more:
            raise BackupFault("The backup ends too early: it was cut, or never finished.")
        found += more
    return bytes(found)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _key_of(secret: str, head: bytes) -> AESGCM:
    if len(secret) < _LEAST_SECRET:
        raise BackupFault(f"A key in BHI_BACKUP_KEY is shorter than {_LEAST_SECRET} characters. Take 50 random ones.")
    salt = head[len(MAGIC) :]
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"bhi backup").derive(secret.encode()))
