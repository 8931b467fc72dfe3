"""Charges of closed months on their way into the practice's own system: ticked as posted, and how their file looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from billing.models import ChargeColumns, ChargePosted, FrozenMonth
from billing.operations.batches import lock_claims
from billing.queries.claimable import claimed_patients
from billing.queries.frozen import frozen_rows, read_lines
from billing.queries.part_two import refused_ids
from billing.rules.charge_sheet import Chosen, checked
from billing.rules.closing import standing_lines
from caseload.rules.clock import first_day
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.rules.part_two import Use, refused_words

MOST_NUMBER = 40


class CannotPost(DomainError):
    """Charges that are not to be posted: the sentence says why, `episodes` which; none where it is about all."""

    def __init__(self, sentence: str, episodes: Iterable[UUID] = ()) -> None:
        super().__init__(sentence)
        self.episodes = frozenset(episodes)


@transaction.atomic
def post_charges(
    *, by: Membership, at: datetime, month: str, numbers: Mapping[UUID, str], on: date
) -> list[ChargePosted]:
    """Tick the charges of closed months, by episode, as entered into the practice's own system under these numbers.

    All of them or none. What is ticked already, under the same number or asked for without one, stays as it is: those
    that are new have `at` as the time they were recorded. Raises CannotPost where a month
    is not closed or asks for nothing, stands there under another number, was claimed in a batch of either kind, or may
    not leave under 42 CFR part 2; NotFound for an episode that has no such month.
    """
    if not numbers:
        raise CannotPost("Tick the charges that were posted first.")
    too_long = [id_ for id_, number in numbers.items() if len(number.strip()) > MOST_NUMBER]
    if too_long:
        raise CannotPost(f"A charge number has {MOST_NUMBER} characters at most.", too_long)
    # The lock of those who make batches: a patient's month is posted or claimed, never both.
    lock_claims(by.organization_id)
    rows = _asking(by.organization_id, month, list(numbers))
    if rows.keys() != set(numbers):
        raise NotFound
    known = _posted(by.organization_id, month, list(numbers))
    _refuse(by.organization_id, month, rows, known, numbers)
    new = {id_: row.patient_id for id_, row in rows.items() if id_ not in known}
    _raise(refused_words(Use.PAYMENT), new, refused_ids(by.organization_id, list(new.values()), at=at))
    made = [
        stamped(
            ChargePosted,
            Stamp(by, at),
            patient_id=row.patient_id,
            episode_id=row.episode_id,
            month=first_day(month),
            number=numbers[row.episode_id].strip(),
            on=on,
        )
        for row in rows.values()
        if row.episode_id not in known
    ]
    record_facts(made)
    for one in made:
        record("charge.posted", by=by, at=at, patient_id=one.patient_id, object_id=one.id, fields=["number", "on"])
    return [*known.values(), *made]


@transaction.atomic
def take_back_posted(*, by: Membership, at: datetime, posted_id: UUID, reason: str) -> None:
    """A charge was ticked by mistake, or left the practice's system again.

    Raises ReasonMissing, AlreadyVoided, NotFound.
    """
    posted = ChargePosted.objects.filter(organization_id=by.organization_id, id=posted_id).first()
    if posted is None:
        raise NotFound
    void_facts([posted], stamp=Stamp(by, at), reason=reason)
    record("charge.not_posted", by=by, at=at, patient_id=posted.patient_id, object_id=posted.id, fields=["voided_at"])


@transaction.atomic
def set_charge_columns(*, by: Membership, at: datetime, columns: Sequence[tuple[str, str]]) -> Chosen:
    """Which columns the charge file has, in order, each with its heading. Raises ColumnsWrong."""
    chosen = checked(columns)
    _lock(by)
    row = ChargeColumns.objects.filter(organization_id=by.organization_id).first()
    stored = [list(one) for one in chosen]
    if row is not None and row.columns == stored:
        return chosen
    is_new = row is None
    row = row or ChargeColumns(organization_id=by.organization_id)
    row.columns, row.changed_at, row.changed_by = stored, at, by
    row.save(force_insert=is_new)
    record("charge_columns.set", by=by, at=at, object_id=row.id, fields=["columns"])
    return chosen


def _asking(organization_id: UUID, month: str, episodes: list[UUID]) -> dict[UUID, FrozenMonth]:
    """By episode, the closed months that ask for something."""
    rows = frozen_rows(organization_id, month).filter(episode_id__in=episodes).defer("facts", "verdict")
    return {row.episode_id: row for row in rows if standing_lines(read_lines(row.lines))}


def _posted(organization_id: UUID, month: str, episodes: list[UUID]) -> dict[UUID, ChargePosted]:
    rows = ChargePosted.objects.live().filter(
        organization_id=organization_id, month=first_day(month), episode_id__in=episodes
    )
    return {row.episode_id: row for row in rows}


def _refuse(
    organization_id: UUID,
    month: str,
    rows: Mapping[UUID, FrozenMonth],
    known: Mapping[UUID, ChargePosted],
    numbers: Mapping[UUID, str],
) -> None:
    other = [id_ for id_, one in known.items() if numbers[id_].strip() not in ("", one.number)]
    if other:
        raise CannotPost("It is ticked already under another number. Take that back first, or leave it so.", other)
    of = {id_: row.patient_id for id_, row in rows.items()}
    twice = {id_ for id_, count in Counter(of.values()).items() if count > 1}
    posted = ChargePosted.objects.live().filter(
        organization_id=organization_id, patient_id__in=list(of.values()), month=first_day(month)
    )
    elsewhere = set(posted.exclude(episode_id__in=list(rows)).values_list("patient_id", flat=True))
    _raise(
        "A patient’s month is posted once: it is ticked with another enrolment of the patient.", of, twice | elsewhere
    )
    claimed = claimed_patients(organization_id, month)
    _raise("A month left in a batch already. Posted here as well, the payer would be asked twice.", of, claimed)


def _raise(sentence: str, patients: Mapping[UUID, UUID], wrong: Collection[UUID]) -> None:
    """Refuse the episodes of these patients, where there are any."""
    episodes = [id_ for id_, patient_id in patients.items() if patient_id in wrong]
    if episodes:
        raise CannotPost(sentence, episodes)


def _lock(by: Membership) -> None:
    """One writer of columns at a time: a second submit waits, and finds the first one's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"charge columns of {by.organization_id}"]
        )
