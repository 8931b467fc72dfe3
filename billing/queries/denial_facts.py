"""What this record knows of denied lines: the facts that a likely cause is found in. Two statements for any number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from string import Template
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import Denial, Frequency
from billing.queries.calendar import month_title
from billing.queries.claims import claim_name
from billing.queries.payers import PayerOnRecord, payers
from billing.rules.books import NoBookInForce, RuleBook, book_in_force, with_options
from billing.rules.denial_causes import CoverageKnown, DenialFacts, OtherKnown, consent_of_month
from billing.rules.look_back import ENDED
from billing.rules.month_type import INITIAL_CODES
from caseload.rules.clock import first_day, local_date, month_of

_FIRST, _AGAIN = "first", "again"
_Days = Mapping[tuple[str, UUID], int]


@dataclass
class _Known:
    """What the union below says of one patient; what is of a claim or an episode, by its id."""

    others: list[tuple[date, OtherKnown]] = field(default_factory=list)
    asked: list[tuple[UUID, date, str, str, bool]] = field(default_factory=list)
    billed_before: list[tuple[date, str]] = field(default_factory=list)
    coverages: list[tuple[UUID, CoverageKnown, str]] = field(default_factory=list)
    consents: list[tuple[datetime, date | None]] = field(default_factory=list)
    first_minutes: dict[tuple[UUID, date], date] = field(default_factory=dict)


# One row per thing known: kind, patient, its own id, day, second day, text, second text, number, yes or no, instant.
_KNOWN = Template("""
    SELECT 'other', f.patient_id, f.id, f.month, NULL::date, f.code, f.biller, NULL::int,
           f.is_by_billing_practitioner, NULL::timestamptz
    FROM billing_otherservice f WHERE $live
    UNION ALL
    SELECT 'asked', c.patient_id, c.id, c.month, NULL, l.code, b.number || ' ' || c.number, NULL, c.is_superseded, NULL
    FROM billing_claim c
    JOIN billing_claimline l ON l.organization_id = c.organization_id AND l.claim_id = c.id AND l.units > 0
    JOIN billing_batch b ON b.organization_id = c.organization_id AND b.id = c.batch_id AND NOT b.is_test
    WHERE c.organization_id = %(organization)s AND c.patient_id = ANY(%(patients)s::uuid[])
    UNION ALL
    SELECT 'prior', f.patient_id, f.id, f.month, NULL, f.code, NULL, NULL, NULL, NULL
    FROM billing_priorservice f WHERE $live AND f.code <> ''
    UNION ALL
    SELECT 'coverage', f.patient_id, f.payer_id, f.from_on, f.until_on, p.name, f.member_id, f.rank,
           coalesce((SELECT NOT k.is_in_force FROM registry_coveragecheck k
                     WHERE k.organization_id = f.organization_id AND k.coverage_id = f.id AND k.voided_at IS NULL
                     ORDER BY k."on" DESC, k.id DESC LIMIT 1), false), NULL
    FROM registry_coverage f
    JOIN registry_payer p ON p.organization_id = f.organization_id AND p.id = f.payer_id
    WHERE $live
    UNION ALL
    SELECT 'consent', f.patient_id, NULL, NULL, f.revoked_on, NULL, NULL, NULL, NULL, f.given_at
    FROM registry_consent f WHERE $live AND f.service = 'bhi'
    UNION ALL
    SELECT 'minutes', f.patient_id, f.episode_id, min(day.local), NULL, NULL, NULL, NULL, NULL, NULL
    FROM caseload_timeentry f
    JOIN registry_episode e ON e.organization_id = f.organization_id AND e.id = f.episode_id
    JOIN tenancy_clinic k ON k.organization_id = e.organization_id AND k.id = e.clinic_id
    CROSS JOIN LATERAL (SELECT coalesce(f."on", (lower(f.span) AT TIME ZONE k.time_zone)::date) AS local) AS day
    WHERE $live AND NOT f.held AND f.service IN ('cocm', 'bhi')
    GROUP BY f.patient_id, f.episode_id, date_trunc('month', day.local)
    UNION ALL
    SELECT kind.word, NULL, r.payer_id, NULL, NULL, NULL, NULL, kind.days, NULL, NULL
    FROM billing_payerroute r
    CROSS JOIN LATERAL (VALUES ('first', r.filing_days), ('again', r.corrected_days)) AS kind(word, days)
    WHERE r.organization_id = %(organization)s
""").substitute(
    live="f.organization_id = %(organization)s AND f.patient_id = ANY(%(patients)s::uuid[]) AND f.voided_at IS NULL"
)


def denial_facts(organization_id: UUID, denials: Collection[Denial]) -> dict[UUID, DenialFacts]:
    """By denial, what is known of it. Their claims, patients, payers, batches and lines come with them."""
    if not denials:
        return {}
    known, days = _known(organization_id, {denial.claim.patient_id for denial in denials})
    rules = payers(organization_id)
    return {denial.id: _facts(denial, known.get(denial.claim.patient_id, _Known()), days, rules) for denial in denials}


def code_of(denial: Denial) -> str:
    """The code that was denied; empty where the whole claim was."""
    return denial.remittance_line.code if denial.remittance_line is not None else ""


def _known(organization_id: UUID, patient_ids: set[UUID]) -> tuple[dict[UUID, _Known], _Days]:
    """By patient what is known; by payer the days that it takes a claim."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"organization": organization_id, "patients": sorted(patient_ids)})
        rows = cursor.fetchall()
    found: dict[UUID, _Known] = {}
    days: dict[tuple[str, UUID], int] = {}
    for kind, patient_id, *values in rows:
        if kind in (_FIRST, _AGAIN):
            days[kind, values[0]] = values[5]
        else:
            _READERS[kind](found.setdefault(patient_id, _Known()), *values)
    return found, days


def _read_other(known: _Known, _: UUID, month: date, *rest: Any) -> None:
    _, code, biller, _, is_ours, _ = rest
    known.others.append((month, OtherKnown(code, is_ours, biller)))


def _read_asked(known: _Known, id_: UUID, month: date, *rest: Any) -> None:
    _, code, numbers, _, is_superseded, _ = rest
    batch, claim = numbers.split(" ")
    known.asked.append((id_, month, code, claim_name(int(batch), int(claim)), is_superseded))


def _read_prior(known: _Known, _: UUID, month: date, *rest: Any) -> None:
    known.billed_before.append((month, rest[1]))


def _read_coverage(known: _Known, payer_id: UUID, from_on: date | None, *rest: Any) -> None:
    until_on, payer, member_id, rank, is_denied, _ = rest
    one = CoverageKnown(payer, is_asked=False, rank=rank, from_on=from_on, until_on=until_on, is_denied=is_denied)
    known.coverages.append((payer_id, one, member_id))


def _read_consent(known: _Known, *rest: Any) -> None:
    known.consents.append((rest[-1], rest[2]))


def _read_minutes(known: _Known, episode_id: UUID, on: date | None, *rest: Any) -> None:
    if on is not None:
        known.first_minutes[episode_id, on.replace(day=1)] = on


_READERS: Mapping[str, Callable[..., None]] = {
    "other": _read_other,
    "asked": _read_asked,
    "prior": _read_prior,
    "coverage": _read_coverage,
    "consent": _read_consent,
    "minutes": _read_minutes,
}


def _facts(denial: Denial, known: _Known, days: _Days, rules: Mapping[UUID, PayerOnRecord]) -> DenialFacts:
    claim, code = denial.claim, code_of(denial)
    is_again = claim.frequency != Frequency.ORIGINAL
    zone = ZoneInfo(claim.episode.clinic.time_zone)
    payer_rules = rules[claim.payer_id].rules_on(claim.month) if claim.payer_id in rules else None
    book = _book(payer_rules.family, payer_rules.options, claim.month) if payer_rules is not None else None
    clinician = claim.clinician or claim.episode.treating_clinician
    coverages, missing = _coverages(known, claim.payer_id)
    given = ((local_date(at, zone), until) for at, until in known.consents)
    consent_on, consent_until = consent_of_month(given, claim.service_on)
    return DenialFacts(
        code=code,
        units=int(denial.remittance_line.units or 1) if denial.remittance_line is not None else 1,
        service_on=claim.service_on,
        claim_codes=tuple(sorted({code for id_, _, code, _, _ in known.asked if id_ == claim.id})),
        sent_on=local_date(claim.batch.sent_at, zone) if claim.batch.sent_at else None,
        filing_days=days.get((_AGAIN if is_again else _FIRST, claim.payer_id)),
        is_corrected=is_again,
        others=tuple(one for month, one in known.others if month == claim.month),
        asked_also=_asked_also(known, claim.id, claim.replaces_id, claim.month, code),
        initial_in=_initial_in(known, claim.facts, claim.month, code),
        diagnoses=tuple(claim.facts.get("diagnoses", ())),
        accepted_diagnoses=book.requirements.diagnosis_prefixes if book is not None else (),
        place_of_service=claim.facts.get("place_of_service", ""),
        setting=claim.facts.get("setting", ""),
        is_covered=_is_covered(book, code),
        is_in_force=_is_in_force(book, code, claim.service_on),
        cap=book.options.addon_cap if book is not None and code == "99494" else None,
        died_on=claim.patient.died_on,
        coverages=coverages,
        consent_on=consent_on,
        consent_until=consent_until,
        first_minutes_on=known.first_minutes.get((claim.episode_id, claim.month)),
        authorization=payer_rules.authorization if payer_rules is not None else "",
        attestation=payer_rules.attestation if payer_rules is not None else "",
        clinician=str(clinician) if clinician else "",
        clinician_npi=clinician.npi if clinician else "",
        credential=clinician.credential if clinician else "",
        remarks=tuple(denial.remittance_line.remarks) if denial.remittance_line is not None else (),
        missing=missing,
    )


def _book(family: str, options: Any, month: date) -> RuleBook | None:
    try:
        return with_options(book_in_force(family, month), options)
    except NoBookInForce:
        return None


def _coverages(known: _Known, payer_id: UUID) -> tuple[tuple[CoverageKnown, ...], tuple[str, ...]]:
    """The patient's coverages, the asked one marked; and what the asked one lacks."""
    found, missing = [], []
    for id_, one, member_id in known.coverages:
        is_asked = id_ == payer_id
        found.append(CoverageKnown(one.payer, is_asked, one.rank, one.from_on, one.until_on, one.is_denied))
        if is_asked and not member_id:
            missing.append("the member number")
    return tuple(found), tuple(missing)


def _asked_also(known: _Known, claim_id: UUID, replaces_id: UUID | None, month: date, code: str) -> tuple[str, ...]:
    """Other claims of ours for the month that stand: one that this one replaces is meant to be there."""
    ours = (one for one in known.asked if one[0] not in (claim_id, replaces_id) and one[1] == month and not one[4])
    return tuple(sorted({name for _, _, asked, name, _ in ours if code in ("", asked)}))


def _initial_in(known: _Known, facts: Mapping[str, Any], month: date, code: str) -> tuple[str, ...]:
    """Earlier months in which the code of an initial month was billed, as far as the claim or we know."""
    if code not in INITIAL_CODES:
        return ()
    lines = [*facts.get("own_lines", ()), *facts.get("billed_before", ())]
    months = {line["month"] for line in lines if line["code"] == code}
    months |= {month_of(on) for on, billed in known.billed_before if billed == code}
    months |= {month_of(on) for _, on, asked, _, is_superseded in known.asked if asked == code and not is_superseded}
    return tuple(month_title(one) for one in sorted(months) if first_day(one) < month)


def _is_covered(book: RuleBook | None, code: str) -> bool | None:
    if book is None or code not in book.codes:
        return None
    return {"G2214": book.options.covers_g2214, "99484": book.options.covers_99484}.get(code, True)


def _is_in_force(book: RuleBook | None, code: str, on: date) -> bool | None:
    if code in ENDED and on >= ENDED[code]:
        return False
    return code in book.codes if book is not None and code else None
