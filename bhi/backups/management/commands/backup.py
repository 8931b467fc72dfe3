"""Write a sealed backup of the whole database."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bhi.backups.errors import BackupFault
from bhi.backups.taking import take_backup


class Command(BaseCommand):
    help = (
        "Write a backup of the whole database, sealed with BHI_BACKUP_KEY while it is written. FILE may be - for "
        "standard output; without it a dated file is made in the folder BHI_BACKUPS. Needs DATABASE_OWNER_URL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="where to; - is standard output")

    def handle(self, *args: Any, file: str | None, **options: Any) -> None:
        keys = settings.BACKUP_KEYS
        if not keys:
            raise CommandError("BHI_BACKUP_KEY is not set: 50 random characters, kept apart from the backups.")
        began, at = time.monotonic(), timezone.now()
        target = file or _dated(at.strftime("%Y%m%dT%H%M%SZ"))
        try:
            with _sink(target) as sink:
                manifest, size = take_backup(sink, secret=keys[0], at=at)
        except BackupFault as fault:
            raise CommandError(str(fault)) from None
        seconds = time.monotonic() - began
        rows = f"{manifest.total_rows:,} rows of {len(manifest.rows)} tables"
        self.stderr.write(f"Backed up {rows} to {target}: {size:,} bytes in {seconds:.1f} s.", lambda text: text)


def _dated(stamp: str) -> str:
    if not settings.BACKUPS:
        raise CommandError("Name a FILE, or set BHI_BACKUPS to the folder that backups are kept in.")
    return str(Path(settings.BACKUPS) / f"{stamp}.bhi")


@contextmanager
def _sink(target: str) -> Iterator[IO[bytes]]:
    """A file gets its name when it is whole and on the disk: nobody takes an unfinished one for a backup."""
    if target == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = Path(f"{target}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.replace(target)
    except OSError as fault:
        raise CommandError(f"The backup could not be written: {fault.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
