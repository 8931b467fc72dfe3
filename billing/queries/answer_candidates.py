"""Claims that an answer without a known number may mean, with what speaks for each, for a person to choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, IntegerField, Q, Value, When

from bhi.errors import NotFound
from billing.models import Acknowledgement, Batch, Claim, ClaimLine, Frequency, RemittanceClaim
from billing.queries.answers_shown import PaidClaimShown, SaidShown
from billing.queries.claims import claim_name
from billing.rules.x12.numbers import signs_of
from registry.rules.names import sort_name

MOST: Final = 20
# Of the weighed ones so many have their codes compared too.
_MOST_COMPARED: Final = 100
_FEWEST_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Received:
    """What was received of a claim, as far as it helps to find which: a payment has it all, an acknowledgement some."""

    number: str
    names: Mapping[str, str]
    charge: Decimal | None
    days: frozenset[date]
    codes: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        """The family name as patients are sorted by it; empty where none was received."""
        return sort_name(self.names.get("patient", "").partition(",")[0], "")

    @property
    def given(self) -> str:
        return self.names.get("patient", "").partition(",")[2].strip()[:3].upper()

    @property
    def member(self) -> str:
        return self.names.get("patient_number") or self.names.get("insured_number") or ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim, and what it shares with what was received: the more, the likelier. `standing`: why it may not be it."""

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
    standing: str = ""


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
    organization_id: UUID, received: Received, *, words: str = "", with_tests: bool = False
) -> list[Candidate]:
    """Claims by the number, name, member number, day and charge that were received, or by words that a person typed.

    The likeliest first, twenty at most: weighed where they lie, so that none is cut before it is compared. Claims of
    test files only `with_tests`: money chosen onto them would count nowhere. Two statements.
    """
    rows = Claim.objects.filter(_typed(words) if words.strip() else _alike(received), organization_id=organization_id)
    if not with_tests:
        rows = rows.filter(batch__is_test=False)
    weighed = rows.annotate(weight=_weight(*_tests(received), *_typed_given(words)))
    with_names = weighed.select_related("patient", "payer", "batch").defer("facts", "verdict")
    found = list(with_names.order_by("-weight", "-service_on", "-id")[:_MOST_COMPARED])
    codes = _codes(organization_id, [claim.id for claim in found])
    shown = [_candidate(claim, received, codes.get(claim.id, ())) for claim in found]
    return sorted(shown, key=lambda one: -len(one.shares))[:MOST]


def received_of(row: PaidClaimShown | SaidShown) -> Received:
    """What was received of one claim, as its page shows it."""
    if isinstance(row, PaidClaimShown):
        days = frozenset(line.service_on for line in row.lines if line.service_on is not None)
        codes = frozenset(line.code for line in row.lines if line.code)
        return Received(row.control_number, row.names, abs(row.charge), days, codes)
    charge = None if row.charge is None else abs(row.charge)
    return Received(row.reference, row.names, charge, frozenset([row.service_on] if row.service_on else []))


def recent_files(organization_id: UUID) -> list[tuple[UUID, str]]:
    """The last batches that went out as 837P, to say by hand which one was meant."""
    with_payers = _files(organization_id).select_related("payer").order_by("-number")[:MOST]
    return [(batch.id, _file_name(batch)) for batch in with_payers]


def file_numbered(organization_id: UUID, number: int) -> UUID | None:
    """The batch of this number, where it went out as 837P."""
    found: UUID | None = _files(organization_id).filter(number=number).values_list("id", flat=True).first()
    return found


def _files(organization_id: UUID) -> Any:
    return Batch.objects.filter(organization_id=organization_id, interchange_number__isnull=False)


def _file_name(batch: Batch) -> str:
    payer = f", {batch.payer.name}" if batch.payer else ""
    return f"Batch {batch.number}, {batch.month:%B %Y}{payer}{' (test file)' if batch.is_test else ''}"


def _typed(words: str) -> Q:
    first = words.strip().split(",")[0].split()[0] if words.strip(" ,") else ""
    if len(first) < _FEWEST_LETTERS:
        return Q(pk__in=[])
    by_name = Q(patient__family_name__istartswith=first) | Q(patient__sort_name__startswith=sort_name(first, ""))
    return by_name | Q(control_number__startswith=words.strip().upper())


def _typed_given(words: str) -> list[Q]:
    """Who typed a given name too means people of that name first."""
    names = words.replace(",", " ").split()
    return [Q(patient__given_name__istartswith=names[1])] if len(names) > 1 else []


def _tests(received: Received) -> list[Q]:
    """What speaks for a claim, as far as it can be told without its lines."""
    tests = [Q(charge=received.charge)] if received.charge is not None else []
    if received.days:
        tests.append(Q(service_on__in=received.days))
    if received.given:
        tests.append(Q(patient__given_name__istartswith=received.given))
    return [*tests, *_own(received)]


def _own(received: Received) -> list[Q]:
    """What few claims share with each other: name, member number, the signs at the end of the number."""
    tests = []
    if len(received.family) >= _FEWEST_LETTERS:
        tests.append(Q(patient__sort_name__startswith=f"{received.family}, "))
    if received.member:
        tests.append(Q(content__claim__insured__member_id=received.member))
    if signs := signs_of(received.number):
        tests.append(Q(control_number__endswith=signs))
    return tests


def _weight(*tests: Q) -> Any:
    """How many of these hold."""
    return sum((Case(When(test, then=1), default=0) for test in tests), Value(0, output_field=IntegerField()))


def _alike(received: Received) -> Q:
    which = Q(pk__in=[])
    if received.charge is not None and received.days:
        which = Q(charge=received.charge, service_on__in=received.days)
    for one in _own(received):
        which |= one
    return which


def _candidate(claim: Claim, received: Received, codes: tuple[str, ...]) -> Candidate:
    signs = signs_of(received.number)
    member = claim.content.get("claim", {}).get("insured", {}).get("member_id", "")
    tests = (
        ("number", signs and claim.control_number.endswith(signs)),
        ("name", received.family and claim.patient.sort_name.startswith(f"{received.family}, ")),
        ("first name", received.given and claim.patient.given_name.upper().startswith(received.given)),
        ("member number", member and member == received.member),
        ("day", claim.service_on in received.days),
        ("codes", codes and set(codes) == received.codes),
        ("charge", claim.charge is not None and claim.charge == received.charge),
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
        standing=_standing(claim),
    )


def _standing(claim: Any) -> str:
    """What a person should know before choosing it; empty of a claim that stands."""
    if claim.batch.is_test:
        return "In a test file"
    if claim.frequency == Frequency.VOID:
        return "Takes an earlier claim back"
    return "Stands no more" if claim.is_superseded else ""


def _codes(organization_id: UUID, ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = ClaimLine.objects.filter(organization_id=organization_id, claim_id__in=list(ids), units__gt=0)
    found: dict[UUID, tuple[str, ...]] = {}
    for claim_id, code in rows.order_by("number").values_list("claim_id", "code"):
        found[claim_id] = (*found.get(claim_id, ()), code)
    return found
