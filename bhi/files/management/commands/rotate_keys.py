"""Seal everything anew with the newest of BHI_FILE_KEYS."""

import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from bhi.resealing import (
    OWNER,
    Column,
    reseal_factors,
    reseal_json,
    reseal_some,
    sealed_columns,
    sealed_json,
    waiting,
)
from bhi.tenancy.models import Organization


class Command(BaseCommand):
    help = (
        "Put a new key before the others in BHI_FILE_KEYS, start every process with it, then run this as the owner. "
        "It may be broken off and run again. Once it says so, older keys can be taken out of BHI_FILE_KEYS. Exits "
        "with 1 where something does not open."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one's")

    def handle(self, *args: Any, organization: str | None, **options: Any) -> None:
        if OWNER not in connections:
            raise CommandError("rotate_keys runs as bhi_owner: set DATABASE_OWNER_URL.")
        only = _id_of(organization) if organization else None
        broken = sum(self._column(column, only) for column in sealed_columns())
        for table, column, path in sealed_json():
            count, shut = reseal_json(table, column, path, only)
            self.stdout.write(f"{table}.{column}: {count} sealed anew")
            broken += shut
        if only is None:
            count, shut = reseal_factors()
            self.stdout.write(f"mfa_authenticator.data: {count} sealed anew")
            broken += shut
        if broken:
            self.stderr.write(f"{broken} values do not open with any key. Keep the older keys.")
            sys.exit(1)
        self.stdout.write(
            "Older keys are still needed for other organizations." if only else "No older key is needed any more."
        )

    def _column(self, column: Column, only: UUID | None) -> int:
        total, done, broken = waiting(column, only), 0, 0
        step = reseal_some(column, only, None)
        while step is not None:
            done, broken = done + step.resealed, broken + step.broken
            self.stdout.write(f"{column.table}.{column.name}: {done} of {total} sealed anew")
            step = reseal_some(column, only, step.last)
        if not total:
            self.stdout.write(f"{column.table}.{column.name}: nothing to do")
        return broken


def _id_of(slug: str) -> UUID:
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no organization {slug}.")
    return found.id
