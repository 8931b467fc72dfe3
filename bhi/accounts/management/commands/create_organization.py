"""A new organization, and its first admin invited by e-mail."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email, validate_slug
from django.utils import timezone

from bhi.accounts.errors import SlugTaken
from bhi.accounts.links import invitation_path
from bhi.accounts.operations.invitations import INVITATION_DAYS
from bhi.accounts.operations.platform import begin_organization


class Command(BaseCommand):
    help = "Make an organization and invite its first admin. Prints the link where e-mail is written to files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True, help="its name in addresses: letters, digits and hyphens")
        parser.add_argument("--name", required=True, help="its name on the screen")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", help="default: the e-mail's part before the @")
        parser.add_argument("--address", default=settings.ADDRESS, help="of this installation, for the printed link")
        parser.add_argument("--print-link", action="store_true", help="print the link although an e-mail goes out")

    def handle(
        self, *args: Any, slug: str, name: str, admin_email: str, admin_name: str | None, address: str, **options: Any
    ) -> None:
        _check(slug, admin_email)
        try:
            made = begin_organization(
                slug=slug,
                name=name,
                admin_email=admin_email,
                admin_name=admin_name or admin_email.partition("@")[0],
                at=timezone.now(),
            )
        except SlugTaken:
            raise CommandError(f"An organization {slug} is there already. Choose another --slug.") from None
        self.stdout.write(f"{name} is made.")
        if options["print_link"] or not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
            self.stdout.write(f"{made.email} takes it on here, once, within {INVITATION_DAYS} days:")
            self.stdout.write(address.rstrip("/") + invitation_path(made.organization_id, made.id))
        else:
            self.stdout.write(f"{made.email} gets an e-mail with a link, good for {INVITATION_DAYS} days, once.")


def _check(slug: str, email: str) -> None:
    try:
        validate_slug(slug)
        validate_email(email)
    except ValidationError as fault:
        raise CommandError(f"{fault.messages[0]} Nothing was made.") from None
