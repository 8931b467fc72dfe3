"""Who may make organizations under /platform/."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bhi.accounts.operations.platform import set_platform_staff


class Command(BaseCommand):
    help = "Let a person make organizations under /platform/, or no more. They see no patient data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="of somebody who has an account")
        parser.add_argument("--remove", action="store_true", help="no more")

    def handle(self, *args: Any, email: str, remove: bool, **options: Any) -> None:
        if not set_platform_staff(email=email, is_staff=not remove):
            raise CommandError(f"Nobody has the e-mail {email}. Invite the person to an organization first.")
        self.stdout.write(f"{email} {'makes no organizations any more' if remove else 'may make organizations'}.")
