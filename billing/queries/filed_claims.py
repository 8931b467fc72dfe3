"""A closed month as its claim says it: from what was frozen, and from what is on record of the patient now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.models import PayerRoute
from billing.queries.claimable import Billable
from billing.queries.filing_service_day import day_of
from billing.rules.service_day import Consented, consent_on
from billing.rules.sites import Site
from billing.rules.x12.characters import plain_text
from billing.rules.x12.claim import (
    Address,
    Biller,
    Clinician,
    Facility,
    FiledClaim,
    FiledLine,
    Ids,
    Insured,
    Person,
    Support,
    address_of,
)
from billing.rules.x12.pointers import pointers
from caseload.rules.clock import local_date
from registry.models import Coverage, Patient
from registry.queries.authorizations import Authorization, in_force
from registry.rules.names import read_person

NOT_YET = "00000-00000-000000"
MOST_DIAGNOSES = 12


@dataclass(frozen=True, slots=True)
class Given:
    """A consent to these programs: from an instant, until the day on which it was taken back."""

    at: datetime
    revoked_on: date | None

    def by_day(self, zone: ZoneInfo) -> Consented:
        return Consented(local_date(self.at, zone), self.revoked_on)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all claims of a month are made of, read once: by patient, but `new_codes` by enrolment."""

    biller: Biller | None
    coverages: Mapping[UUID, tuple[Coverage, ...]]
    consents: Mapping[UUID, Sequence[Given]]
    authorizations: Mapping[UUID, tuple[Authorization, ...]]
    part_two: Mapping[UUID, str]
    new_codes: Mapping[UUID, Collection[str]]
    charges_on: Callable[[date], Mapping[str, Decimal]]


def filed_claim(ground: Ground, route: PayerRoute | None, one: Billable) -> FiledClaim:
    """One month as its claim says it, under numbers that it does not have yet."""
    episode, facts = one.episode, one.basis.facts
    zone = ZoneInfo(episode.clinic.time_zone)
    consents = [given.by_day(zone) for given in ground.consents.get(episode.patient_id, ())]
    service_on = day_of(one, route.service_day if route else "", consents)
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
        support=_support(ground, one, consent_on(consents, service_on)),
        ids=Ids(
            patient=str(episode.patient_id),
            episode=str(episode.id),
            payer=str(one.payer.id),
            clinician=str(one.clinician.id) if one.clinician else "",
            clinic=str(episode.clinic_id),
        ),
        facility=_facility(ground.biller, one.site),
        authorization=_authorization(ground, one, service_on),
    )


def _facility(biller: Biller | None, site: Site) -> Facility | None:
    """Where the patient was seen, where an address is known and is not the billing provider's. An NPI that is the
    billing provider's own names no place: it is left out.
    """
    address = address_of(site.address, site.city, site.state, site.postal_code)
    if address == Address() or (biller is not None and _is_same(address, biller.address)):
        return None
    is_own = biller is not None and site.npi == biller.npi
    return Facility(site.name, "" if is_own else site.npi, address)


def _is_same(one: Address, other: Address) -> bool:
    """Whether two addresses are one place: the street and the first five digits of the code, however written."""
    streets = [plain_text(address.whole_street) for address in (one, other)]
    return streets[0] == streets[1] and one.postal_code[:5] == other.postal_code[:5]


def _authorization(ground: Ground, one: Billable, on: date) -> str:
    """The number of this payer that holds on the date of service; of several the latest."""
    known = in_force(ground.authorizations.get(one.episode.patient_id, ()), one.payer.id, on)
    return known.number if known else ""


def _lines(one: Billable, fees: Mapping[str, Decimal], diagnoses: tuple[str, ...]) -> Iterable[FiledLine]:
    for place, line in enumerate(one.lines, start=1):
        fee = fees.get(line.code)
        charge = None if fee is None else fee * line.units
        yield FiledLine(line.code, line.units, charge, f"{NOT_YET}-{place}", pointers(line.code, diagnoses))


def _clinician(one: Billable) -> Clinician:
    clinician = one.clinician
    if clinician is None:
        return Clinician()
    name = read_person(clinician.name)
    return Clinician(name.family, " ".join(part for part in (name.given, name.middle) if part), clinician.npi)


def _support(ground: Ground, one: Billable, consent: Consented | None) -> Support:
    verdict = one.basis.verdict
    coverage = _coverage(ground.coverages.get(one.episode.patient_id, ()), one)
    return Support(
        supported=tuple((line["code"], line["units"]) for line in verdict["lines"]),
        consented_on=consent.on if consent else None,
        worked_before=verdict["month_type"] == "subsequent",
        clinic=one.site.name,
        setting=one.basis.facts["setting"],
        part_two=ground.part_two.get(one.episode.patient_id, ""),
        revoked_on=consent.revoked_on if consent else None,
        covered_from=coverage.from_on if coverage else None,
        covered_until=coverage.until_on if coverage else None,
        new_codes=tuple(sorted(ground.new_codes.get(one.episode.id, ()))),
    )


def _insured(ground: Ground, route: PayerRoute | None, one: Billable) -> Insured:
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
        payer_address=address_of(route.address, route.city, route.state, route.postal_code) if route else Address(),
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
        address_of(
            coverage.subscriber_address,
            coverage.subscriber_city,
            coverage.subscriber_state,
            coverage.subscriber_postal_code,
        ),
    )


def _person(patient: Patient) -> Person:
    address = address_of(patient.address, patient.city, patient.state, patient.postal_code)
    return Person(patient.family_name, patient.given_name, patient.birth_date, patient.sex, address, patient.died_on)
