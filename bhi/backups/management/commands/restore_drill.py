"""Practise a restore, and say how it went."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bhi.backups.drill import drill, newest
from bhi.backups.errors import BackupFault


class Command(BaseCommand):
    help = (
        "Restore the newest backup of BHI_BACKUPS, or FILE, into a database of its own beside, compare it with what "
        "the backup says, try the wall, the audit's chain and the stored files, drop it, and print the times. Exits "
        "with 1 on any fault. Needs DATABASE_ADMIN_URL and DATABASE_OWNER_URL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="a backup; by default the newest of BHI_BACKUPS")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        admin_url = settings.ENVIRONMENT.database_admin_url
        if not (admin_url and settings.BACKUP_KEYS and "owner" in settings.DATABASES):
            raise CommandError("Set DATABASE_ADMIN_URL, DATABASE_OWNER_URL and BHI_BACKUP_KEY.")
        try:
            chosen = file or newest(settings.BACKUPS)
            done = drill(chosen, keys=settings.BACKUP_KEYS, admin_url=admin_url, at=timezone.now())
        except BackupFault as fault:
            raise CommandError(str(fault)) from None
        except OSError as fault:
            raise CommandError(f"The backup could not be read: {fault.strerror}") from None
        self.stdout.write(f"{chosen.name}, made {done.manifest.made_at}: {done.manifest.total_rows:,} rows")
        for step in done.steps:
            self.stdout.write(f"  {'ok    ' if not step.faults else 'FAILED'} {step.seconds:7.1f} s  {step.what}")
            for wrong in step.faults[:20]:
                self.stdout.write(f"           {wrong}")
        self.stdout.write(f"{sum(step.seconds for step in done.steps):.1f} s in all.")
        if not done.is_passed:
            sys.exit(1)
