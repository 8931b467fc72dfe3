"""What was answered and waits for a person to say which claim or batch it means, and what of it is likely ours.

A practice whose own system files for everything else gets hundreds of strangers' claims in each answer. What may be
ours is told apart by its number, or by a name or member number that somebody with a claim here has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat, Left, Lower, Trim, Upper

from bhi.errors import NotFound
from billing.models import Acknowledgement, AnswerFile, Claim, RemittanceClaim
from billing.rules.x12.acknowledgements import KIND_277CA
from billing.rules.x12.numbers import SHAPE
from registry.models import Coverage, Patient

FILES_SHOWN: Final = 50
# As many letters of a given name have to be the same.
_GIVEN: Final = 2
_OF_BATCH: Final = r"^BATCH0*[0-9]{1,9}$"
_OF_FILE: Final = r"^0*[0-9]{1,9}$"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file of which something waits: how much of it may be ours, and how much is likely somebody else's."""

    id: UUID
    name: str
    received_at: datetime
    likely: int
    others: int


def waiting_claims(organization_id: UUID) -> Any:
    """Payments of claims that nobody knows yet."""
    return RemittanceClaim.objects.filter(organization_id=organization_id, claim__isnull=True, set_aside_because="")


def waiting_said(organization_id: UUID) -> Any:
    """Acknowledgements of files and claims that nobody knows yet."""
    rows = Acknowledgement.objects.filter(organization_id=organization_id, matched_at__isnull=True)
    return rows.filter(batch__isnull=True, claim__isnull=True)


def likely_claims(organization_id: UUID) -> Any:
    """Payments that wait, each told whether it `is_likely` ours."""
    return _told(waiting_claims(organization_id), "control_number", organization_id, Q(pk__in=[]))


def likely_said(organization_id: UUID) -> Any:
    """Acknowledgements that wait, each told whether it `is_likely` ours. Of files numbers count up with everybody."""
    of_batch = Q(kind=KIND_277CA, reference__iregex=_OF_BATCH) | Q(~Q(kind=KIND_277CA), reference__regex=_OF_FILE)
    return _told(waiting_said(organization_id), "reference", organization_id, Q(of_batch, is_of_claim=False))


def waiting_files(organization_id: UUID, file_id: UUID | None = None) -> list[WaitingFile]:
    """The files of which something waits, or one of them, those received last first. Two statements."""
    found: dict[UUID, WaitingFile] = {}
    for rows, path in ((likely_claims(organization_id), "remittance__file"), (likely_said(organization_id), "file")):
        of_files = rows if file_id is None else rows.filter(**{f"{path}_id": file_id})
        keys = (f"{path}_id", f"{path}__name", f"{path}__received_at")
        likely, others = (Count("id", filter=Q(is_likely=is_it)) for is_it in (True, False))
        counted = of_files.order_by().values_list(*keys).annotate(likely=likely, others=others)
        for id_, name, at, its, strangers in counted:
            before = found.get(id_, WaitingFile(id_, name, at, 0, 0))
            found[id_] = WaitingFile(id_, name, at, before.likely + its, before.others + strangers)
    return sorted(found.values(), key=lambda one: (one.received_at, one.id), reverse=True)


def waiting_file(organization_id: UUID, file_id: UUID) -> WaitingFile:
    """What waits of one file. Three statements. Raises NotFound."""
    file = AnswerFile.objects.filter(organization_id=organization_id, id=file_id).first()
    if file is None:
        raise NotFound
    known = waiting_files(organization_id, file_id)
    return known[0] if known else WaitingFile(file.id, file.name, file.received_at, 0, 0)


def unmatched_count(organization_id: UUID) -> int:
    """How much waits for a person. Two statements."""
    found: int = waiting_claims(organization_id).count() + waiting_said(organization_id).count()
    return found


@dataclass(frozen=True, slots=True)
class AsideAtOnce:
    """What was set aside of a file in one act: when, by whom, why, and how many answers."""

    at: datetime
    by_id: UUID
    because: str
    count: int


def aside_of_file(organization_id: UUID, file_id: UUID) -> list[AsideAtOnce]:
    """What was set aside of a file, act by act, the last first. Two statements."""
    found: dict[tuple[datetime, UUID, str], int] = {}
    for rows in aside_rows(organization_id, file_id).values():
        acts = rows.order_by().values_list("matched_at", "matched_by_id", "set_aside_because")
        for at, by_id, because, count in acts.annotate(count=Count("id")):
            found[at, by_id, because] = found.get((at, by_id, because), 0) + count
    acts_found = (AsideAtOnce(*act, count) for act, count in found.items())
    return sorted(acts_found, key=lambda one: one.at, reverse=True)


def aside_rows(organization_id: UUID, file_id: UUID) -> Mapping[str, Any]:
    """What was set aside of a file: `remittance_claim` and `acknowledgement`, by what MatchUndone calls them."""
    claims = RemittanceClaim.objects.filter(organization_id=organization_id, remittance__file_id=file_id)
    said = Acknowledgement.objects.filter(organization_id=organization_id, file_id=file_id)
    by_hand = Q(matched_by__isnull=False) & ~Q(set_aside_because="")
    return {"remittance_claim": claims.filter(by_hand), "acknowledgement": said.filter(by_hand)}


def _told(rows: Any, number: str, organization_id: UUID, of_file: Q) -> Any:
    """Whether a number is built as ours are, or somebody with a claim here has that name or member number."""
    patients = Patient.objects.filter(organization_id=organization_id)
    claimed = patients.filter(Exists(Claim.objects.filter(organization_id=organization_id, patient_id=OuterRef("id"))))
    names = claimed.annotate(person=_person(F("sort_name"))).values("person")
    members = Coverage.objects.filter(organization_id=organization_id).exclude(member_id="").values("member_id")
    told = rows.annotate(
        bare=_replaced(Upper(F(number)), r"^[^A-Z1-9]*|[^A-Z0-9]", ""),
        person=_person(_sorted(_received("patient"))),
        member=_received("patient_number"),
        insured=_received("insured_number"),
    )
    by_person = Q(person__in=names) | Q(member__in=members) | Q(insured__in=members)
    return told.annotate(is_likely=Q(Q(bare__regex=SHAPE) | by_person | of_file))


def _received(key: str) -> Coalesce:
    return Coalesce(KeyTextTransform(key, "names"), Value(""), output_field=CharField())


def _sorted(name: Any) -> Any:
    """A name as received, in the form of a patient's `sort_name`: payers write no accents."""
    return Lower(_replaced(_replaced(name, "['`.]", ""), r"[-\s]+", " "))


def _person(name: Any) -> Concat:
    """Family name and the first letters of the given one, of `abara, jo anne`."""
    family, given = (Trim(_split(name, place)) for place in (1, 2))
    return Concat(family, Value(", "), Left(given, _GIVEN), output_field=CharField())


def _split(text: Any, place: int) -> Func:
    return Func(text, Value(","), Value(place), function="split_part", output_field=CharField())


def _replaced(text: Any, pattern: str, by: str) -> Func:
    whole = (text, Value(pattern), Value(by), Value("g"))
    return Func(*whole, function="regexp_replace", output_field=CharField())
