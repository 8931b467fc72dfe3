"""What leaves as 837P: for each payer of a closed month the claims that are ready, those to mend, and where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

from billing.models import BillingProvider, PayerRoute, Receiver
from billing.queries.calendar import page_zone
from billing.queries.claimable import Billable, claimable
from billing.queries.fees import charges
from billing.queries.filed_claims import Given, Ground, filed_claim
from billing.queries.part_two import states_of
from billing.rules.x12.claim import (
    Address,
    Biller,
    ClaimFile,
    Fault,
    FiledClaim,
    FileHead,
    Taker,
    address_of,
    faults_of,
    notes_of,
)
from registry.models import Consent, ConsentService, Coverage
from registry.queries.authorizations import authorizations_of
from registry.queries.diagnoses import new_codes

INSTITUTIONAL = "institutional"


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
    def notes(self) -> tuple[str, ...]:
        """What somebody should look at before it leaves, though nothing keeps it."""
        return notes_of(self.claim)

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
    def noted(self) -> tuple[Prepared, ...]:
        """Those that are ready, with something to look at first."""
        return tuple(one for one in self.ready if one.notes)

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
    `posted` were entered in the practice's own system, which bills them. `only_tests`: the organization's files all
    say T.
    """

    payers: tuple[PayerPlan, ...]
    has_provider: bool
    still_open: int
    held: int
    to_correct: int
    posted: int = 0
    only_tests: bool = False

    @property
    def tests_to(self) -> tuple[str, ...]:
        """Whose files alone are tests still; none where all of the organization's are."""
        if self.only_tests:
            return ()
        return tuple(sorted({one.head.taker.name for one in self.payers if one.head and one.head.is_test}))

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
    filer = _filer(organization_id, at)
    ground = _ground(organization_id, filer, closed, at)
    by_payer: dict[UUID, list[Billable]] = {}
    for one in closed:
        by_payer.setdefault(one.payer.id, []).append(one)
    plans = [
        _of_payer(filer, ground, ones, has_seen_papers=has_seen_papers, as_filed=as_filed) for ones in by_payer.values()
    ]
    return FilingPlan(
        tuple(sorted(plans, key=lambda plan: plan.payer)),
        has_provider=filer.provider is not None,
        still_open=len(found.billable) - len(closed),
        held=found.held,
        to_correct=found.to_correct,
        posted=found.posted,
        only_tests=filer.provider is not None and filer.provider.is_test,
    )


def claims_of(organization_id: UUID, billable: Sequence[Billable], *, at: datetime) -> tuple[FiledClaim, ...]:
    """Months as their claims say them, in the order given, of open months too. Eight statements, and some for each that
    is dated by its minutes.
    """
    filer = _filer(organization_id, at)
    ground = _ground(organization_id, filer, billable, at)
    return tuple(filed_claim(ground, filer.routes.get(one.payer.id), one) for one in billable)


def payer_plan(organization_id: UUID, payer_id: UUID, name: str, *, at: datetime) -> PayerPlan:
    """Who takes a payer's files, without any claim. Three statements."""
    filer = _filer(organization_id, at)
    route = filer.routes.get(payer_id)
    return PayerPlan(payer_id, name, route, filer.head(route), (), (), (), ())


@dataclass(frozen=True, slots=True)
class _Filer:
    """Who files, by whom each payer's files go, and the clock of the page."""

    provider: BillingProvider | None
    routes: Mapping[UUID, PayerRoute]
    now: datetime

    @property
    def biller(self) -> Biller | None:
        return biller_of(self.provider) if self.provider is not None else None

    def head(self, route: PayerRoute | None) -> FileHead | None:
        """The head of a payer's file, its numbers not yet given; None where nobody files or takes it."""
        receiver = route.receiver if route is not None else None
        if self.provider is None or receiver is None or not receiver.is_in_use:
            return None
        biller = biller_of(self.provider)
        return FileHead(
            made_on=self.now.date(),
            made_at=f"{self.now:%H%M}",
            batch_number=0,
            interchange_number=0,
            biller=replace(biller, submitter_id=receiver.submitter_id or biller.submitter_id),
            taker=_taker(receiver),
            is_test=self.provider.is_test or receiver.is_test,
        )


def _filer(organization_id: UUID, at: datetime) -> _Filer:
    routes = PayerRoute.objects.filter(organization_id=organization_id).select_related("receiver")
    return _Filer(
        BillingProvider.objects.filter(organization_id=organization_id).first(),
        {route.payer_id: route for route in routes},
        at.astimezone(page_zone(organization_id)),
    )


def _ground(organization_id: UUID, filer: _Filer, billable: Collection[Billable], at: datetime) -> Ground:
    patients = [one.episode.patient_id for one in billable]
    coverages: dict[UUID, list[Coverage]] = {}
    rows = Coverage.objects.live().filter(organization_id=organization_id, patient_id__in=patients)
    for coverage in rows.select_related("payer").order_by("rank", "id"):
        coverages.setdefault(coverage.patient_id, []).append(coverage)
    return Ground(
        filer.biller,
        {patient_id: tuple(found) for patient_id, found in coverages.items()},
        _consents(organization_id, patients),
        authorizations_of(organization_id, patients),
        states_of(organization_id, (one.episode.patient for one in billable), at=at),
        new_codes(organization_id, [one.episode.id for one in billable]),
        cache(lambda on: charges(organization_id, on)),
    )


def _consents(organization_id: UUID, patients: Collection[UUID]) -> dict[UUID, list[Given]]:
    """By patient, the consents to these programs; those to chronic care management are others."""
    rows = Consent.objects.live().filter(
        organization_id=organization_id, patient_id__in=list(patients), service=ConsentService.BHI
    )
    given: dict[UUID, list[Given]] = {}
    for patient_id, *one in rows.order_by("given_at", "id").values_list("patient_id", "given_at", "revoked_on"):
        given.setdefault(patient_id, []).append(Given(*one))
    return given


def _of_payer(
    filer: _Filer,
    ground: Ground,
    billable: list[Billable],
    *,
    has_seen_papers: bool,
    as_filed: Callable[[FiledClaim], FiledClaim],
) -> PayerPlan:
    payer = billable[0].payer
    route = filer.routes.get(payer.id)
    head = filer.head(route)
    claims = [as_filed(filed_claim(ground, route, one)) for one in billable]
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


def _taker(receiver: Receiver) -> Taker:
    return Taker(
        receiver.name,
        receiver.receiver_id,
        receiver.application_id,
        receiver.sender_id,
        receiver.receiver_qualifier,
        receiver.sender_qualifier,
    )


def biller_of(provider: BillingProvider) -> Biller:
    """The billing provider as claims carry it."""
    return Biller(
        name=provider.name,
        npi=provider.npi,
        tax_id=provider.tax_id,
        address=address_of(provider.address, provider.city, provider.state, provider.postal_code),
        submitter_name=provider.submitter_name,
        submitter_id=provider.submitter_id,
        contact_name=provider.contact_name,
        contact_phone=provider.contact_phone,
        taxonomy=provider.taxonomy,
        tax_id_kind=provider.tax_id_kind,
        given_name=provider.given_name,
    )
