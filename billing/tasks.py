"""Billing's background work: the roll-up after each change, and the nightly comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from bhi.accounts.queries import people_of, system_membership
from bhi.files.operations import read
from bhi.jobs.registry import Run, Work, handles, nightly, repeats, subscribe
from bhi.web.pdf import Picture, pdf_of
from billing.operations.answers import READ_ANSWER, discard_old_answers, read_kept_answer
from billing.operations.denials import SETTLE, settle_denials
from billing.operations.filing import discard_batch_files
from billing.operations.look_back import READ_LOOK_BACK, discard_old_look_backs, read_look_back
from billing.operations.merging import GATHER, gather_late
from billing.operations.packets import MAKE, check_is_whole, discard_packets, keep_part
from billing.operations.paper_sheets import discard_paper, keep_paper
from billing.operations.practice_files import (
    READ_JOB,
    TAKE_JOB,
    PracticeFileNotReady,
    discard_old_practice_files,
    read_practice_file,
)
from billing.operations.practice_taking import release_practice_file, take_practice_file
from billing.operations.profiles import ensure_profiles
from billing.operations.record_exports import MAKE as MAKE_COPY
from billing.operations.record_exports import discard_copies, keep_copy
from billing.operations.refunds import FIND, find_refunds
from billing.operations.reopening_notices import TELL, mail_of_reopening
from billing.operations.service_months import refresh_service_month, refresh_service_months, verify_service_months
from billing.queries.calendar import page_zone
from billing.queries.packets import content_of, logo_of, packet_of_job, parts_made
from billing.queries.paper_sheets import CHARGES, Paper, PaperAsked, PaperRow, asked_of, paper_of
from billing.queries.paper_sheets import MAKE as MAKE_PAPER
from billing.queries.part_two import notices_of
from billing.queries.record_copy import record_copy
from billing.queries.record_exports import CopyAsked, copy_asked
from billing.rules.claim_sheet import ClaimSheet, claim_sheet
from billing.rules.packet import PacketContent, fingerprint
from billing.rules.record_copy import LEFT_OUT, NOT_HELD
from billing.rules.record_files import structured_copy
from billing.rules.x12.filed import Biller
from caseload.rules.clock import local_date

log = structlog.get_logger(__name__)

REFRESH = "refresh_service_month"
VERIFY = "verify_service_months"
DISCARD_LOOK_BACKS = "discard_old_look_backs"
DISCARD = "discard_practice_files"
DISCARD_BATCHES = "discard_batch_files"
DISCARD_ANSWERS = "discard_old_answers"
DISCARD_PACKETS = "discard_packets"
DISCARD_PAPER = "discard_paper_sheets"
DISCARD_COPIES = "discard_record_copies"
# So many patients' months are laid out at once, and make one file: memory is bounded however large a batch is.
MONTHS_A_PART = 40
CHARGES_A_PART = 500
FORMS_A_PART = 100


def register() -> None:
    """Say which kinds of job billing handles, and what queues them."""
    handles(REFRESH, refresh, label="Adding up a patient's minutes")
    subscribe("episode_changed", REFRESH, work_of_change)
    handles(GATHER, gather, label="Finishing a merge")
    handles(TELL, tell_of_reopening, label="Telling of a month that is opened again")
    handles(VERIFY, verify, label="Comparing every month with its entries")
    repeats(VERIFY, nightly)
    handles(READ_LOOK_BACK, read_long_look_back, label="Reading what was billed")
    handles(DISCARD_LOOK_BACKS, discard_look_backs)
    repeats(DISCARD_LOOK_BACKS, nightly)
    handles(READ_JOB, read_long_file, label="Reading the practice’s file")
    handles(TAKE_JOB, take_long_file, label="Taking the practice’s file over")
    handles(FIND, find_unsupported, label="Comparing payments with their records")
    repeats(FIND, nightly)
    handles(DISCARD, discard_files)
    repeats(DISCARD, nightly)
    handles(DISCARD_BATCHES, empty_batch_files)
    repeats(DISCARD_BATCHES, nightly)
    handles(READ_ANSWER, read_long_answer, label="Reading an answer")
    handles(SETTLE, settle_answered, label="Opening denials of what was answered")
    handles(DISCARD_ANSWERS, discard_answers)
    repeats(DISCARD_ANSWERS, nightly)
    handles(MAKE, make_packet, label="Making the packet", as_owner=True)
    handles(DISCARD_PACKETS, discard_made_packets)
    repeats(DISCARD_PACKETS, nightly)
    handles(MAKE_PAPER, make_paper, label="Making the PDF", as_owner=True)
    handles(DISCARD_PAPER, discard_made_paper)
    repeats(DISCARD_PAPER, nightly)
    handles(MAKE_COPY, make_record_copy, label="Making the copy of the record")
    handles(DISCARD_COPIES, discard_made_copies)
    repeats(DISCARD_COPIES, nightly)


def work_of_change(ids: Mapping[str, Any]) -> Iterable[Work]:
    """One job for an episode however many of its months changed: all are one statement."""
    yield Work(key=str(ids["episode_id"]), arguments={"episode_id": str(ids["episode_id"])})


def refresh(run: Run) -> None:
    episode_id = UUID(run.arguments["episode_id"])
    refresh_service_month(organization_id=run.organization_id, at=run.at, episode_id=episode_id)


def gather(run: Run) -> None:
    gather_late(organization_id=run.organization_id, at=run.at, merge_id=UUID(run.arguments["merge_id"]))


def tell_of_reopening(run: Run) -> None:
    mail_of_reopening(
        organization_id=run.organization_id,
        close_id=UUID(run.arguments["close_id"]),
        membership_id=UUID(run.arguments["membership_id"]),
        word=run.arguments["word"],
    )


def verify(run: Run) -> None:
    """Report months that no write told of, then put them right, so that each is reported once."""
    found = verify_service_months(organization_id=run.organization_id)
    report = log.warning if found else log.info
    report("service_months.verified", organization_id=str(run.organization_id), differences=len(found))
    refresh_service_months(organization_id=run.organization_id, at=run.at)
    ensure_profiles(by=system_membership(run.organization_id), at=run.at)


def read_long_file(run: Run) -> None:
    """Preview a practice's file that was too long for a page."""
    by = people_of(run.organization_id)[UUID(run.arguments["by_id"])]
    read_practice_file(by=by, at=run.at, file_id=UUID(run.arguments["file_id"]), progress=run.progress)


def take_long_file(run: Run) -> None:
    """Carry out a confirmed file. What cannot be leaves it waiting, with the reason; a second run changes nothing."""
    by, file_id = people_of(run.organization_id)[UUID(run.arguments["by_id"])], UUID(run.arguments["file_id"])
    digest = run.arguments["digest"]
    try:
        take_practice_file(by=by, at=run.at, file_id=file_id, digest=digest, in_background=False, progress=run.progress)
    except PracticeFileNotReady as refusal:
        release_practice_file(by=by, at=run.at, file_id=file_id, because=str(refusal))


def discard_files(run: Run) -> None:
    """Every night: files of more than thirty days ago, and previews that nobody confirmed by then."""
    discard_old_practice_files(by=system_membership(run.organization_id), at=run.at)


def read_long_look_back(run: Run) -> None:
    """Read a file of what was billed that was too long for a page."""
    by = people_of(run.organization_id)[UUID(run.arguments["by_id"])]
    read_look_back(by=by, at=run.at, look_back_id=UUID(run.arguments["look_back_id"]), progress=run.progress)


def discard_look_backs(run: Run) -> None:
    """Every night: files of what was billed that nobody settled within thirty days."""
    discard_old_look_backs(by=system_membership(run.organization_id), at=run.at)


def read_long_answer(run: Run) -> None:
    """Read an answer that was too long for a page."""
    by = people_of(run.organization_id)[UUID(run.arguments["by_id"])]
    read_kept_answer(by=by, at=run.at, file_id=UUID(run.arguments["file_id"]), progress=run.progress)


def settle_answered(run: Run) -> None:
    """Denials of some of the claims that a long answer was about."""
    by = people_of(run.organization_id)[UUID(run.arguments["by_id"])]
    settle_denials(by=by, at=run.at, claim_ids=[UUID(id_) for id_ in run.arguments["claim_ids"]])


def discard_answers(run: Run) -> None:
    """Every night: the bytes of answers past their time."""
    discard_old_answers(by=system_membership(run.organization_id), at=run.at)


def make_packet(run: Run) -> None:
    """Make the next part of a packet; keeping it has the one after it made. A second run makes nothing anew. Nothing is
    made for who may not see everybody in it any more.
    """
    packet = packet_of_job(run.organization_id, run.job_id)
    if packet.made_at is not None:
        return
    people = people_of(run.organization_id)
    by = people[packet.asked_by_id]
    check_is_whole(packet)
    made = parts_made(packet)
    run.progress(sum(part.month_count for part in made), packet.month_count)
    content = content_of(packet, people, part=len(made) + 1, size=MONTHS_A_PART)
    notices = notices_of(packet, at=run.at)
    pdf = packet_paper(run.organization_id, content, made_by=str(by), at=run.at, notices=notices)
    keep_part(by=by, at=run.at, packet=packet, content=content, pdf=pdf)


def packet_paper(
    organization_id: UUID, content: PacketContent, *, made_by: str, at: datetime, notices: Sequence[str] = ()
) -> bytes:
    """One part of a packet as a PDF. Raises PdfImpossible."""
    logo = logo_of(organization_id)
    pictures = {"logo": Picture(logo.media_type, read(logo))} if logo is not None else {}
    context = {
        "content": content,
        "hash": fingerprint(content),
        "batch_words": f"Batch {content.batch}",
        "made_by": made_by,
        "made_at": at,
        "zone": content.months[0].heading.zone,
        "has_logo": logo is not None,
        "notices": notices,
    }
    return pdf_of("pdf/packet.html", context, style="pdf/packet.css", pictures=pictures, is_tagged=True)


def make_paper(run: Run) -> None:
    """Make charge sheets or claim sheets, part by part. A second run makes them anew in place of the first."""
    people = people_of(run.organization_id)
    asked = asked_of(run.organization_id, dict(run.arguments))
    paper = paper_of(run.organization_id, asked, at=run.at)
    parts: list[tuple[bytes, frozenset[UUID]]] = []
    owner = people[run.owner_id] if run.owner_id else system_membership(run.organization_id)
    size, on = _a_part(asked), local_date(run.at, page_zone(run.organization_id))
    for pdf in sheet_papers(asked, paper, made_by=str(owner), on=on):
        rows = paper.rows[len(parts) * size : (len(parts) + 1) * size]
        parts.append((pdf, frozenset(row.patient_id for row in rows)))
        run.progress(min(len(parts) * size, len(paper.rows)), len(paper.rows))
    keep_paper(organization_id=run.organization_id, job_id=run.job_id, parts=parts, at=run.at)


def sheet_papers(asked: PaperAsked, paper: Paper, *, made_by: str, on: date) -> Iterator[bytes]:
    """The parts of charge sheets or claim sheets, each a PDF of its own; one that says so where there are none.

    Raises PdfImpossible.
    """
    size = _a_part(asked)
    starts = range(0, max(len(paper.rows), 1), size)
    context = {"asked": asked, "made_by": made_by, "on": on, "total": len(paper.rows), "parts": len(starts)}
    for part, start in enumerate(starts, 1):
        rows = paper.rows[start : start + size]
        context |= {"part": part, "rows": rows}
        if asked.kind == CHARGES:
            yield pdf_of("pdf/charge_sheet.html", context, style="pdf/sheets.css", is_tagged=True)
            continue
        sheets = [(row, _sheet(row, paper.biller)) for row in rows]
        yield pdf_of("pdf/claim_sheets.html", context | {"sheets": sheets}, style="pdf/sheets.css", is_tagged=True)


def _sheet(row: PaperRow, biller: Biller | None) -> ClaimSheet:
    return claim_sheet(row.claim, biller, account=row.account, is_institutional=row.is_institutional, other=row.other)


def _a_part(asked: PaperAsked) -> int:
    return CHARGES_A_PART if asked.kind == CHARGES else FORMS_A_PART


def make_record_copy(run: Run) -> None:
    """Make both files of a patient's copy. A second run makes them anew in place of the first."""
    asked = copy_asked(run.organization_id, UUID(run.arguments["export_id"]), at=run.at)
    pdf, structured = record_copy_files(asked, organization_id=run.organization_id, at=run.at)
    keep_copy(organization_id=run.organization_id, export_id=asked.export_id, pdf=pdf, structured=structured, at=run.at)


def record_copy_files(asked: CopyAsked, *, organization_id: UUID, at: datetime) -> tuple[bytes, bytes]:
    """The PDF and the structured file of a copy. Raises PdfImpossible."""
    of = {"from_on": asked.from_on, "until_on": asked.until_on, "without": asked.without}
    copy = record_copy(organization_id, asked.patient_id, **of)  # type: ignore[arg-type]
    tables = {table.table.name: [row.values for row in table.rows] for table in copy.tables}
    span = tuple("" if day is None else day.isoformat() for day in (asked.from_on, asked.until_on))
    notices = [*asked.notices, *asked.statements]
    structured = structured_copy(tables, made_at=at, span=(span[0], span[1]), notices=notices, withheld=asked.withheld)
    context = {"copy": copy, "notices": asked.notices, "statements": asked.statements, "asked_on": asked.asked_on}
    context |= {"asked_by": asked.asked_by, "on": local_date(at, ZoneInfo(copy.zone)), "not_held": NOT_HELD}
    context["withheld"] = asked.withheld
    context["left_out"] = sorted(set(LEFT_OUT.values()))
    return pdf_of("pdf/record_copy.html", context, style="pdf/record.css", is_tagged=True), structured


def discard_made_copies(run: Run) -> None:
    """Every night: the files of copies of records that were made thirty days ago."""
    discard_copies(organization_id=run.organization_id, at=run.at)


def discard_made_paper(run: Run) -> None:
    """Every night: charge sheets and claim sheets whose day is over."""
    discard_paper(organization_id=run.organization_id, at=run.at)


def discard_made_packets(run: Run) -> None:
    """Every night: the files of packets that were made thirty days ago."""
    discard_packets(organization_id=run.organization_id, at=run.at)


def empty_batch_files(run: Run) -> None:
    """Every night: copies of 837P files of more than ninety days ago; they are written again when somebody asks."""
    discard_batch_files(organization_id=run.organization_id, at=run.at)


def find_unsupported(run: Run) -> None:
    """Every night, and when somebody asks: payments that records do not support any more."""
    find_refunds(by=system_membership(run.organization_id), at=run.at)
