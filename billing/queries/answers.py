"""What pages show of answers: the files, and what one of them said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.tenancy.sight import sees_all
from billing.models import (
    Acknowledgement,
    Adjustment,
    AnswerFile,
    AnswerState,
    MatchUndone,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from billing.queries.answers_shown import (
    AnswerPage,
    AnswerShown,
    PaidClaimShown,
    PaidLineShown,
    PaymentShown,
    SaidShown,
    UndoneShown,
    ours,
    shown_said,
    shown_undone,
)
from billing.queries.answers_waiting import likely_claims, likely_said, waiting_claims, waiting_said

FILES_PER_PAGE: Final = 50
ROWS_PER_PAGE: Final = 50
_PERSON = ("claim__patient", "claim__batch")
# Among hundreds of strangers' claims one looks for one's own, then for what waits.
_OURS_FIRST: Final = Case(
    When(claim__isnull=False, then=0), When(set_aside_because="", then=1), default=2, output_field=IntegerField()
)


def answer_file(organization_id: UUID, file_id: UUID) -> AnswerFile:
    """The file. Raises NotFound."""
    found = AnswerFile.objects.filter(organization_id=organization_id, id=file_id).first()
    if found is None:
        raise NotFound
    return found


def people_in(file: AnswerFile) -> int:
    """How many claims, and so how many people at most, a file speaks of. Two statements."""
    paid = RemittanceClaim.objects.filter(organization_id=file.organization_id, remittance__file=file)
    said = Acknowledgement.objects.filter(organization_id=file.organization_id, file=file, batch__isnull=True)
    return paid.count() + said.count()


def answer_files(organization_id: UUID, *, page: int = 1) -> tuple[list[AnswerShown], int]:
    """A page of the files, the newest first, and how many there are. Three statements."""
    rows = _counted(organization_id).order_by("-received_at", "-id")
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    start = (max(page, 1) - 1) * FILES_PER_PAGE
    files = [_file(file, people) for file in rows[start : start + FILES_PER_PAGE]]
    return files, AnswerFile.objects.filter(organization_id=organization_id).count()


def answer_page(organization_id: UUID, file_id: UUID, *, page: int = 1) -> AnswerPage:
    """One file with a page of what it said, rejections first. At most eight statements. Raises NotFound."""
    counted = _counted(organization_id).filter(id=file_id).first()
    if counted is None:
        raise NotFound
    file: AnswerFile = counted
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    said = Acknowledgement.objects.filter(organization_id=organization_id, file=file)
    claims = RemittanceClaim.objects.filter(organization_id=organization_id, remittance__file=file)
    said_count, claim_count = counted.said_count, counted.claim_count
    pages = max(1, -(-max(said_count, claim_count) // ROWS_PER_PAGE))
    page = min(max(page, 1), pages)
    part = slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE)
    shown = claims.order_by(_OURS_FIRST, "remittance__position", "position") if claim_count else claims.none()
    head = _file(counted, people)
    return AnswerPage(
        file=head,
        job_id=file.job_id,
        is_kept=counted.is_kept,
        payments=_payments(file, is_whole=not head.kept) if claim_count or file.summary.get("payments") else (),
        said=_said(said.order_by("is_accepted", "position")[part]) if said_count else (),
        claims=paid_claims(organization_id, shown[part], people) if claim_count else (),
        total=said_count + claim_count,
        page=page,
        pages=pages,
        unknown=() if head.kept else tuple(file.unknown),
        known=_known(organization_id, file),
        waiting=counted.waiting,
    )


def unmatched(
    organization_id: UUID, *, is_likely: bool, file_id: UUID | None = None, page: int = 1
) -> tuple[list[PaidClaimShown], list[SaidShown]]:
    """A page of what waits for a person, the oldest first: payments, then acknowledgements. Five statements.

    What is likely ours, or what is likely somebody else's; of one file where that is given.
    """
    claims = likely_claims(organization_id).filter(is_likely=is_likely)
    said = likely_said(organization_id).filter(is_likely=is_likely)
    if file_id is not None:
        claims, said = claims.filter(remittance__file_id=file_id), said.filter(file_id=file_id)
    claims = claims.order_by("remittance__posted_at", "remittance_id", "position")
    start = (max(page, 1) - 1) * ROWS_PER_PAGE
    shown = paid_claims(organization_id, claims[start : start + ROWS_PER_PAGE], {})
    room = ROWS_PER_PAGE - len(shown)
    if not room:
        return list(shown), []
    first = max(0, start - claims.count()) if start else 0
    return list(shown), list(_said(said.order_by("file__received_at", "position")[first : first + room]))


def waiting_shown(organization_id: UUID, row_id: UUID) -> PaidClaimShown:
    """What a payment said of one claim. Raises NotFound."""
    rows = RemittanceClaim.objects.filter(organization_id=organization_id, id=row_id)
    found = paid_claims(organization_id, rows)
    if not found:
        raise NotFound
    return found[0]


def said_shown(organization_id: UUID, row_id: UUID) -> SaidShown:
    """One acknowledgement. Raises NotFound."""
    found = _said(Acknowledgement.objects.filter(organization_id=organization_id, id=row_id))
    if not found:
        raise NotFound
    return found[0]


def matches_undone(organization_id: UUID, row_id: UUID) -> list[UndoneShown]:
    """What was said by hand of an answer and taken back, the last first. One statement, two where there is any."""
    rows = MatchUndone.objects.filter(
        Q(remittance_claim_id=row_id) | Q(acknowledgement_id=row_id), organization_id=organization_id
    )
    with_names = rows.select_related("batch", *_PERSON).defer("claim__facts", "claim__verdict", "claim__content")
    found = list(with_names.order_by("-undone_at", "-id"))
    people = {key: str(one) for key, one in people_of(organization_id).items()} if found else {}
    return [shown_undone(row, people) for row in found]


def paid_claims(
    organization_id: UUID, rows: Any, people: Mapping[UUID, str] | None = None
) -> tuple[PaidClaimShown, ...]:
    """These rows with lines and adjustments. Three statements; one more for who matched them, unless they are given."""
    found = list(
        rows.select_related("remittance__file", *_PERSON).defer("claim__facts", "claim__verdict", "claim__content")
    )
    if people is None:
        is_by_hand = any(row.matched_by_id for row in found)
        people = {key: str(one) for key, one in people_of(organization_id).items()} if is_by_hand else {}
    ids = [row.id for row in found]
    less = _less(organization_id, ids)
    lines = _lines(organization_id, ids, less)
    return tuple(_claim(row, less, lines.get(row.id, ()), people) for row in found)


def _counted(organization_id: UUID) -> Any:
    """Files with what is counted of each, in their own statement: `said_count`, `claim_count`, `waiting`, `is_kept`."""
    said = Acknowledgement.objects.filter(organization_id=organization_id, file_id=OuterRef("id"))
    claims = RemittanceClaim.objects.filter(organization_id=organization_id, remittance__file_id=OuterRef("id"))
    open_said = waiting_said(organization_id).filter(file_id=OuterRef("id"))
    open_claims = waiting_claims(organization_id).filter(remittance__file_id=OuterRef("id"))
    kept = StoredFile.objects.filter(organization_id=organization_id, id=OuterRef("stored_file_id"))
    return AnswerFile.objects.filter(organization_id=organization_id).annotate(
        said_count=_count(said),
        claim_count=_count(claims),
        waiting=_count(open_said) + _count(open_claims),
        is_kept=Exists(kept.exclude(sealed=b"")),
    )


def _count(rows: Any) -> Coalesce:
    """How many rows there are to an outer row."""
    counts = rows.order_by().values("organization_id").annotate(count=Count("id")).values("count")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def _file(file: Any, people: Mapping[UUID, str]) -> AnswerShown:
    """A file with what was counted of it: what it said, less what shows, is of patients not open to who looks."""
    told = file.summary.get("claims", 0) + file.summary.get("said", 0)
    return AnswerShown(
        id=file.id,
        name=file.name,
        kind=file.kind,
        state=file.state,
        state_label=str(AnswerState(file.state).label),
        refusal=file.refusal,
        received_at=file.received_at,
        by=people.get(file.by_id, ""),
        summary=file.summary,
        unmatched=file.waiting,
        kept=0 if sees_all() else max(0, told - file.claim_count - file.said_count),
        claims=file.claim_count,
    )


def _payments(file: AnswerFile, *, is_whole: bool) -> tuple[PaymentShown, ...]:
    """The payments of a file; without sums and what was kept back where some of its claims do not show."""
    rows = Remittance.objects.filter(organization_id=file.organization_id, file=file).order_by("position")
    claims = RemittanceClaim.objects.filter(organization_id=file.organization_id, remittance_id=OuterRef("id"))
    return tuple(
        PaymentShown(
            payer_name=row.payer_name,
            payee_name=row.payee_name,
            payee_npi=row.payee_npi,
            trace_number=row.trace_number,
            paid_on=row.paid_on,
            total=row.total if is_whole else None,
            claims=row.claims,
            kept_back=tuple(_kept(one) for one in row.provider_adjustments) if is_whole else (),
        )
        for row in rows.annotate(claims=_count(claims))
    )


def _kept(one: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**one, "amount": Decimal(one["amount"])}


def _known(organization_id: UUID, file: AnswerFile) -> tuple[tuple[UUID, str, datetime], ...]:
    """Files from which payments of this one were posted before."""
    ids = {UUID(one["file_id"]) for one in file.summary.get("known", ())}
    if not ids:
        return ()
    rows = AnswerFile.objects.filter(organization_id=organization_id, id__in=ids).order_by("received_at")
    return tuple(rows.values_list("id", "name", "received_at"))


def _said(rows: Any) -> tuple[SaidShown, ...]:
    with_names = rows.select_related("batch", *_PERSON)
    return tuple(shown_said(row) for row in with_names.defer("claim__facts", "claim__verdict", "claim__content"))


def _less(
    organization_id: UUID, ids: Collection[UUID]
) -> dict[tuple[UUID, UUID | None], list[tuple[str, str, Decimal]]]:
    found: dict[tuple[UUID, UUID | None], list[tuple[str, str, Decimal]]] = {}
    rows = Adjustment.objects.filter(organization_id=organization_id, remittance_claim_id__in=list(ids))
    for row in rows.order_by("position"):
        key = (row.remittance_claim_id, row.remittance_line_id)
        found.setdefault(key, []).append((row.group, row.reason, row.amount))
    return found


def _lines(
    organization_id: UUID,
    ids: Collection[UUID],
    less: Mapping[tuple[UUID, UUID | None], list[tuple[str, str, Decimal]]],
) -> dict[UUID, tuple[PaidLineShown, ...]]:
    found: dict[UUID, tuple[PaidLineShown, ...]] = {}
    rows = RemittanceLine.objects.filter(organization_id=organization_id, remittance_claim_id__in=list(ids))
    for row in rows.order_by("position"):
        shown = PaidLineShown(
            code=row.code,
            units=row.units,
            service_on=row.service_on,
            charge=row.charge,
            paid=row.paid,
            allowed=row.allowed,
            less=tuple(less.get((row.remittance_claim_id, row.id), ())),
            remarks=tuple(row.remarks),
            is_known=row.claim_line_id is not None,
            asked=row.asked_code,
        )
        found[row.remittance_claim_id] = (*found.get(row.remittance_claim_id, ()), shown)
    return found


def _claim(
    row: RemittanceClaim,
    less: Mapping[tuple[UUID, UUID | None], list[tuple[str, str, Decimal]]],
    lines: tuple[PaidLineShown, ...],
    people: Mapping[UUID, str],
) -> PaidClaimShown:
    return PaidClaimShown(
        id=row.id,
        control_number=row.control_number,
        status_code=row.status_code,
        is_reversal=row.is_reversal,
        charge=row.charge,
        paid=row.paid,
        patient_owes=row.patient_owes,
        payer_claim_number=row.payer_claim_number,
        names=row.names,
        unknown=tuple(row.unknown),
        claim=ours(row.claim),
        set_aside_because=row.set_aside_because,
        matched_by=people.get(row.matched_by_id, "") if row.matched_by_id else "",
        remarks=tuple(row.remarks),
        less=tuple(less.get((row.id, None), ())),
        lines=lines,
        payer_name=row.remittance.payer_name,
        trace_number=row.remittance.trace_number,
        paid_on=row.remittance.paid_on,
        file_id=row.remittance.file_id,
        file_name=row.remittance.file.name,
    )
