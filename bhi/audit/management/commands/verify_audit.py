"""Tell whether the audit is as it was written."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bhi.audit.chain import chain_fault, head_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization


class Command(BaseCommand):
    help = (
        "Reads every audit event again and compares with the seals of its day. Exits with 1 where they do not fit. "
        "With --anchor FILE it also compares with the newest seals as that file keeps them, then writes the present "
        "ones there: keep it on another machine, and whoever rewrites the whole chain is found out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one's")
        parser.add_argument("--anchor", metavar="FILE", type=Path, help="where the newest seals are kept")

    def handle(self, *args: Any, organization: str | None, anchor: Path | None, **options: Any) -> None:
        kept = json.loads(anchor.read_text()) if anchor and anchor.exists() else {}
        heads, faults = dict(kept), 0
        wanted = Organization.objects.order_by("slug")
        if organization:
            wanted = wanted.filter(slug=organization)
            if not wanted.exists():
                raise CommandError(f"There is no organization {organization}.")
        for one in wanted:
            with tenant(one.id):
                known = kept.get(str(one.id))
                fault = chain_fault(one.id, anchor=tuple(known) if known else None)
                heads[str(one.id)] = head_of(one.id)
            faults += fault is not None
            said = f"{fault.day}: {fault.what}" if fault else f"{heads[str(one.id)][0]} days hold"
            self.stdout.write(f"{one.slug}: {said}")
        if faults:
            sys.exit(1)
        if anchor:
            anchor.write_text(json.dumps(heads, indent=2, sort_keys=True))
