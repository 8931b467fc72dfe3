"""Answers of payers and clearinghouses: taken once, read whole or not at all, and kept sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.files.models import StoredFile
from bhi.files.operations import discard, discard_expired, read, store
from bhi.jobs.operations import queue
from bhi.jobs.queries import is_under_way
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from billing.models import Acknowledgement, AnswerFile, AnswerState, RemittanceClaim
from billing.operations.answer_posting import Posted, keep_said, post
from billing.operations.answer_screening import screened
from billing.operations.denials import open_denials, reopen_rejected
from billing.queries.answers import answer_file
from billing.rules.x12.answers import Answer, quietly, read_answer
from billing.rules.x12.balancing import imbalance, uneven_lines
from billing.rules.x12.decoding import Unreadable, text_of
from billing.rules.x12.remittances import Payment

READ_ANSWER: Final = "read_answer"
PURPOSE: Final = "answer"
# Some thousand segments: what is longer is read by a worker, with its progress shown.
AT_ONCE_BYTES: Final = 150_000
# A payer's year for timely filing, and the time that an appeal takes. What the file said stays for good.
KEPT_FOR: Final = timedelta(days=550)
_MOST_UNKNOWN: Final = 200
_MOST_NOTES: Final = 50

Progress = Callable[[int, int], None]


class AnswerUnreadable(DomainError):
    """An upload that is no answer, or breaks off; the sentence says what it is. Nothing was kept."""


@dataclass(frozen=True)
class Chosen:
    """An uploaded file. `read` gives its bytes, as often as it is called: one at a time is in memory."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Taken:
    """What became of an upload: its file, and since when that was there before; or why it cannot be read."""

    name: str
    file_id: UUID | None = None
    state: str = ""
    known_at: datetime | None = None
    fault: str = ""


@transaction.atomic
@seeing_everything()
def take_answer(*, by: Membership, at: datetime, name: str, content: bytes, in_background: bool = True) -> AnswerFile:
    """Keep an uploaded 999, 277CA or 835 and post what it says, all of it or nothing, whomever it speaks of.

    The same bytes a second time give the file as it was read before; where the job that was to read it is gone, it is
    queued again. A payment that does not add up is refused: the
    file comes back `refused`, with the arithmetic, and may be tried again. A long file is read by a job, and so is one
    that comes while another is being posted. Raises AnswerUnreadable; then nothing was kept.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    _lock_bytes(by.organization_id, sha256)
    same = _same_bytes(by.organization_id, sha256)
    before = same.exclude(state=AnswerState.REFUSED).first() or same.first()
    if before is not None and before.state != AnswerState.REFUSED:
        return _going_on(before, by=by, at=at)
    later = in_background and (len(content) > AT_ONCE_BYTES or not _is_locked_at_once(by.organization_id))
    if not later:
        lock_answers(by.organization_id)
    answer = _understood(content, only_look=later)
    file = before or _kept(by=by, at=at, name=name, content=content, sha256=sha256)
    if file.stored_file is None or not file.stored_file.sealed:
        file.stored_file = _stored(content, organization_id=by.organization_id, at=at)
        file.save(update_fields=["stored_file"])
    if answer is None:
        _queue(file, by=by, at=at)
        return file
    try:
        _post(file, answer, by=by, at=at)
    except Unreadable as fault:
        raise AnswerUnreadable(str(fault)) from None
    return file


@transaction.atomic
@seeing_everything()
def take_answers(*, by: Membership, at: datetime, chosen: Sequence[Chosen]) -> list[Taken]:
    """Several uploads, each for itself: one that cannot be read stops no other.

    Who uploads the same files in another order at the same moment would wait for these, and these for theirs: all are
    locked first, in one order.
    """
    for sha256 in sorted({hashlib.sha256(one.read()).hexdigest() for one in chosen}):
        _lock_bytes(by.organization_id, sha256)
    return [_taken(one, by=by, at=at) for one in chosen]


@transaction.atomic
def read_kept_answer(*, by: Membership, at: datetime, file_id: UUID, progress: Progress = quietly) -> AnswerFile:
    """The job behind a long answer: read what was kept and post it. A second run changes nothing. Raises NotFound.

    Others are kept waiting for the posting only, not while the bytes are understood. Of a file that is all somebody
    else's the bytes are not kept: nobody of ours is in it.
    """
    file = answer_file(by.organization_id, file_id)
    if file.state != AnswerState.READING or file.stored_file is None:
        return file
    progress(5, 100)
    kept = file.stored_file
    answer = _read_or_why_not(read(kept))
    progress(40, 100)
    lock_answers(by.organization_id)
    file = answer_file(by.organization_id, file_id)
    if file.state != AnswerState.READING:
        return file
    if isinstance(answer, str):
        _refuse(file, answer)
        return file
    try:
        _post(file, answer, by=by, at=at)
    except Unreadable as fault:
        _refuse(file, str(fault))
        discard(kept)
    progress(100, 100)
    return file


@transaction.atomic
def discard_old_answers(*, by: Membership, at: datetime) -> int:
    """Every night: the bytes of answers past their time; what they said stays. How many there were."""
    return discard_expired(organization_id=by.organization_id, purpose=PURPOSE, at=at)


def lock_answers(organization_id: UUID) -> None:
    """One reader of an organization's answers at a time: a payment is posted once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing answers {organization_id}"])


def _is_locked_at_once(organization_id: UUID) -> bool:
    """Lock the answers if nobody posts one; who uploads a short one does not wait for a long one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing answers {organization_id}"]
        )
        return bool(cursor.fetchone()[0])


def _lock_bytes(organization_id: UUID, sha256: str) -> None:
    """Of two who upload the same file at once, the second finds what the first kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing answer {organization_id} {sha256}"]
        )


def _same_bytes(organization_id: UUID, sha256: str) -> QuerySet[AnswerFile]:
    return AnswerFile.objects.filter(organization_id=organization_id, sha256=sha256).order_by("-received_at")


def _understood(content: bytes, *, only_look: bool) -> Answer | None:
    """What the bytes say; of a long file only whether they are text at all."""
    try:
        if only_look:
            text_of(content)
            return None
        return read_answer(content)
    except Unreadable as fault:
        raise AnswerUnreadable(str(fault)) from None


def _read_or_why_not(content: bytes) -> Answer | str:
    try:
        return read_answer(content)
    except Unreadable as fault:
        return str(fault)


def _kept(*, by: Membership, at: datetime, name: str, content: bytes, sha256: str) -> AnswerFile:
    return AnswerFile.objects.create(
        organization_id=by.organization_id,
        by=by,
        received_at=at,
        name=name.replace("\\", "/").rsplit("/", 1)[-1].replace("\x00", "")[:200] or "answer",
        stored_file=_stored(content, organization_id=by.organization_id, at=at),
        sha256=sha256,
        state=AnswerState.READING,
    )


def _stored(content: bytes, *, organization_id: UUID, at: datetime) -> StoredFile:
    return store(
        content,
        organization_id=organization_id,
        purpose=PURPOSE,
        media_type="application/octet-stream",
        at=at,
        expires_at=at + KEPT_FOR,
    )


def _taken(one: Chosen, *, by: Membership, at: datetime) -> Taken:
    content = one.read()
    sha256 = hashlib.sha256(content).hexdigest()
    known = _same_bytes(by.organization_id, sha256).exclude(state=AnswerState.REFUSED).first()
    try:
        file = take_answer(by=by, at=at, name=one.name, content=content)
    except AnswerUnreadable as fault:
        return Taken(one.name, fault=str(fault))
    return Taken(one.name, file.id, file.state, known.received_at if known else None)


def _going_on(file: AnswerFile, *, by: Membership, at: datetime) -> AnswerFile:
    """As it is, but read by another job where the one that was to read it has gone."""
    if file.state == AnswerState.READING and not is_under_way(file.organization_id, file.job_id):
        _queue(file, by=by, at=at)
    return file


def _queue(file: AnswerFile, *, by: Membership, at: datetime) -> None:
    file.state, file.refusal = AnswerState.READING, ""
    arguments = {"file_id": str(file.id), "by_id": str(by.id)}
    file.job_id = queue(
        READ_ANSWER, organization_id=file.organization_id, key=str(file.id), at=at, arguments=arguments, owner=by
    )
    file.save(update_fields=["state", "refusal", "job_id"])
    record("answer.uploaded", by=by, at=at, object_id=file.id)


def _post(file: AnswerFile, answer: Answer, *, by: Membership, at: datetime) -> None:
    """Post everything that a file says, or refuse it with the arithmetic of what does not add up.

    Raises Unreadable where all of it is somebody else's.
    """
    file.kind = ", ".join(answer.kinds)[:20]
    if faults := _imbalances(answer.payments):
        more = len(faults) - 1
        others = f" {more} more {'does' if more == 1 else 'do'} not add up either." if more else ""
        _refuse(file, f"{faults[0]}{others} Nothing was posted. Ask the payer for a corrected file.")
        record("answer.refused", by=by, at=at, object_id=file.id)
        return
    count = len(answer.payments)
    answer = screened(answer, organization_id=file.organization_id, at=at)
    keep_said(file, answer.said)
    posted = post(file, answer.payments, at=at)
    file.state, file.refusal = AnswerState.READ, ""
    file.unknown = list(answer.unknown[:_MOST_UNKNOWN])
    file.summary = _summary(answer, posted) | {"left_out": count - len(answer.payments)}
    file.save(update_fields=["kind", "state", "refusal", "unknown", "summary"])
    record("answer.read", by=by, at=at, object_id=file.id, count=len(posted.claims) + len(answer.said))
    _reopen_rejected(file, by=by, at=at)
    denied_or_paid(posted.claims, by=by, at=at)


def _reopen_rejected(file: AnswerFile, *, by: Membership, at: datetime) -> None:
    """Corrected claims that this file rejects, or whose file it refuses, answer no denial any more."""
    said = Acknowledgement.objects.filter(organization_id=file.organization_id, file=file, is_accepted=False)
    refused = list(said.values_list("claim_id", "batch_id"))
    claims = {claim_id for claim_id, _ in refused if claim_id is not None}
    batches = {batch_id for claim_id, batch_id in refused if claim_id is None and batch_id is not None}
    reopen_rejected(by=by, at=at, claim_ids=claims, batch_ids=batches)


def denied_or_paid(claims: Sequence[RemittanceClaim], *, by: Membership, at: datetime) -> None:
    """Denials of the claims that are known follow their answers."""
    known = [row for row in claims if row.claim_id is not None]
    if known:
        open_denials(by=by, at=at, remittance_claims=known)


def _imbalances(payments: Sequence[Payment]) -> list[str]:
    said = (imbalance(payment, place) for place, payment in enumerate(payments, start=1))
    return [one for one in said if one]


def _refuse(file: AnswerFile, why: str) -> None:
    file.state, file.refusal = AnswerState.REFUSED, why[:500]
    file.save(update_fields=["kind", "state", "refusal"])


def _summary(answer: Answer, posted: Posted) -> dict[str, Any]:
    """Counts, and payments known before: numbers only, for a page that shows the rest from its rows."""
    notes = [*answer.notes, *_uneven(answer.payments)]
    return {
        "said": len(answer.said),
        "rejected": sum(not one.is_accepted for one in answer.said),
        "payments": posted.payments,
        "claims": len(posted.claims),
        "paid": str(sum((row.paid for row in posted.claims), Decimal("0.00"))),
        "known": [{"remittance_id": str(one.id), "file_id": str(one.file_id)} for one in posted.known],
        "notes": notes[:_MOST_NOTES],
        "unknown": len(answer.unknown),
    }


def _uneven(payments: Sequence[Payment]) -> list[str]:
    """Claims that add up although one of their lines does not: posted, and said."""
    return [
        f"Payment {number}, claim {place}: line {', '.join(map(str, lines))} does not add up by itself; its claim does."
        for number, payment in enumerate(payments, start=1)
        for place, claim in enumerate(payment.claims, start=1)
        if (lines := uneven_lines(claim)) and not claim.less
    ]
