"""Claims that an answer without a known number may mean, with what speaks for each, for a person to choose from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, IntegerField, Q, Value, When

from bhi.errors import NotFound
from billing.models import Acknowledgement, Batch, Claim, ClaimLine, RemittanceClaim, RemittanceLine
from billing.queries.claims import claim_name

MOST: Final = 20
# Of the weighed ones so many have their codes compared too.
_MOST_COMPARED: Final = 100
_FEWEST_LETTERS: Final = 2


Lines = Sequence[tuple[str, date | None]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim, and what it shares with what was received: the more, the likelier."""

    id: UUID
    name: str
    patient_id: UUID
    patient: str
    birth_date: date
    payer: str
    service_on: date
    charge: Decimal | None
    codes: tuple[str, ...]
    shares: tuple[str, ...]


def waiting_claim(organization_id: UUID, row_id: UUID, *, locked: bool = False) -> RemittanceClaim:
    """What a payment said of a claim; `locked` for who changes what it means. Raises NotFound."""
    rows = RemittanceClaim.objects.filter(organization_id=organization_id, id=row_id).select_related("remittance")
    found = (rows.select_for_update(of=("self",), no_key=True) if locked else rows).first()
    if found is None:
        raise NotFound
    return found


def acknowledgement(organization_id: UUID, row_id: UUID, *, locked: bool = False) -> Acknowledgement:
    """What was said of a file or claim; `locked` for who changes what it means. Raises NotFound."""
    rows = Acknowledgement.objects.filter(organization_id=organization_id, id=row_id)
    found = (rows.select_for_update(no_key=True) if locked else rows).first()
    if found is None:
        raise NotFound
    return found


def claim_candidates(
    organization_id: UUID, row: RemittanceClaim, *, words: str = "", lines: Lines | None = None
) -> list[Candidate]:
    """Claims by the name, member number, day and charge that were received, or by words that a person typed.

    The likeliest first, twenty at most: weighed where they lie, so that none is cut before it is compared. Two
    statements; one more for the code and day of each line that was received, unless they are given.
    """
    if lines is None:
        paid = RemittanceLine.objects.filter(organization_id=organization_id, remittance_claim=row)
        lines = list(paid.values_list("code", "service_on"))
    days = {on for _, on in lines if on is not None}
    rows = Claim.objects.filter(
        _typed(words) if words.strip() else _received(row, days), organization_id=organization_id
    )
    weighed = rows.annotate(weight=_weight(*_tests(row, days), *_typed_given(words)))
    with_names = weighed.select_related("patient", "payer", "batch").defer("facts", "verdict")
    found = list(with_names.order_by("-weight", "-service_on", "-id")[:_MOST_COMPARED])
    codes = _codes(organization_id, [claim.id for claim in found])
    received = {code for code, _ in lines}
    shown = [_candidate(claim, row, codes.get(claim.id, ()), received, days) for claim in found]
    return sorted(shown, key=lambda one: -len(one.shares))[:MOST]


def claims_named(organization_id: UUID, words: str) -> list[Candidate]:
    """Claims by name or number as typed, for an acknowledgement; none without words. Two statements."""
    if len(words.strip()) < _FEWEST_LETTERS:
        return []
    rows = Claim.objects.filter(_typed(words), organization_id=organization_id)
    weighed = rows.annotate(weight=_weight(*_typed_given(words)))
    with_names = weighed.select_related("patient", "payer", "batch").defer("facts", "verdict", "content")
    found = list(with_names.order_by("-weight", "-service_on", "-id")[:MOST])
    codes = _codes(organization_id, [claim.id for claim in found])
    return [_shown(claim, codes.get(claim.id, ()), ()) for claim in found]


def recent_files(organization_id: UUID) -> list[tuple[UUID, str]]:
    """The last batches that went out as 837P, to say by hand which one was meant."""
    rows = Batch.objects.filter(organization_id=organization_id, interchange_number__isnull=False)
    with_payers = rows.select_related("payer").order_by("-number")[:MOST]
    return [
        (batch.id, f"Batch {batch.number}, {batch.month:%B %Y}{f', {batch.payer.name}' if batch.payer else ''}")
        for batch in with_payers
    ]


def _typed(words: str) -> Q:
    first = words.strip().split(",")[0].split()[0] if words.strip(" ,") else ""
    if len(first) < _FEWEST_LETTERS:
        return Q(pk__in=[])
    number = words.strip().upper()
    return Q(patient__family_name__istartswith=first) | Q(control_number__startswith=number)


def _typed_given(words: str) -> list[Q]:
    """Who typed a given name too means people of that name first."""
    names = words.replace(",", " ").split()
    return [Q(patient__given_name__istartswith=names[1])] if len(names) > 1 else []


def _tests(row: RemittanceClaim, days: Collection[date]) -> list[Q]:
    """What speaks for a claim, as far as it can be told without its lines."""
    family_name, _, given_name = (part.strip() for part in row.names.get("patient", "").partition(","))
    tests = [Q(charge=abs(row.charge)), Q(service_on__in=days)]
    if family_name:
        tests.append(Q(patient__family_name__iexact=family_name))
    if given_name:
        tests.append(Q(patient__given_name__istartswith=given_name[:3]))
    if number := _member(row):
        tests.append(Q(content__claim__insured__member_id=number))
    return tests


def _weight(*tests: Q) -> Any:
    """How many of these hold."""
    return sum((Case(When(test, then=1), default=0) for test in tests), Value(0, output_field=IntegerField()))


def _received(row: RemittanceClaim, days: Collection[date]) -> Q:
    which = Q(charge=abs(row.charge), service_on__in=days)
    family_name = row.names.get("patient", "").split(",")[0].strip()
    if len(family_name) >= _FEWEST_LETTERS:
        which |= Q(patient__family_name__iexact=family_name)
    if number := _member(row):
        which |= Q(content__claim__insured__member_id=number)
    return which


def _member(row: RemittanceClaim) -> str:
    return row.names.get("patient_number") or row.names.get("insured_number") or ""


def _candidate(
    claim: Claim, row: RemittanceClaim, codes: tuple[str, ...], received: Collection[str], days: Collection[date]
) -> Candidate:
    name = row.names.get("patient", "").upper()
    member = claim.content.get("claim", {}).get("insured", {}).get("member_id", "")
    tests = (
        ("name", name and name.split(",")[0].strip() == claim.patient.family_name.upper()),
        ("first name", name and name.split(",")[-1].strip().startswith(claim.patient.given_name.upper()[:3])),
        ("member number", member and member == _member(row)),
        ("day", claim.service_on in days),
        ("codes", codes and set(codes) == set(received)),
        ("charge", claim.charge is not None and claim.charge == abs(row.charge)),
    )
    return _shown(claim, codes, tuple(word for word, holds in tests if holds))


def _shown(claim: Any, codes: tuple[str, ...], shares: tuple[str, ...]) -> Candidate:
    return Candidate(
        id=claim.id,
        name=claim.control_number or claim_name(claim.batch.number, claim.number),
        patient_id=claim.patient_id,
        patient=f"{claim.patient.family_name}, {claim.patient.given_name}",
        birth_date=claim.patient.birth_date,
        payer=claim.payer.name,
        service_on=claim.service_on,
        charge=claim.charge,
        codes=codes,
        shares=shares,
    )


def _codes(organization_id: UUID, ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=list(ids), units__gt=0)
    found: dict[UUID, tuple[str, ...]] = {}
    for claim_id, code in rows.order_by("number").values_list("claim_id", "code"):
        found[claim_id] = (*found.get(claim_id, ()), code)
    return found
