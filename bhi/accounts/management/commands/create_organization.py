"""A new organization with its first admin, who sets a password through a link that is printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email, validate_slug
from django.db import transaction
from django.utils import timezone

from bhi.accounts.operations import add_member, create_organization, find_or_add_person, password_path
from bhi.tenancy.models import Organization, Role


class Command(BaseCommand):
    help = "Make an organization and its first admin. Prints a link with which that person sets a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True, help="its name in addresses: letters, digits and hyphens")
        parser.add_argument("--name", required=True, help="its name on the screen")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", help="default: the e-mail's part before the @")
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="of this installation, for the link")

    def handle(
        self, *args: Any, slug: str, name: str, admin_email: str, admin_name: str | None, address: str, **options: Any
    ) -> None:
        _check(slug, admin_email)
        person_name = admin_name or admin_email.partition("@")[0]
        with transaction.atomic():
            organization = create_organization(slug=slug, name=name, at=timezone.now())
            person = find_or_add_person(email=admin_email, name=person_name)
            add_member(organization=organization, user=person, name=person.name, roles=[Role.ADMIN])
        self.stdout.write(f"{name} is made.")
        if person.has_usable_password():
            self.stdout.write(f"{admin_email} signs in with the password known already.")
        else:
            self.stdout.write(f"{admin_email} sets a password here, once, within three days:")
            self.stdout.write(address.rstrip("/") + password_path(person))


def _check(slug: str, email: str) -> None:
    try:
        validate_slug(slug)
        validate_email(email)
    except ValidationError as fault:
        raise CommandError(f"{fault.messages[0]} Nothing was made.") from None
    if Organization.objects.filter(slug=slug).exists():
        raise CommandError(f"An organization {slug} is there already. Choose another --slug.")
