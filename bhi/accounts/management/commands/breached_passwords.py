"""For the operator: is the list of breached passwords there and usable, and how to get it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bhi.accounts.breached import fault_of

HOW = """No list of breached passwords is named: common passwords alone are refused.

To refuse breached ones, too, without telling anybody a password:
1. On a machine with a connection, get the list in one file, sorted by fingerprint (SHA-1), with the downloader that
   Have I Been Pwned publishes for it (haveibeenpwned-downloader). It is some forty gigabytes.
2. Put the file where every web process can read it, and set BHI_BREACHED_PASSWORDS to its path.
3. Run this command again. Fetch a new list once a year."""


class Command(BaseCommand):
    help = "Check the list of breached passwords (BHI_BREACHED_PASSWORDS), or say how to get one."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BREACHED_PASSWORDS:
            self.stdout.write(HOW)
            return
        file = Path(settings.BREACHED_PASSWORDS)
        fault = fault_of(file)
        if fault:
            raise CommandError(f"BHI_BREACHED_PASSWORDS names a file that is no such list. {fault}")
        self.stdout.write(f"The list is there: {file.stat().st_size:,} bytes.")
