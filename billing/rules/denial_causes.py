"""Why a payer probably denied a line, as far as this record tells: pure functions of what is known of the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing.rules.denials import NO_REASON, TAKEN_BACK
from billing.rules.look_back import COLLABORATIVE, GENERAL
from billing.rules.month_type import INITIAL_CODES

ADDON_BASES: Mapping[str, frozenset[str]] = {
    "99494": frozenset({"99492", "99493"}),
    **dict.fromkeys(("G0568", "G0569", "G0570"), frozenset({"G0556", "G0557", "G0558"})),
}
MENTAL = "F"


class Where(StrEnum):
    """Where a cause is looked at, or mended."""

    SERVICES = "services"
    COVERAGE = "coverage"
    MONTH = "month"
    PAYER = "payer"
    ROUTE = "route"
    PATIENT = "patient"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class Cause:
    """What in the record explains a denial, and where to look."""

    sentence: str
    where: Where


@dataclass(frozen=True, slots=True)
class OtherKnown:
    """Another service known in the month, and who bills it."""

    code: str
    is_ours: bool
    biller: str = ""


@dataclass(frozen=True, slots=True)
class CoverageKnown:
    """A coverage of the patient: whether it is the one that was asked, and when it holds (None: not known)."""

    payer: str
    is_asked: bool
    rank: int
    from_on: date | None = None
    until_on: date | None = None
    is_denied: bool = False

    def holds_on(self, on: date) -> bool:
        return (self.from_on or date.min) <= on <= (self.until_on or date.max)


@dataclass(frozen=True, slots=True)
class DenialFacts:
    """What this record knows of a denied line, its claim, its patient and its payer.

    `asked_also` names other claims of ours that ask for the same code and month; `initial_in` the earlier months in
    which the code of an initial month was billed. Of the payer's rules: whether they cover the code, whether they
    know it on the day, how many units they allow (None: not known, or no limit). `filing_days` are those of a first
    claim, or where it `is_corrected` of a corrected one. `consent_on` is the consent that matters to the month, with
    the day from which it was withdrawn, `first_minutes_on` the first ones of that month.
    """

    code: str
    units: int
    service_on: date
    claim_codes: tuple[str, ...] = ()
    sent_on: date | None = None
    filing_days: int | None = None
    is_corrected: bool = False
    others: tuple[OtherKnown, ...] = ()
    asked_also: tuple[str, ...] = ()
    initial_in: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    accepted_diagnoses: tuple[str, ...] = ()
    place_of_service: str = ""
    setting: str = ""
    is_covered: bool | None = None
    is_in_force: bool | None = None
    cap: int | None = None
    died_on: date | None = None
    coverages: tuple[CoverageKnown, ...] = ()
    consent_on: date | None = None
    consent_until: date | None = None
    first_minutes_on: date | None = None
    authorization: str = ""
    attestation: str = ""
    clinician: str = ""
    clinician_npi: str = ""
    credential: str = ""
    remarks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def likely_causes(reason: str, facts: DenialFacts) -> tuple[Cause, ...]:
    """What in the record explains a denial for this reason, the likeliest first; empty where nothing does. A reason
    that we do not know better may mean anything: all is looked at.
    """
    return tuple(dict.fromkeys(cause for look in _LOOKS.get(reason, _ALL) for cause in look(facts)))


def consent_of_month(given: Iterable[tuple[date, date | None]], service_on: date) -> tuple[date | None, date | None]:
    """Of consents (day given, day from which it was withdrawn) the one that matters to a claim of that day: the first
    that holds on it; else the last one that was withdrawn by then; else the first one given later.
    """
    ordered = sorted(given, key=lambda one: (one[0], one[1] or date.max))
    holding = [one for one in ordered if one[0] <= service_on and (one[1] is None or one[1] > service_on)]
    withdrawn = [one for one in ordered if one[1] is not None and one[1] <= service_on]
    return next(iter([*holding, *reversed(withdrawn), *ordered]), (None, None))


Look = Callable[[DenialFacts], Iterator[Cause]]


def _other_services(facts: DenialFacts) -> Iterator[Cause]:
    for other in facts.others:
        if other.is_ours:
            yield Cause(f"{other.code} by this practitioner is known in the same month.", Where.SERVICES)


def _both_families(facts: DenialFacts) -> Iterator[Cause]:
    codes = set(facts.claim_codes)
    if codes & GENERAL and codes & COLLABORATIVE:
        yield Cause("The claim asks for general BHI and collaborative care in one month.", Where.CLAIM)


def _second_biller(facts: DenialFacts) -> Iterator[Cause]:
    for other in facts.others:
        if not other.is_ours:
            who = other.biller or "another practitioner"
            yield Cause(f"{other.code} by {who} is known in the same month.", Where.SERVICES)


def _initial_again(facts: DenialFacts) -> Iterator[Cause]:
    if facts.code in INITIAL_CODES and facts.initial_in:
        yield Cause(f"{facts.code} was billed before, in {' and '.join(facts.initial_in)}.", Where.MONTH)


def _asked_twice(facts: DenialFacts) -> Iterator[Cause]:
    for name in facts.asked_also:
        yield Cause(f"Our claim {name} asks for {facts.code} of the same month.", Where.CLAIM)


def _late(facts: DenialFacts) -> Iterator[Cause]:
    if facts.sent_on is None:
        yield Cause("Nobody noted on which day the batch was handed over.", Where.CLAIM)
        return
    took = (facts.sent_on - facts.service_on).days
    of_corrected = " for corrected claims" if facts.is_corrected else ""
    left = f"It left {took} days after the service"
    if facts.filing_days is None:
        yield Cause(f"{left}; this payer's time{of_corrected} is not known.", Where.ROUTE)
    elif took > facts.filing_days:
        yield Cause(f"{left}; this payer takes {facts.filing_days}{of_corrected}.", Where.ROUTE)
    else:
        yield Cause(f"{left}, within {facts.filing_days}{of_corrected}: appeal with proof.", Where.ROUTE)


def _coverage(facts: DenialFacts) -> Iterator[Cause]:
    day = _said(facts.service_on)
    for one in facts.coverages:
        if one.is_asked and one.from_on is not None and facts.service_on < one.from_on:
            yield Cause(f"{one.payer} begins {_said(one.from_on)}, after the service on {day}.", Where.COVERAGE)
        if one.is_asked and one.until_on is not None and facts.service_on > one.until_on:
            yield Cause(f"{one.payer} ended {_said(one.until_on)}, before the service on {day}.", Where.COVERAGE)
        if one.is_asked and one.is_denied:
            yield Cause(f"{one.payer} was said not to be in force when somebody asked.", Where.COVERAGE)
        if not one.is_asked and one.holds_on(facts.service_on):
            yield Cause(f"{one.payer} is also on record for that day, as number {one.rank}.", Where.COVERAGE)
    if not any(one.is_asked for one in facts.coverages):
        yield Cause("The coverage that was asked is not on record any more.", Where.COVERAGE)


def _base_missing(facts: DenialFacts) -> Iterator[Cause]:
    bases = ADDON_BASES.get(facts.code)
    if bases is not None and bases.isdisjoint(facts.claim_codes):
        yield Cause(f"The claim has no base code beside {facts.code}.", Where.CLAIM)


def _above_cap(facts: DenialFacts) -> Iterator[Cause]:
    if facts.cap is not None and facts.units > facts.cap:
        yield Cause(f"It asks for {facts.units} units; this payer's rules here allow {facts.cap}.", Where.PAYER)
    elif facts.cap is None and facts.units > 1:
        yield Cause(f"It asks for {facts.units} units, and no limit of this payer is set here.", Where.PAYER)


def _not_covered(facts: DenialFacts) -> Iterator[Cause]:
    if facts.is_covered is False:
        yield Cause(f"This payer's rules here say that it does not pay {facts.code}.", Where.PAYER)
    elif facts.is_covered:
        yield Cause(f"This payer's rules here say that it pays {facts.code}: they may be wrong.", Where.PAYER)


def _not_in_force(facts: DenialFacts) -> Iterator[Cause]:
    if facts.is_in_force is False:
        yield Cause(f"{facts.code} is not in this payer's rules on {_said(facts.service_on)}.", Where.PAYER)


def _diagnosis(facts: DenialFacts) -> Iterator[Cause]:
    if not facts.diagnoses:
        yield Cause("The claim was made without a diagnosis.", Where.PATIENT)
        return
    first = facts.diagnoses[0]
    accepted = facts.accepted_diagnoses or (MENTAL,)
    if not first.startswith(accepted):
        yield Cause(f"The first diagnosis, {first}, is no mental or behavioral condition.", Where.PATIENT)
    else:
        yield Cause(f"The first diagnosis is {first}: check that the treating clinician treats it.", Where.PATIENT)


def _place(facts: DenialFacts) -> Iterator[Cause]:
    if facts.place_of_service:
        words = f"The claim says place of service {facts.place_of_service}"
        yield Cause(f"{words}, that of the clinic: check where the clinician sees patients.", Where.CLAIM)


def _provider(facts: DenialFacts) -> Iterator[Cause]:
    if not facts.clinician:
        yield Cause("No treating clinician is on record.", Where.PATIENT)
    elif not facts.clinician_npi:
        yield Cause(f"{facts.clinician} has no NPI on record.", Where.PATIENT)
    else:
        credential = f", {facts.credential}," if facts.credential else ""
        yield Cause(
            f"{facts.clinician}{credential} was named as the one who bills: check the enrolment.", Where.PATIENT
        )


def _death(facts: DenialFacts) -> Iterator[Cause]:
    if facts.died_on is None:
        yield Cause("No death is on record here: the payer may have taken somebody else.", Where.PATIENT)
    elif facts.service_on > facts.died_on:
        yield Cause(
            f"The patient died {_said(facts.died_on)}; the claim is dated {_said(facts.service_on)}.", Where.PATIENT
        )


def _authorization(facts: DenialFacts) -> Iterator[Cause]:
    if facts.authorization:
        yield Cause(f"The payer's page here says: {facts.authorization}", Where.PAYER)
    if facts.attestation:
        yield Cause(f"Attestation, as the payer's page here says: {facts.attestation}", Where.PAYER)


def _consent(facts: DenialFacts) -> Iterator[Cause]:
    if facts.consent_on is None:
        yield Cause("No consent is on record.", Where.PATIENT)
    elif facts.consent_until is not None and facts.consent_until <= facts.service_on:
        words = f"Consent was withdrawn {_said(facts.consent_until)}"
        yield Cause(f"{words}: nothing from that day on counts here.", Where.PATIENT)
    elif facts.first_minutes_on is not None and facts.consent_on > facts.first_minutes_on:
        words = f"Consent is dated {_said(facts.consent_on)}, the first minutes {_said(facts.first_minutes_on)}"
        yield Cause(f"{words}: those before it do not count here.", Where.MONTH)


def _remarks(facts: DenialFacts) -> Iterator[Cause]:
    for remark in facts.remarks:
        words, where = REMARKS.get(remark, (f"The payer adds remark {remark}.", Where.CLAIM))
        yield Cause(words, where)


def _missing(facts: DenialFacts) -> Iterator[Cause]:
    for what in facts.missing:
        yield Cause(f"Missing by now: {what}.", Where.PATIENT)


def _said(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"


# Remark codes that say which part of a claim is meant; own words.
REMARKS: Mapping[str, tuple[str, Where]] = {
    "M76": ("The remark points to the diagnoses: missing, incomplete or not valid.", Where.PATIENT),
    "M77": ("The remark points to the place of service.", Where.CLAIM),
    "M80": ("The remark says: not together with another service of that day.", Where.SERVICES),
    "M86": ("The remark says: a similar service was paid already.", Where.SERVICES),
    "MA130": ("The remark says that the claim cannot be processed as it is: a new one is needed.", Where.CLAIM),
    "N20": ("The remark says: not together with another service.", Where.SERVICES),
    "N130": ("The remark points to the plan's list of what it covers.", Where.PAYER),
    "N290": ("The remark points to the rendering clinician's number.", Where.PATIENT),
    "N362": ("The remark says: more units than the payer accepts.", Where.PAYER),
    "N382": ("The remark points to the member number.", Where.COVERAGE),
}

_BUNDLED: tuple[Look, ...] = (_other_services, _both_families, _second_biller, _remarks)
_COVER: tuple[Look, ...] = (_coverage, _remarks)
_SECOND: tuple[Look, ...] = (_second_biller, _initial_again, _asked_twice, _other_services, _remarks)
_UNITS: tuple[Look, ...] = (_above_cap, _remarks)
_PLAN: tuple[Look, ...] = (_not_covered, _not_in_force, _coverage, _remarks)
_NEEDED: tuple[Look, ...] = (_diagnosis, _consent, _remarks)
_ALL: tuple[Look, ...] = (_asked_twice, _other_services, _second_biller, _coverage, _consent, _not_in_force, _remarks)

_LOOKS: Mapping[str, tuple[Look, ...]] = {
    "5": (_place, _remarks),
    "8": (_provider, _remarks),
    "11": _NEEDED,
    "13": (_death, _remarks),
    "15": (_authorization, *_ALL),
    "16": (_remarks, _missing, _base_missing),
    "18": (_asked_twice, _remarks),
    "22": _COVER,
    "24": _COVER,
    "26": _COVER,
    "27": _COVER,
    "29": (_late, _remarks),
    "31": (_missing, _coverage, _remarks),
    "50": _NEEDED,
    "58": (_place, _remarks),
    "96": _PLAN,
    "97": _BUNDLED,
    "107": (_base_missing, _remarks),
    "109": _COVER,
    "119": (_initial_again, _second_biller, _asked_twice, _other_services, _remarks),
    "151": _UNITS,
    "167": (_diagnosis, *_ALL),
    "170": (_provider, _remarks),
    "181": (_not_in_force, _remarks),
    "197": (_authorization, _consent, _remarks),
    "198": (_authorization, *_ALL),
    "204": _PLAN,
    "222": _UNITS,
    "236": _BUNDLED,
    "B7": (_provider, _remarks),
    "B15": (_base_missing, _remarks),
    "B20": _SECOND,
    NO_REASON: _ALL,
    TAKEN_BACK: _ALL,
}
