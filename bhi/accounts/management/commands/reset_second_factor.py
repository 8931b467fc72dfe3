"""For the operator: somebody lost their second factor whom no single organization may help."""

from argparse import ArgumentParser
from typing import Any

from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bhi.accounts.models import User
from bhi.accounts.operations.recovering import forget_second_factor

SUBJECT = "BHI: Set up a new second sign-in step"
BODY = """The second step of your account was removed by who runs this installation, because you said that it is lost. \
You set up a new one when you sign in next, with your password.

If that was not you, change your password now and tell your organization’s administrator.
"""


class Command(BaseCommand):
    help = "Remove somebody's second factor, after making sure who asks; they set up a new one when they sign in next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="with which the person signs in")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email=email.strip().lower()).first()
        if person is None:
            raise CommandError("Nobody signs in with that address. Nothing was changed.")
        forget_second_factor(user=person, at=timezone.now())
        send_mail(SUBJECT, BODY, None, [person.email])
        self.stdout.write(f"{person.name} sets up a second factor at the next sign-in.")
