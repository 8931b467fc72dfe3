"""The payers of an organization as their pages show them: whom they cover, by which rules, and on whose word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import PayerProfile
from billing.rules.payer_options import Difference, book_for, differences, family_name, typed
from billing.rules.payers import PayerRules, default_rules, with_book_notes
from registry.models import Coverage, Payer

PAGE = 50
ALWAYS = date(2000, 1, 1)
"""From when a guess holds of which nothing is stored."""


@dataclass(frozen=True, slots=True)
class Version:
    """One set of rules of a payer; without an id, what is assumed where nobody set any.

    `until` is the day before the next one begins; None while it goes on. `typed_options` are its differences from the
    book as a form takes them.
    """

    id: UUID | None
    family: str
    family_name: str
    differences: tuple[Difference, ...]
    typed_options: tuple[tuple[str, str], ...]
    from_on: date
    until: date | None
    is_assumed: bool
    is_in_force: bool
    note: str
    because: str
    attestation: str
    authorization: str
    authorization_after_months: int | None
    cost_share: str
    set_at: datetime | None
    set_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_because: str

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def changed_at(self) -> datetime | None:
        """When somebody last did something to it."""
        return self.withdrawn_at or self.set_at


@dataclass(frozen=True, slots=True)
class PayerShown:
    """A payer with its rules, the oldest first, those that were withdrawn too; `patients` are covered on the day."""

    id: UUID
    name: str
    code: str
    is_self_pay: bool
    patients: int
    versions: tuple[Version, ...]
    assumed_note: str

    @property
    def current(self) -> Version | None:
        """The rules in force on the day, assumed where nobody set any; None for self pay."""
        return next((version for version in self.versions if version.is_in_force), None)

    @property
    def is_assumed(self) -> bool:
        """Whether nobody stands for the rules in force."""
        return self.current is not None and self.current.is_assumed

    @property
    def changed_at(self) -> datetime | None:
        """When somebody last changed its rules."""
        return max((at for version in self.versions if (at := version.changed_at)), default=None)


@dataclass(frozen=True, slots=True)
class PayerList:
    """A page of the payers, and how many there are of each kind."""

    rows: tuple[PayerShown, ...]
    total: int
    assumed: int
    page: int
    pages: int
    first_row: int
    matching: int


def payer_list(organization_id: UUID, *, on: date, only_assumed: bool = False, page: int = 1) -> PayerList:
    """The payers by name, with how many patients they cover on a day. Four statements, however many there are.

    `only_assumed` leaves those whose rules nobody confirmed. A page beyond the last is the last.
    """
    everybody = _shown(organization_id, Payer.objects.filter(organization_id=organization_id), on)
    assumed = [payer for payer in everybody if payer.is_assumed]
    rows = assumed if only_assumed else everybody
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE
    return PayerList(
        rows=tuple(rows[first : first + PAGE]),
        total=len(everybody),
        assumed=len(assumed),
        page=page,
        pages=pages,
        first_row=first + 1,
        matching=len(rows),
    )


def payer_shown(organization_id: UUID, payer_id: UUID, *, on: date) -> PayerShown:
    """One payer. Four statements. Raises NotFound."""
    rows = _shown(organization_id, Payer.objects.filter(organization_id=organization_id, id=payer_id), on)
    if not rows:
        raise NotFound
    return rows[0]


def payer_row(organization_id: UUID, payer_id: UUID) -> Payer:
    """The payer itself, for what writes about it. Raises NotFound."""
    payer: Payer | None = Payer.objects.filter(organization_id=organization_id, id=payer_id).first()
    if payer is None:
        raise NotFound
    return payer


def patients_of_payer(organization_id: UUID, payer_id: UUID) -> list[UUID]:
    """Everybody whom the payer covers or covered, the latest on record first."""
    rows = Coverage.objects.live().filter(organization_id=organization_id, payer_id=payer_id)
    return list(dict.fromkeys(rows.order_by("-recorded_at", "-id").values_list("patient_id", flat=True)))


def _shown(organization_id: UUID, payers: QuerySet[Payer], on: date) -> list[PayerShown]:
    known = list(payers.order_by("name", "id"))
    people = people_of(organization_id)
    covered = _covered(organization_id, on)
    profiles: dict[UUID, list[PayerProfile]] = {}
    for profile in PayerProfile.objects.filter(organization_id=organization_id, payer__in=known).order_by(
        "from_on", "withdrawn_at", "id"
    ):
        profiles.setdefault(profile.payer_id, []).append(profile)
    return [
        PayerShown(
            id=payer.id,
            name=payer.name,
            code=payer.payer_code,
            is_self_pay=payer.is_self_pay,
            patients=covered.get(payer.id, 0),
            versions=() if payer.is_self_pay else _versions(profiles.get(payer.id, []), payer.name, people, on),
            assumed_note=default_rules(payer.name).note,
        )
        for payer in known
    ]


def _covered(organization_id: UUID, on: date) -> dict[UUID, int]:
    rows = Coverage.objects.live().filter(
        Q(from_on__isnull=True) | Q(from_on__lte=on),
        Q(until_on__isnull=True) | Q(until_on__gte=on),
        organization_id=organization_id,
        patient__voided_at__isnull=True,
        patient__merged_into__isnull=True,
    )
    return dict(rows.order_by().values_list("payer_id").annotate(Count("patient_id", distinct=True)))


def _versions(
    profiles: Sequence[PayerProfile], name: str, people: Mapping[UUID, Membership], on: date
) -> tuple[Version, ...]:
    begins = sorted(profile.from_on for profile in profiles if profile.withdrawn_at is None)
    in_force = max((day for day in begins if day <= on), default=None)
    guess = [] if in_force is not None else [PayerProfile(id=None, from_on=ALWAYS, is_default=True)]
    return tuple(
        _version(
            profile,
            name,
            people,
            on=on,
            until=_day_before(next((day for day in begins if day > profile.from_on), None)),
            is_in_force=profile.withdrawn_at is None and profile.from_on in (in_force, *(one.from_on for one in guess)),
        )
        for profile in [*guess, *profiles]
    )


def _day_before(day: date | None) -> date | None:
    return None if day is None else date.fromordinal(day.toordinal() - 1)


def _version(
    profile: PayerProfile,
    name: str,
    people: Mapping[UUID, Membership],
    *,
    on: date,
    until: date | None,
    is_in_force: bool,
) -> Version:
    day = max(profile.from_on, min(on, until or on))
    rules = default_rules(name, on) if profile.is_default else _rules(profile, day)
    return Version(
        id=profile.id,
        family=rules.family,
        family_name=family_name(rules.family),
        differences=differences(book_for(rules.family, profile.from_on), dict(rules.options)),
        typed_options=tuple((name, typed(name, value)) for name, value in rules.options),
        from_on=profile.from_on,
        until=until,
        is_assumed=profile.is_default,
        is_in_force=is_in_force,
        note=rules.note,
        because=profile.because,
        attestation=rules.attestation,
        authorization=rules.authorization,
        authorization_after_months=rules.authorization_after_months,
        cost_share=rules.cost_share,
        set_at=profile.set_at,
        set_by=str(people[profile.set_by_id]) if profile.set_by_id else "",
        withdrawn_at=profile.withdrawn_at,
        withdrawn_by=str(people[profile.withdrawn_by_id]) if profile.withdrawn_by_id else "",
        withdrawn_because=profile.withdrawn_because,
    )


def _rules(profile: PayerProfile, on: date) -> PayerRules:
    options = ((key, tuple(value) if isinstance(value, list) else value) for key, value in profile.options.items())
    rules = PayerRules(
        profile.book,
        tuple(sorted(options)),
        "",
        profile.attestation,
        profile.authorization,
        profile.authorization_after_months,
        profile.cost_share,
    )
    return with_book_notes(rules, on)
