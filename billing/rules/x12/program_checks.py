"""What keeps a claim of these programs from leaving whatever its form: one base code, add-ons that the minutes carry,
consent before service, and settings whose claims have another form.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing.rules.release import said
from billing.rules.x12.filed import FiledClaim
from billing.rules.x12.found import Found
from billing.rules.x12.pointers import CCM, is_behavioral_service, is_chronic
from registry.rules.identifiers import is_behavioral

BASES = frozenset({"99484", "99492", "99493", "G2214", "G0512", "G0511", "G0568", "G0569", "G0570"})
FIRST_MONTHS = frozenset({"99492", "G0568"})
ADDON = "99494"
CCM_CONDITIONS = 2
ITS_BASES = frozenset({"99492", "99493"})
INSTITUTIONS = {"fqhc": "A federally qualified health center", "rhc": "A rural health clinic"}


def found_in(claim: FiledClaim) -> Iterator[Found]:
    """The faults of what a claim asks, by what the frozen month supports."""
    yield from _setting(claim)
    codes = [line.code for line in claim.lines]
    bases = [code for code in codes if code in BASES]
    if len(bases) > 1:
        yield Found("bases", f"{' and '.join(bases)}: one month bills one of them.", "Codes", "month")
    if ADDON in codes and ITS_BASES.isdisjoint(codes):
        yield Found("addon_alone", f"{ADDON} stands without 99492 or 99493.", "Codes", "month")
    if claim.support.worked_before and (first := FIRST_MONTHS.intersection(codes)):
        sentence = f"{min(first)} is for the first calendar month of the enrolment, and an earlier one counts."
        yield Found("first_month", sentence, "Codes", "month")
    yield from _units(claim)
    if is_behavioral_service(codes):
        yield from _consent(claim)
    yield from _chronic(claim)
    yield from _coverage(claim)
    if claim.support.part_two == "refused":
        yield Found("part_two", refused_to_payer(), "Consent under 42 CFR part 2", "part_two")


def _setting(claim: FiledClaim) -> Iterator[Found]:
    if of := INSTITUTIONS.get(claim.support.setting):
        sentence = f"{of} files on the institutional form (837I). Take the table (CSV) or the paper sheet instead."
        yield Found("institutional", sentence, "Setting of the clinic", "clinic")


def _units(claim: FiledClaim) -> Iterator[Found]:
    """Further thirty minutes by what the frozen month's minutes come to; fewer may be billed, never more."""
    supported = dict(claim.support.supported).get(ADDON, 0)
    for line in claim.lines:
        if line.code == ADDON and line.units > supported:
            sentence = f"{ADDON} × {line.units} is asked for; the minutes of the frozen month come to {supported}."
            yield Found("units_unsupported", sentence, "Units", "month")


def _consent(claim: FiledClaim) -> Iterator[Found]:
    consented_on = claim.support.consented_on
    if consented_on is None:
        yield Found("consent_missing", "No consent is on record.", "Consent", "consent")
    elif consented_on > claim.service_on:
        yield Found("consent_late", "Consent is dated after the date of service.", "Consent", "consent")
    elif (revoked_on := claim.support.revoked_on) is not None and revoked_on <= claim.service_on:
        sentence = f"Consent was taken back on {said(revoked_on)}, and the date of service is no earlier."
        yield Found("consent_revoked", sentence, "Consent", "consent")


def _chronic(claim: FiledClaim) -> Iterator[Found]:
    """Chronic care management is for two or more chronic conditions, behavioral ones among them, never those alone."""
    managed = next((line.code for line in claim.lines if line.code in CCM), "")
    if not managed:
        return
    if not any(is_chronic(code) for code in claim.diagnoses):
        sentence = f"{managed} is for chronic conditions, and none is on record beside the behavioral ones."
        yield Found("chronic_missing", sentence, "Diagnoses", "diagnoses")
    elif sum(is_chronic(code) or is_behavioral(code) for code in claim.diagnoses) < CCM_CONDITIONS:
        sentence = f"{managed} is for two chronic conditions or more, and one is on record."
        yield Found("chronic_missing", sentence, "Diagnoses", "diagnoses")


def _coverage(claim: FiledClaim) -> Iterator[Found]:
    support, day = claim.support, claim.service_on
    if support.covered_from is not None and day < support.covered_from:
        sentence = f"The date of service lies before {said(support.covered_from)}, when the coverage began."
        yield Found("coverage_before", sentence, "Covered from", "coverage")
    if support.covered_until is not None and day > support.covered_until:
        sentence = f"The date of service lies after {said(support.covered_until)}, when the coverage ended."
        yield Found("coverage_after", sentence, "Covered until", "coverage")


def refused_to_payer() -> str:
    """Why a claim that tells of records of a substance use disorder program waits (42 CFR 2.13(a), 2.31, 2.33)."""
    return (
        "Part of the record is under 42 CFR part 2, and no consent allows it to leave for payment. "
        "Record one under Record rights, or leave the month unbilled."
    )
