"""Put a backup into an empty database."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bhi.backups.errors import BackupFault
from bhi.backups.manifest import Manifest
from bhi.backups.taking import read_through, restore_backup


class Command(BaseCommand):
    help = (
        "Put a backup into the empty database of DATABASE_OWNER_URL (create_roles makes it), and compare it with what "
        "the backup says. FILE may be - for standard input. Exits with 1 where they differ."
    )
    # The tables that checks look at are what this brings.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="where from; - is standard input")
        parser.add_argument("--check", action="store_true", help="only read it through: is it whole, does the key fit")

    def handle(self, *args: Any, file: str, check: bool, **options: Any) -> None:
        keys = settings.BACKUP_KEYS
        if not keys:
            raise CommandError("BHI_BACKUP_KEY is not set: the key that the backup was made with.")
        began = time.monotonic()
        try:
            manifest, faults = _checked(file, keys) if check else _restored(file, keys)
        except BackupFault as fault:
            raise CommandError(str(fault)) from None
        except OSError as fault:
            raise CommandError(f"The backup could not be read: {fault.strerror}") from None
        for difference in faults:
            self.stdout.write(difference)
        done = "Whole" if check else "Restored"
        rows = f"{manifest.total_rows:,} rows of {len(manifest.rows)} tables, as of {manifest.made_at}"
        self.stdout.write(f"{done}: {rows}, in {time.monotonic() - began:.1f} s. {len(faults)} differences.")
        if faults:
            sys.exit(1)


def _checked(file: str, keys: tuple[str, ...]) -> tuple[Manifest, list[str]]:
    if file == "-":
        return read_through(sys.stdin.buffer, keys=keys), []
    with Path(file).open("rb") as source:
        return read_through(source, keys=keys), []


def _restored(file: str, keys: tuple[str, ...]) -> tuple[Manifest, list[str]]:
    """A file is read through first: an altered one is known before a row is written."""
    if file == "-":
        return restore_backup(sys.stdin.buffer, keys=keys, at=timezone.now())
    _checked(file, keys)
    with Path(file).open("rb") as source:
        return restore_backup(source, keys=keys, at=timezone.now())
