"""What files of screened patients add up to, which positive screens still wait, and the files themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection

from bhi.errors import NotFound
from bhi.tenancy.sight import seeing_everything
from outcomes.models import ScreeningFile
from outcomes.rules.screening import FOLLOW_UP_DAYS, PHQ2, PHQ9, POSITIVE_FROM, ScreenedFacts, ScreenedMonth, Share
from registry.models import Patient, RecordNumber
from registry.rules.identifiers import bare_mrn

File = ScreeningFile
"""What pages call it."""

FILES_PER_PAGE: Final = 50
WAITING_PER_PAGE: Final = 50

# The rows of the files that hold. Follow-up is the first of what the file tells, a referral to the program, and a
# contact in which the patient was reached, from the screen on.
_SEEN = """
WITH seen AS (
  SELECT f.month, (f.month + interval '1 month')::date AS next_month, v.*,
         v.score >= CASE v.instrument WHEN %(phq2)s THEN %(positive2)s ELSE %(positive9)s END AS is_positive,
         LEAST(v.followed_up_on,
           (SELECT min(r.referred_on) FROM registry_referral r
             WHERE r.organization_id = v.organization_id AND r.patient_id = v.patient_id AND r.voided_at IS NULL
               AND r.referred_on >= v.screened_on),
           (SELECT min(c."on") FROM caseload_contact c
             WHERE c.organization_id = v.organization_id AND c.patient_id = v.patient_id AND c.voided_at IS NULL
               AND c.outcome = 'reached' AND c."on" >= v.screened_on)) AS followed_on
    FROM outcomes_screenedvisit v
    JOIN outcomes_screeningfile f ON f.organization_id = v.organization_id AND f.id = v.file_id
   WHERE f.organization_id = %(organization)s AND f.state = 'taken' AND NOT f.is_replaced
     AND (%(months)s::date[] IS NULL OR f.month = ANY(%(months)s::date[]))
     AND (%(clinics)s::uuid[] IS NULL OR f.clinic_id = ANY(%(clinics)s::uuid[]))
), judged AS (
  SELECT *, screened_on + %(days)s AS until, screened_on >= month AND screened_on < next_month AS is_of_month
    FROM seen
)
"""
_COUNTS = """
SELECT month, clinic_id, count(*),
       count(*) FILTER (WHERE screened_on >= (seen_on - interval '12 months')::date AND screened_on < next_month),
       count(*) FILTER (WHERE is_first AND instrument = %(phq9)s AND is_of_month),
       count(*) FILTER (WHERE is_first AND instrument = %(phq9)s AND is_of_month AND is_positive),
       count(*) FILTER (WHERE is_positive AND is_of_month AND %(on)s::date > until),
       count(*) FILTER (WHERE is_positive AND is_of_month AND %(on)s::date > until
                          AND followed_on BETWEEN screened_on AND until),
       count(*) FILTER (WHERE is_positive AND is_of_month AND %(on)s::date <= until)
  FROM judged GROUP BY month, clinic_id
"""
_WAITING = """
SELECT id, mrn, clinic_id, patient_id, screened_on, instrument, score, until, count(*) OVER ()
  FROM judged
 WHERE is_positive AND is_of_month AND (followed_on IS NULL OR followed_on > until)
   AND (patient_id IS NULL OR EXISTS (
     SELECT FROM registry_patient p WHERE p.organization_id = judged.organization_id AND p.id = judged.patient_id))
 ORDER BY until, mrn LIMIT %(limit)s OFFSET %(offset)s
"""
_FACTS = "SELECT month, seen_on, screened_on, instrument, score, is_first, followed_on FROM judged"


@dataclass(frozen=True, slots=True)
class WaitingScreen:
    """A positive screen that nobody followed up: whose record number, when, and until when it is in time."""

    id: UUID
    mrn: str
    clinic_id: UUID
    patient_id: UUID | None
    screened_on: date
    instrument: str
    score: int
    until: date

    def is_late(self, on: date) -> bool:
        """Whether the thirty days are over."""
        return on > self.until


Months = Mapping[tuple[date, UUID | None], ScreenedMonth]


def screened_months(
    organization_id: UUID, *, on: date, months: Collection[date] | None = None, clinics: Collection[UUID] | None = None
) -> Months:
    """By month and clinic, and by month with None for all clinics asked for. `on`: as of which day. One statement.

    Numbers name nobody, so referrals and contacts of records that are kept to others count in them too.
    """
    with seeing_everything(), connection.cursor() as cursor:
        cursor.execute(_SEEN + _COUNTS, _given(organization_id, on=on, months=months, clinics=clinics))
        rows = cursor.fetchall()
    found: dict[tuple[date, UUID | None], ScreenedMonth] = {
        (month, clinic): ScreenedMonth(
            seen=seen,
            screened=Share(screened, seen),
            first=Share(positive, first),
            followed_up=Share(followed, due),
            pending=pending,
        )
        for month, clinic, seen, screened, first, positive, due, followed, pending in rows
    }
    for month in {month for month, _ in found}:
        found[month, None] = added(one for (of, clinic), one in found.items() if of == month and clinic)
    return found


def added(months: Iterable[ScreenedMonth]) -> ScreenedMonth:
    """Several clinics' months as one."""
    every = list(months)
    return ScreenedMonth(
        seen=sum(one.seen for one in every),
        screened=_sum(one.screened for one in every),
        first=_sum(one.first for one in every),
        followed_up=_sum(one.followed_up for one in every),
        pending=sum(one.pending for one in every),
    )


def waiting_screens(
    organization_id: UUID,
    *,
    on: date,
    months: Collection[date] | None = None,
    clinics: Collection[UUID] | None = None,
    page: int = 1,
) -> tuple[list[WaitingScreen], int]:
    """Positive screens without a follow-up within thirty days, those first whose time is up first; and their count.

    Not those of records that the seat may not see. One statement.
    """
    given = _given(organization_id, on=on, months=months, clinics=clinics)
    given |= {"limit": WAITING_PER_PAGE, "offset": (page - 1) * WAITING_PER_PAGE}
    with connection.cursor() as cursor:
        cursor.execute(_SEEN + _WAITING, given)
        rows = cursor.fetchall()
    return [WaitingScreen(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def screened_facts(organization_id: UUID, *, month: date, on: date) -> list[ScreenedFacts]:
    """The rows of a month as the rules judge them, for comparing the two."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN + _FACTS, _given(organization_id, on=on, months=[month], clinics=None))
        rows = cursor.fetchall()
    return [
        ScreenedFacts(
            month=of,
            on=on,
            seen_on=seen_on,
            screened_on=screened_on,
            instrument=instrument,
            score=score,
            is_first=is_first,
            followed_up_on=followed_up_on,
        )
        for of, seen_on, screened_on, instrument, score, is_first, followed_up_on in rows
    ]


def screening_file(organization_id: UUID, file_id: UUID, *, clinics: Collection[UUID] | None = None) -> ScreeningFile:
    """A file, with its clinic and who brought it. Raises NotFound, also for one of a clinic not among `clinics`."""
    found: ScreeningFile | None = _files(organization_id, clinics).filter(id=file_id).first()
    if found is None:
        raise NotFound
    return found


def screening_files(
    organization_id: UUID, *, page: int = 1, clinics: Collection[UUID] | None = None
) -> tuple[list[ScreeningFile], int]:
    """Files, the newest first, a page of them; and how many there are. Two statements."""
    rows = _files(organization_id, clinics)
    first = (page - 1) * FILES_PER_PAGE
    return list(rows.order_by("-received_at", "-id")[first : first + FILES_PER_PAGE]), rows.count()


@dataclass(frozen=True, slots=True)
class NumbersKnown:
    """Whose record number is whose at a clinic, leading zeros apart where that leaves no doubt."""

    exact: Mapping[str, UUID]
    bare: Mapping[str, frozenset[UUID]]

    def of(self, mrn: str) -> UUID | None:
        """The patient with this number; None for nobody's, and where several could be meant."""
        if mrn in self.exact:
            return self.exact[mrn]
        possible = self.bare.get(bare_mrn(mrn), frozenset())
        return next(iter(possible)) if len(possible) == 1 else None


def numbers_known(organization_id: UUID, clinic_id: UUID) -> NumbersKnown:
    """The record numbers of a clinic's patients, of records put together too, whoever asks. Two statements."""
    with seeing_everything():
        return _numbers_known(organization_id, clinic_id)


def _numbers_known(organization_id: UUID, clinic_id: UUID) -> NumbersKnown:
    merged = RecordNumber.objects.live().filter(organization_id=organization_id, clinic_id=clinic_id)
    people = Patient.objects.live().filter(
        organization_id=organization_id, clinic_id=clinic_id, merged_into__isnull=True
    )
    exact = dict(merged.values_list("mrn", "patient_id")) | dict(people.exclude(mrn="").values_list("mrn", "id"))
    bare: dict[str, set[UUID]] = {}
    for mrn, patient_id in exact.items():
        bare.setdefault(bare_mrn(mrn), set()).add(patient_id)
    return NumbersKnown(exact, {mrn: frozenset(ids) for mrn, ids in bare.items()})


def _files(organization_id: UUID, clinics: Collection[UUID] | None) -> Any:
    rows = ScreeningFile.objects.filter(organization_id=organization_id).select_related("clinic")
    return rows if clinics is None else rows.filter(clinic_id__in=clinics)


def _given(
    organization_id: UUID, *, on: date, months: Collection[date] | None, clinics: Collection[UUID] | None
) -> dict[str, Any]:
    return {
        "organization": organization_id,
        "on": on,
        "months": None if months is None else sorted(months),
        "clinics": None if clinics is None else sorted(clinics),
        "days": FOLLOW_UP_DAYS,
        "phq2": PHQ2,
        "phq9": PHQ9,
        "positive2": POSITIVE_FROM[PHQ2],
        "positive9": POSITIVE_FROM[PHQ9],
    }


def _sum(shares: Iterable[Share]) -> Share:
    every: Sequence[Share] = list(shares)
    return Share(sum(one.met for one in every), sum(one.of for one in every))
