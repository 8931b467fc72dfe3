"""Who was asked the three questions, what their links are, who is due, and what was said, without names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from django.utils.crypto import salted_hmac

from bhi.tenancy.sight import seeing_everything
from outcomes.models import ExperienceAsked
from outcomes.rules.asking import APART_DAYS, KEYS, Said, end_of_quarter, is_open, may_be_asked_from, said_of
from outcomes.rules.masking import hidden_among
from registry.models import Episode
from registry.rules.links import Address, long_address

Link = ExperienceAsked
"""What pages call it."""

DUE_AFTER_DAYS: Final = 90
DUE_FOR_DAYS: Final = 30
MOST_REMARKS: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A patient's last link. `again_from`: the day from which they may be asked anew."""

    id: UUID
    asked_on: date
    sent_by: str
    is_open: bool
    is_answered: bool
    expires_at: datetime
    again_from: date
    address: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was said in a quarter, of everybody or at a clinic. `said` is None where it does not show."""

    asked: int
    answered: int
    said: tuple[Said, ...] | None

    @property
    def answers(self) -> tuple[tuple[str, Said], ...]:
        """By question."""
        return tuple(zip(KEYS, self.said, strict=True)) if self.said else ()


@dataclass(frozen=True, slots=True)
class Experience:
    """A quarter of everybody, its clinics, and remarks in no order; all hidden where fewer answered than shown.

    `is_over`: whether the quarter has ended; before that only counts show.
    """

    is_over: bool
    whole: Group
    clinics: dict[UUID, Group]
    remarks: tuple[str, ...]


def secret_of(asked_id: UUID) -> bytes:
    """A link's secret: made of its id by our key, so that it is stored nowhere and can be sent by a job."""
    return salted_hmac("outcomes.experience", str(asked_id), algorithm="sha256").digest()


def link_address(asked: ExperienceAsked) -> str:
    """The whole address of a link, as it is sent or copied."""
    token = long_address(asked.organization_id, secret_of(asked.id))
    return settings.ADDRESS + reverse("experience_link", args=[token])


def asked_by(address: Address, organization_id: UUID) -> ExperienceAsked | None:
    """The link that an address opens, in whatever state it is."""
    rows = ExperienceAsked.objects.filter(organization_id=organization_id, token_sha256=address.secret_sha256)
    return rows.select_related("patient__clinic").first()


def is_link_open(asked: ExperienceAsked, at: datetime) -> bool:
    """Whether it can be answered now."""
    return is_open(
        at=at,
        expires_at=asked.expires_at,
        is_answered=asked.answered_at is not None,
        is_voided=asked.voided_at is not None,
    )


def last_asked(patient_id: UUID, organization_id: UUID, *, at: datetime) -> Asked | None:
    """When a patient was asked last, and how that stands; never what they said."""
    rows = ExperienceAsked.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    row = rows.order_by("-recorded_at", "-id").first()
    if row is None:
        return None
    asked_on = row.recorded_at.date()
    is_now_open = is_link_open(row, at)
    address = link_address(row) if is_now_open else ""
    is_answered = row.answered_at is not None
    return Asked(
        row.id, asked_on, row.sent_by, is_now_open, is_answered, row.expires_at, may_be_asked_from(asked_on), address
    )


def patients_due(organization_id: UUID, *, at: datetime, on: date) -> list[UUID]:
    """Who would be asked by e-mail today: enrolled ninety days ago or discharged, within thirty days, not asked lately.

    Two statements.
    """
    episodes = Episode.objects.live().filter(organization_id=organization_id, patient__voided_at__isnull=True)
    agreed = episodes.filter(
        patient__may_email=True, patient__died_on__isnull=True, patient__merged_into__isnull=True
    ).exclude(patient__email="")
    first = on - timedelta(days=DUE_FOR_DAYS)
    enrolled = agreed.filter(
        ended_on__isnull=True,
        enrolled_on__gt=first - timedelta(days=DUE_AFTER_DAYS),
        enrolled_on__lte=on - timedelta(days=DUE_AFTER_DAYS),
    )
    discharged = agreed.filter(ended_on__gt=first, ended_on__lte=on)
    lately = ExperienceAsked.objects.live().filter(
        organization_id=organization_id, recorded_at__gt=at - timedelta(days=APART_DAYS)
    )
    asked = set(lately.values_list("patient_id", flat=True))
    ids = {*enrolled.values_list("patient_id", flat=True), *discharged.values_list("patient_id", flat=True)}
    return sorted(ids - asked)


def experience(
    organization_id: UUID, *, quarter: date, on: date, under: int, clinics: Collection[UUID] | None = None
) -> Experience:
    """What was said in a quarter by everybody at these clinics (None: all), as of a day. Two statements.

    Fewer than `under` answers are not shown, nor what they could be told from; nor are their remarks. Nothing of what
    was said is shown while the quarter runs: whoever looks before and after one patient answers would read theirs.
    """
    with seeing_everything():
        asked = _asked(organization_id, quarter, clinics)
        answers = _answers(organization_id, quarter, clinics)
    by_clinic: dict[UUID, list[tuple[int, ...]]] = {}
    for clinic_id, *given, _ in answers:
        by_clinic.setdefault(clinic_id, []).append(tuple(given))
    every = [one for rows in by_clinic.values() for one in rows]
    hidden = hidden_among({key: (len(rows),) for key, rows in by_clinic.items()}, under)
    is_over = on >= end_of_quarter(quarter)
    shows = is_over and len(every) >= max(under, 1)
    return Experience(
        is_over=is_over,
        whole=_group(sum(asked.values()), every, is_shown=shows),
        clinics={
            key: _group(asked.get(key, 0), by_clinic.get(key, []), is_shown=shows and key not in hidden)
            for key in {*asked, *by_clinic}
        },
        remarks=_in_no_order([row[-1] for row in answers if row[-1]]) if shows else (),
    )


def _group(asked: int, rows: list[tuple[int, ...]], *, is_shown: bool) -> Group:
    if not is_shown:
        return Group(asked, len(rows), None)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(KEYS)
    return Group(asked, len(rows), tuple(said_of(column) for column in columns))


def _asked(organization_id: UUID, quarter: date, clinics: Collection[UUID] | None) -> dict[UUID, int]:
    """How many links were made, by clinic. Quarters of links are told in UTC: a few hours do not matter."""
    rows = _live(organization_id, clinics).filter(
        recorded_at__date__gte=quarter, recorded_at__date__lt=end_of_quarter(quarter)
    )
    return dict(rows.values_list("patient__clinic_id").annotate(count=Count("id")).order_by())


def _answers(organization_id: UUID, quarter: date, clinics: Collection[UUID] | None) -> list[tuple[Any, ...]]:
    """Clinic, the three answers, and the remark."""
    rows = _live(organization_id, clinics).filter(answered_on__gte=quarter, answered_on__lt=end_of_quarter(quarter))
    return list(rows.values_list("patient__clinic_id", *KEYS, "remark"))


def _live(organization_id: UUID, clinics: Collection[UUID] | None) -> Any:
    rows = ExperienceAsked.objects.live().filter(organization_id=organization_id)
    return rows if clinics is None else rows.filter(patient__clinic_id__in=clinics)


def _in_no_order(remarks: list[str]) -> tuple[str, ...]:
    """By a hash, so that neither the place nor the time of a remark says whose it is."""
    return tuple(sorted(remarks, key=lambda remark: sha256(remark.encode()).digest())[:MOST_REMARKS])
