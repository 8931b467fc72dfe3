"""Making a backup, and putting one back into an empty database."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from bhi.backups.errors import BackupFault
from bhi.backups.manifest import LEFT_OUT, Manifest, differences, packed, read_manifest, unpacked
from bhi.backups.programs import fault_in, program, start
from bhi.backups.stream import FRAME_BYTES, SealedWriter, Sink, Source, frames
from bhi.tenancy.roles import APPLICATION, OWNER

_OWNER_ALIAS = "owner"


def take_backup(sink: Sink, *, secret: str, at: datetime) -> tuple[Manifest, int]:
    """Write a sealed backup of the owner's database; what it holds and how many bytes it took.

    One snapshot: the manifest's counts and the dump show the same instant, whatever is written meanwhile. BackupFault.
    """
    connection = _owner()
    with transaction.atomic(using=_OWNER_ALIAS), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        manifest = read_manifest(cursor, at=at)
        sealed = SealedWriter(sink, secret)
        sealed.write_frame(packed(manifest))
        _dump(sealed, connection.settings_dict, manifest.server_version, snapshot)
    sealed.finish()
    return manifest, sealed.bytes_written


def read_through(source: Source, *, keys: Sequence[str]) -> Manifest:
    """Open every frame without keeping any: the backup is whole and ours. BackupFault."""
    found = frames(source, keys)
    manifest = unpacked(next(found))
    for _ in found:
        continue
    return manifest


def restore_backup(source: Source, *, keys: Sequence[str], at: datetime) -> tuple[Manifest, list[str]]:
    """Put a backup into the owner's database, which must be empty; its manifest and what is not as it says.

    One transaction: an altered or cut backup leaves the database as empty as it was. BackupFault.
    """
    connection = _owner()
    found = frames(source, keys)
    manifest = unpacked(next(found))
    with connection.cursor() as cursor:
        _refuse_unless_empty(cursor)
        # What new tables grant would widen those that migrations narrowed; the dump sets it again at its end.
        cursor.execute(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public REVOKE ALL ON TABLES FROM {APPLICATION}"
        )
        cursor.execute("SELECT current_setting('server_version_num')::int")
        (version,) = cursor.fetchone()
    _load(found, connection.settings_dict, version)
    with connection.cursor() as cursor:
        return manifest, differences(manifest, read_manifest(cursor, at=at))


def _owner() -> Any:
    if _OWNER_ALIAS not in connections:
        raise BackupFault("Backups run as bhi_owner: set DATABASE_OWNER_URL (and unset BHI_PROCESS=web).")
    return connections[_OWNER_ALIAS]


def _refuse_unless_empty(cursor: Any) -> None:
    cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    (tables,) = cursor.fetchone()
    if tables:
        raise BackupFault(
            f"The database has {tables} tables. A backup goes into an empty one only: make it with create_roles "
            "under another name, restore there, and then point DATABASE_URL to it."
        )


def _dump(sealed: SealedWriter, settings: dict[str, Any], version: int, snapshot: str) -> None:
    without = [f"--exclude-table-data=public.{table}" for table in LEFT_OUT]
    options = ["--format=custom", f"--snapshot={snapshot}", *without]
    process = start(program("pg_dump", version), *options, settings=settings, stdout=subprocess.PIPE)
    with _Heard(process) as heard:
        assert process.stdout is not None
        while content := process.stdout.read(FRAME_BYTES):
            sealed.write(content)
        if process.wait():
            raise fault_in("pg_dump", heard.said())


def _load(content: Iterator[bytes], settings: dict[str, Any], version: int) -> None:
    options = ["--format=custom", "--single-transaction", "--exit-on-error", "--no-comments"]
    process = start(program("pg_restore", version), *options, settings=settings, stdin=subprocess.PIPE)
    with _Heard(process) as heard:
        assert process.stdin is not None
        try:
            for frame in content:
                process.stdin.write(frame)
            process.stdin.close()
        except BrokenPipeError:
            # It gave up: its own words say why.
            process.stdin = None
        if process.wait():
            raise fault_in("pg_restore", heard.said())


class _Heard:
    """Listens to a program's complaints so that it never waits for us, and kills it should we stop early.

    Killed, not closed: a closed pipe would look like the end of a whole backup, and be committed.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._parts: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> _Heard:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._thread.join(10)

    def said(self) -> bytes:
        self._thread.join(10)
        return b"".join(self._parts)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if len(self._parts) < 1000:
                self._parts.append(line)
