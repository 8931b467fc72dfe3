"""`manage.py import_caseload --org SLUG FILE…`: import a caseload from the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from bhi.accounts.queries import system_membership
from bhi.errors import DomainError
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership, Organization
from caseload.operations.imports import Upload, confirm_import, start_import
from caseload.queries.imports import all_rows
from caseload.rules.imports.corrections import (
    CARE_PLANS,
    UNENROLLED,
    Corrections,
    CorrectionsUnreadable,
    read_corrections,
)

_FOR_PAGES = ("columns", "because", "words", "on_record", "style", "asked", "doubtful_names")


class Command(BaseCommand):
    help = (
        "Imports patients and contacts from a workbook or CSV files, all or nothing. "
        "Exit status: 0 imported (or a dry run that could be), 1 something has to be settled first, 2 not readable."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--org", required=True, metavar="SLUG", help="the organization")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object, with the fate of every row")
        parser.add_argument("--time-zone", default="", metavar="ZONE", help="of clinics that are new: America/Chicago")
        parser.add_argument("--clinic", default="", metavar="NAME", help="of rows that name none")
        parser.add_argument("--care-manager", default="", metavar="NAME", help="of rows that name none")
        parser.add_argument(
            "--dates",
            choices=("month-first", "day-first"),
            help="how dates of numbers only are written; month first unless the files look otherwise",
        )
        parser.add_argument(
            "--unenrolled",
            choices=UNENROLLED,
            default=UNENROLLED[0],
            help="what patients without a date of enrolment become: only kept on record, or referrals too",
        )
        parser.add_argument(
            "--care-plans",
            choices=CARE_PLANS,
            default=CARE_PLANS[0],
            help="of enrolled patients for whom the files name none: assumed since enrolment and flagged until seen, "
            "attested by you, or none",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["org"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['org']!r}.", returncode=2)
        files = [_upload(path) for path in options["files"]]
        corrections = _corrections(options)
        with tenant(organization):
            by = system_membership(organization)
            try:
                answer = self._run(by, files, corrections, is_dry=options["dry_run"])
            except DomainError as refusal:
                raise CommandError(str(refusal), returncode=2) from None
            if options["dry_run"]:
                transaction.set_rollback(True)
        self.stdout.write(json.dumps(answer, ensure_ascii=False) if options["json"] else "\n".join(_said(answer)))
        if answer["problems"] or answer["questions"]:
            raise SystemExit(1)

    def _run(self, by: Membership, files: list[Upload], corrections: Corrections, *, is_dry: bool) -> dict[str, Any]:
        at = timezone.now()
        run = start_import(by=by, at=at, files=files, corrections=corrections, in_background=False)
        summary = {key: value for key, value in run.summary.items() if key not in _FOR_PAGES}
        can_be = not summary["problems"] and not summary["questions"]
        if can_be and not is_dry:
            confirm_import(by=by, at=at, run_id=run.id, digest=summary["digest"], in_background=False)
        return {
            "import": None if is_dry else str(run.id),
            "imported": can_be and not is_dry,
            "dry_run": is_dry,
            **summary,
            "rows": all_rows(by.organization_id, run.id),
        }


def _upload(path: Path) -> Upload:
    try:
        return Upload(path.name, path.read_bytes())
    except OSError as fault:
        raise CommandError(f"{path.name} cannot be opened: {fault.strerror}.", returncode=2) from None


def _corrections(options: Mapping[str, Any]) -> Corrections:
    stored = {
        "zones": {"": options["time_zone"]} if options["time_zone"] else {},
        "defaults": {key: options[key] for key in ("clinic", "care_manager") if options[key]},
        "care_plans": options["care_plans"],
        "unenrolled": options["unenrolled"],
        "date_orders": {"": options["dates"].replace("-", "_")} if options["dates"] else {},
    }
    try:
        return read_corrections(stored)
    except CorrectionsUnreadable as fault:
        raise CommandError(str(fault), returncode=2) from None


def _said(answer: Mapping[str, Any]) -> list[str]:
    """The outcome as a person reads it: what stops it, else counts, then every row that is not simply new."""
    lines = [_outcome(answer), *answer["problems"]]
    lines += [f"{question} {_option_for(question)}" for question in answer["questions"]]
    for kind in ("patients", "contacts"):
        counts = ", ".join(f"{count} {outcome}" for outcome, count in answer[kind].items() if count)
        lines.append(f"{kind.capitalize()}: {counts or 'none'}")
    if answer["overlapping"]:
        lines.append(f"Overlapping contacts: {answer['overlapping']}; held times count nowhere until settled.")
    if answer["to_decide"]:
        lines.append(f"Not imported until somebody says on the Import page whom they mean: {answer['to_decide']} rows.")
    lines += answer["remarks"]
    lines += [
        f"{row['sheet']}, row {row['row']}: {row['fate']}: {' '.join(row['messages'])}"
        for row in answer["rows"]
        if row["messages"]
    ]
    return lines


def _option_for(question: str) -> str:
    return "Use --dates." if ": dates like " in question else "Use --time-zone or --clinic."


def _outcome(answer: Mapping[str, Any]) -> str:
    if answer["imported"]:
        return "Imported."
    if answer["dry_run"]:
        return "Nothing was changed (dry run)."
    return "Not imported. It waits on the Import page, where it can be corrected."
