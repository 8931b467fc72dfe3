"""What leaves as 837P: for each payer of a closed month the claims that are ready, those to mend, and where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.models import BillingProvider, PayerRoute
from billing.queries.calendar import page_zone
from billing.queries.claimable import Billable, ToClaim, claimable
from billing.queries.fees import charges
from billing.queries.filing_service_day import day_of
from billing.queries.part_two import states_of
from billing.rules.decisions import APCM_BASES
from billing.rules.sites import Site
from billing.rules.x12.characters import plain_text
from billing.rules.x12.claim import (
    Address,
    Biller,
    ClaimFile,
    Clinician,
    Facility,
    Fault,
    FiledClaim,
    FiledLine,
    FileHead,
    Ids,
    Insured,
    Person,
    Support,
    Taker,
    faults_of,
)
from caseload.rules.clock import local_date
from registry.models import Consent, Coverage, Patient
from registry.rules.names import read_person

NOT_YET = "00000-00000-000000"
INSTITUTIONAL = "institutional"
MOST_POINTERS = 4
MOST_DIAGNOSES = 12


@dataclass(frozen=True, slots=True)
class Prepared:
    """A month that can be claimed, as its claim would be filed, and what keeps it from leaving."""

    billable: Billable
    claim: FiledClaim
    faults: tuple[Fault, ...] = ()

    @property
    def is_institutional(self) -> bool:
        """Whether its clinic files on another form, so that it leaves by table and paper."""
        return any(fault.word == INSTITUTIONAL for fault in self.faults)

    @property
    def patient_name(self) -> str:
        patient = self.billable.episode.patient
        return f"{patient.family_name}, {patient.given_name}"


@dataclass(frozen=True, slots=True)
class PayerPlan:
    """One payer's claims. `head` is None where nobody said who takes its files; `file_faults` stop all of them."""

    payer_id: UUID
    payer: str
    route: PayerRoute | None
    head: FileHead | None
    ready: tuple[Prepared, ...]
    to_mend: tuple[Prepared, ...]
    institutional: tuple[Prepared, ...]
    unseen: tuple[Prepared, ...]
    file_faults: tuple[Fault, ...] = ()

    @property
    def leaves(self) -> tuple[Prepared, ...]:
        """What a file would hold now."""
        return () if self.head is None or self.file_faults else self.ready

    @property
    def charge(self) -> Decimal:
        """What the ready claims ask for."""
        return sum((one.claim.charge or Decimal(0) for one in self.ready), Decimal(0))

    @property
    def count(self) -> int:
        return len(self.ready) + len(self.to_mend) + len(self.institutional) + len(self.unseen)


@dataclass(frozen=True, slots=True)
class FilingPlan:
    """A month's claims by payer. `still_open` bill at clinics whose month nobody closed; files hold closed ones.
    `posted` were entered in the practice's own system, which bills them.
    """

    payers: tuple[PayerPlan, ...]
    has_provider: bool
    still_open: int
    held: int
    to_correct: int
    posted: int = 0

    @property
    def leaves(self) -> int:
        return sum(len(payer.leaves) for payer in self.payers)


def filing_plan(
    organization_id: UUID,
    month: str,
    *,
    at: datetime,
    has_seen_papers: bool = False,
    episode_ids: Collection[UUID] | None = None,
    even_claimed: bool = False,
    as_filed: Callable[[FiledClaim], FiledClaim] = lambda claim: claim,
) -> FilingPlan:
    """What would leave for a month: of these episodes, or of all. A constant number of statements, where no payer
    dates claims by the day on which the minutes were reached. `as_filed` changes claims before they are checked.
    """
    found = claimable(organization_id, month, episode_ids=episode_ids, even_claimed=even_claimed)
    closed = [one for one in found.billable if one.basis.frozen_id is not None]
    ground = _ground(organization_id, closed, at)
    by_payer: dict[UUID, list[Billable]] = {}
    for one in closed:
        by_payer.setdefault(one.payer.id, []).append(one)
    plans = [_of_payer(ground, ones, has_seen_papers=has_seen_papers, as_filed=as_filed) for ones in by_payer.values()]
    plan = _plan(found, sorted(plans, key=lambda plan: plan.payer), ground)
    return replace(plan, still_open=len(found.billable) - len(closed), posted=found.posted)


def payer_plan(organization_id: UUID, payer_id: UUID, name: str, *, at: datetime) -> PayerPlan:
    """Who takes a payer's files, without any claim. Three statements."""
    route = PayerRoute.objects.filter(organization_id=organization_id, payer_id=payer_id)
    found = route.select_related("receiver").first()
    now = at.astimezone(page_zone(organization_id))
    ground = _Ground(_provider(organization_id), {}, {}, {}, {}, lambda on: {}, now)
    return PayerPlan(payer_id, name, found, _head(ground, found), (), (), (), ())


def _provider(organization_id: UUID) -> BillingProvider | None:
    return BillingProvider.objects.filter(organization_id=organization_id).first()


def _plan(found: ToClaim, plans: list[PayerPlan], ground: _Ground) -> FilingPlan:
    return FilingPlan(
        tuple(plans), ground.provider is not None, still_open=0, held=found.held, to_correct=found.to_correct
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all claims of a month are made of, read once."""

    provider: BillingProvider | None
    routes: Mapping[UUID, PayerRoute]
    coverages: Mapping[UUID, tuple[Coverage, ...]]
    consents: Mapping[UUID, datetime]
    part_two: Mapping[UUID, str]
    charges_on: Callable[[date], Mapping[str, Decimal]]
    now: datetime


def _ground(organization_id: UUID, billable: Collection[Billable], at: datetime) -> _Ground:
    patients = [one.episode.patient_id for one in billable]
    routes = PayerRoute.objects.filter(organization_id=organization_id).select_related("receiver")
    coverages: dict[UUID, list[Coverage]] = {}
    rows = Coverage.objects.live().filter(organization_id=organization_id, patient_id__in=patients)
    for coverage in rows.select_related("payer").order_by("rank", "id"):
        coverages.setdefault(coverage.patient_id, []).append(coverage)
    consents: dict[UUID, datetime] = {}
    given = Consent.objects.live().filter(organization_id=organization_id, patient_id__in=patients)
    for patient_id, given_at in given.order_by("given_at").values_list("patient_id", "given_at"):
        consents.setdefault(patient_id, given_at)
    return _Ground(
        _provider(organization_id),
        {route.payer_id: route for route in routes},
        {patient_id: tuple(found) for patient_id, found in coverages.items()},
        consents,
        states_of(organization_id, (one.episode.patient for one in billable), at=at),
        cache(lambda on: charges(organization_id, on)),
        at.astimezone(page_zone(organization_id)),
    )


def _of_payer(
    ground: _Ground,
    billable: list[Billable],
    *,
    has_seen_papers: bool,
    as_filed: Callable[[FiledClaim], FiledClaim],
) -> PayerPlan:
    payer = billable[0].payer
    route = ground.routes.get(payer.id)
    head = _head(ground, route)
    claims = [as_filed(_filed(ground, route, one)) for one in billable]
    faults = faults_of(ClaimFile(head or _NO_HEAD, tuple(claims)))
    of_claim: dict[int | None, list[Fault]] = {}
    for fault in faults:
        of_claim.setdefault(fault.claim, []).append(fault)
    prepared = [
        Prepared(one, claim, tuple(of_claim.get(place, ())))
        for place, (one, claim) in enumerate(zip(billable, claims, strict=True))
    ]
    unseen = [one for one in prepared if one.billable.rests_on_unseen and not has_seen_papers]
    seen = [one for one in prepared if has_seen_papers or not one.billable.rests_on_unseen]
    return PayerPlan(
        payer_id=payer.id,
        payer=payer.name,
        route=route,
        head=head,
        ready=tuple(one for one in seen if not one.faults),
        to_mend=tuple(one for one in seen if one.faults and not one.is_institutional),
        institutional=tuple(one for one in seen if one.is_institutional),
        unseen=tuple(unseen),
        file_faults=tuple(of_claim.get(None, ())) if head is not None else (),
    )


_NO_HEAD = FileHead(
    date(9999, 1, 1),
    "0000",
    0,
    0,
    Biller("", "", "", Address(), "", "", "", ""),
    Taker("", "", "", ""),
)


def _head(ground: _Ground, route: PayerRoute | None) -> FileHead | None:
    """The head of a payer's file, its numbers not yet given; None where nobody files or takes it."""
    if ground.provider is None or route is None or route.receiver is None or not route.receiver.is_in_use:
        return None
    receiver = route.receiver
    return FileHead(
        made_on=ground.now.date(),
        made_at=f"{ground.now:%H%M}",
        batch_number=0,
        interchange_number=0,
        biller=biller_of(ground.provider),
        taker=Taker(
            receiver.name,
            receiver.receiver_id,
            receiver.application_id,
            receiver.sender_id,
            receiver.receiver_qualifier,
            receiver.sender_qualifier,
        ),
        is_test=ground.provider.is_test,
    )


def biller_of(provider: BillingProvider) -> Biller:
    """The billing provider as claims carry it."""
    return Biller(
        name=provider.name,
        npi=provider.npi,
        tax_id=provider.tax_id,
        address=Address(provider.address, provider.city, provider.state, provider.postal_code),
        submitter_name=provider.submitter_name,
        submitter_id=provider.submitter_id,
        contact_name=provider.contact_name,
        contact_phone=provider.contact_phone,
        taxonomy=provider.taxonomy,
        tax_id_kind=provider.tax_id_kind,
    )


def _filed(ground: _Ground, route: PayerRoute | None, one: Billable) -> FiledClaim:
    episode, facts = one.episode, one.basis.facts
    service_on = day_of(one, route.service_day if route else "")
    diagnoses = tuple(one.diagnoses[:MOST_DIAGNOSES])
    return FiledClaim(
        control_number=NOT_YET,
        month=facts["month"],
        service_on=service_on,
        patient=_person(episode.patient),
        insured=_insured(ground, route, one),
        place_of_service=facts["place_of_service"],
        diagnoses=diagnoses,
        clinician=_clinician(one),
        lines=tuple(_lines(one, ground.charges_on(service_on), diagnoses)),
        support=_support(ground, one),
        ids=Ids(
            patient=str(episode.patient_id),
            episode=str(episode.id),
            payer=str(one.payer.id),
            clinician=str(one.clinician.id) if one.clinician else "",
            clinic=str(episode.clinic_id),
        ),
        facility=_facility(ground.provider, one.site),
    )


def _facility(provider: BillingProvider | None, site: Site) -> Facility | None:
    """Where the patient was seen, where an address is known and is not the billing provider's."""
    address = Address(site.address, site.city, site.state, site.postal_code)
    if address == Address() or (provider is not None and _is_same(address, biller_of(provider).address)):
        return None
    return Facility(site.name, site.npi, address)


def _is_same(one: Address, other: Address) -> bool:
    """Whether two addresses are one place: the street and the first five digits of the code, however written."""
    return (plain_text(one.street), one.postal_code[:5]) == (plain_text(other.street), other.postal_code[:5])


def _lines(one: Billable, fees: Mapping[str, Decimal], diagnoses: tuple[str, ...]) -> Iterable[FiledLine]:
    pointers = _pointers(diagnoses)
    for place, line in enumerate(one.lines, start=1):
        fee = fees.get(line.code)
        charge = None if fee is None else fee * line.units
        of_line = tuple(range(1, len(diagnoses) + 1))[:MOST_POINTERS] if line.code in APCM_BASES else pointers
        yield FiledLine(line.code, line.units, charge, f"{NOT_YET}-{place}", of_line or (1,))


def _pointers(diagnoses: tuple[str, ...]) -> tuple[int, ...]:
    """The behavioral diagnoses, for which the service was given; four at most."""
    behavioral = [place for place, code in enumerate(diagnoses, start=1) if code.startswith("F")]
    return tuple(behavioral[:MOST_POINTERS])


def _clinician(one: Billable) -> Clinician:
    clinician = one.clinician
    if clinician is None:
        return Clinician()
    name = read_person(clinician.name)
    return Clinician(name.family, " ".join(part for part in (name.given, name.middle) if part), clinician.npi)


def _support(ground: _Ground, one: Billable) -> Support:
    given_at = ground.consents.get(one.episode.patient_id)
    zone = ZoneInfo(one.episode.clinic.time_zone)
    verdict = one.basis.verdict
    return Support(
        supported=tuple((line["code"], line["units"]) for line in verdict["lines"]),
        consented_on=local_date(given_at, zone) if given_at else None,
        worked_before=verdict["month_type"] == "subsequent",
        clinic=one.site.name,
        setting=one.basis.facts["setting"],
        part_two=ground.part_two.get(one.episode.patient_id, ""),
    )


def _insured(ground: _Ground, route: PayerRoute | None, one: Billable) -> Insured:
    coverage = _coverage(ground.coverages.get(one.episode.patient_id, ()), one)
    holder = coverage is not None and coverage.relationship != "self"
    return Insured(
        payer_name=one.payer.name,
        payer_identifier=(route.payer_identifier if route else "") or one.payer.code,
        filing_code=route.filing_code if route else "",
        member_id=one.member_id,
        group_number=coverage.group_number if coverage else "",
        relationship=coverage.relationship if coverage else "self",
        holder=_holder(coverage) if coverage is not None and holder else None,
        takes_mbi=coverage.payer.takes_mbi if coverage else False,
        payer_address=Address(route.address, route.city, route.state, route.postal_code) if route else Address(),
    )


def _coverage(coverages: Iterable[Coverage], one: Billable) -> Coverage | None:
    """The coverage that the month asks."""
    return next((coverage for coverage in coverages if coverage.id == one.coverage_id), None)


def _holder(coverage: Coverage) -> Person:
    return Person(
        coverage.subscriber_family_name,
        coverage.subscriber_given_name,
        coverage.subscriber_birth_date,
        coverage.subscriber_sex,
        Address(
            coverage.subscriber_address,
            coverage.subscriber_city,
            coverage.subscriber_state,
            coverage.subscriber_postal_code,
        ),
    )


def _person(patient: Patient) -> Person:
    address = Address(patient.address, patient.city, patient.state, patient.postal_code)
    return Person(patient.family_name, patient.given_name, patient.birth_date, patient.sex, address, patient.died_on)
