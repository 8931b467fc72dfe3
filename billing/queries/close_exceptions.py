"""What somebody should see to before a clinic's month is closed, and what was said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Clinic
from billing.models import MonthException
from billing.queries.month_row import MonthRow
from billing.rules.closing import repeated_durations
from caseload.rules.clock import first_day, last_day

LATE_DAYS = 7

# Live entries of clinics' months: where, by whom, how long, and whether they were entered more than a week after the
# work.
_ENTRIES = """
    SELECT m.clinic_id, t.by_id, coalesce(t.seconds, round(extract(epoch FROM upper(t.span) - lower(t.span)))::int),
           t.recorded_at > coalesce(lower(t.span), (t."on" + 1)::timestamp AT TIME ZONE c.time_zone)
                           + %(late)s * interval '1 day' AND t.import_id IS NULL
      FROM unnest(%(clinics)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS m(clinic_id, starts, ends)
      JOIN tenancy_clinic c ON c.organization_id = %(organization)s AND c.id = m.clinic_id
      JOIN registry_episode e ON e.organization_id = %(organization)s AND e.clinic_id = m.clinic_id
      JOIN caseload_timeentry t ON t.organization_id = e.organization_id AND t.episode_id = e.id
     WHERE t.organization_id = %(organization)s AND t.voided_at IS NULL AND NOT t.held
       AND (t."on" BETWEEN %(first)s AND %(last)s OR t.span && tstzrange(m.starts, m.ends))
"""

Entry = tuple[str, int, bool]
"""Whose, how many seconds, and whether it was entered late."""


@dataclass(frozen=True, slots=True)
class ExceptionShown:
    """Something about a month that somebody should see to before it is closed, and what was said of it."""

    kind: str
    about: str
    episode_id: UUID | None
    who: str
    words: str
    fix: str
    owner_id: UUID | None = None
    owner: str = ""
    note: str = ""
    is_settled: bool = False

    @property
    def key(self) -> tuple[str, UUID | None, str]:
        return self.kind, self.episode_id, self.about


def exceptions_of(
    organization_id: UUID,
    month: str,
    clinics: Mapping[Clinic, tuple[datetime, datetime]],
    rows: Sequence[MonthRow],
) -> dict[UUID, tuple[ExceptionShown, ...]]:
    """By clinic, what to see to in its month, whose instants are given: gaps of patients, what waits, and what an
    auditor would ask about. Four statements for any number of clinics, none for none.
    """
    if not clinics:
        return {}
    entries = _entries(organization_id, month, clinics)
    people = people_of(organization_id)
    noted = _noted(organization_id, month)
    found: dict[UUID, tuple[ExceptionShown, ...]] = {}
    for clinic in clinics:
        of_rows = [one for row in rows if row.clinic_id == clinic.id for one in _of_row(row)]
        of_entries = _of_entries(clinic, entries.get(clinic.id, []), people)
        found[clinic.id] = tuple(_with(one, noted.get((clinic.id, *one.key))) for one in (*of_rows, *of_entries))
    return found


def _entries(
    organization_id: UUID, month: str, clinics: Mapping[Clinic, tuple[datetime, datetime]]
) -> dict[UUID, list[Entry]]:
    params: dict[str, Any] = {
        "organization": organization_id,
        "clinics": [clinic.id for clinic in clinics],
        "starts": [starts_at for starts_at, _ in clinics.values()],
        "ends": [ends_at for _, ends_at in clinics.values()],
        "first": first_day(month),
        "last": last_day(month),
        "late": LATE_DAYS,
    }
    found: dict[UUID, list[Entry]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, params)
        for clinic_id, by, seconds, is_late in cursor.fetchall():
            found.setdefault(clinic_id, []).append((str(by), seconds, is_late))
    return found


def _of_entries(clinic: Clinic, entries: Sequence[Entry], people: Mapping[UUID, object]) -> Iterator[ExceptionShown]:
    """Lengths that come again and again, and what was entered more than a week after the work."""
    for one in repeated_durations((by, seconds) for by, seconds, _ in entries):
        minutes, seconds = divmod(one.seconds, 60)
        length = f"{minutes} min" if not seconds else f"{minutes} min {seconds} s"
        yield ExceptionShown(
            "repeated_durations",
            f"{one.person} {one.seconds}",
            None,
            str(people.get(UUID(one.person), "Somebody")),
            f"{one.times} of {one.of} entries last exactly {length}.",
            "Ask whether the minutes were measured. An auditor would.",
        )
    late = sum(is_late for *_, is_late in entries)
    if late:
        words = f"{late} {'entry was' if late == 1 else 'entries were'} made more than {LATE_DAYS} days after the work."
        yield ExceptionShown("entered_late", "", None, clinic.name, words, "Look at them, and note why.")


def _of_row(row: MonthRow) -> Iterator[ExceptionShown]:
    if row.held_entries:
        fix = "Settle them: until then they count nowhere, and after the close they cannot."
        yield ExceptionShown("held", "", row.episode_id, row.patient_name, f"{row.held_words}.", fix)
    for gap in row.gaps:
        if gap.word != "minutes_short":
            yield ExceptionShown("gap", gap.word, row.episode_id, row.patient_name, gap.sentence, gap.closes)
    if row.verdict_lines and row.refusal:
        fix = "Add the coverage, or note why nothing is asked."
        yield ExceptionShown("refused", "", row.episode_id, row.patient_name, f"{row.refusal}.", fix)
    if row.bills and row.rests_on_unseen:
        words = "Rests on a care plan or a visit that nobody has seen."
        yield ExceptionShown(
            "unseen", "", row.episode_id, row.patient_name, words, "Look at the papers, or record them."
        )
    if row.is_held_back and row.release is not None:
        fix = "Decide about it. Closed as it is, it asks for nothing, and is corrected later with a reason."
        found = " ".join(check.sentence for check in row.release.holding)
        yield ExceptionShown(
            "held_back", "", row.episode_id, row.patient_name, f"{row.release.chip}. {found}".strip(), fix
        )
    if row.is_changed:
        words = f"{row.changed_words}."
        yield ExceptionShown("changed", "", row.episode_id, row.patient_name, words, "Correct the claim.")


def _noted(organization_id: UUID, month: str) -> dict[tuple[UUID, str, UUID | None, str], MonthException]:
    rows = MonthException.objects.filter(organization_id=organization_id, month=first_day(month))
    return {(row.clinic_id, row.kind, row.episode_id, row.about): row for row in rows.select_related("owner")}


def _with(one: ExceptionShown, noted: MonthException | None) -> ExceptionShown:
    if noted is None:
        return one
    owner = str(noted.owner) if noted.owner else ""
    return replace(one, owner_id=noted.owner_id, owner=owner, note=noted.note, is_settled=noted.is_settled)
