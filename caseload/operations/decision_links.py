"""Links for clinicians who never sign in: sent to the address that the clinic knows, opened with a code, used once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from bhi.accounts.queries import system_membership
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from caseload.models import CaseReview, DecisionLink
from caseload.operations.advice import AdviceMoved, NoClinician, decide_by_link, send_all
from caseload.queries.decision_links import (
    code_of,
    code_sha256,
    facts_of,
    link_path,
    link_secret,
    may_be_told,
    today_of,
    undecided_of,
)
from caseload.rules.decision_links import LINK_DAYS, LinkState
from registry.models import ClinicianChannel, Episode
from registry.operations.disclosures import disclose
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.rules.links import secret_sha256
from registry.rules.part_two import Use

SEND, SEND_CODE = "send_decision_link", "send_decision_code"
SUBJECT, CODE_SUBJECT = "A colleague asks for your decision", "Your code"


class NoAddress(DomainError):
    """The clinic knows no address of the clinician."""

    def __init__(self) -> None:
        super().__init__("No e-mail address of this clinician is on record. A clinic lead enters it under Settings.")


class LinkOver(DomainError):
    """Used, expired, withdrawn, or closed after wrong codes."""

    def __init__(self) -> None:
        super().__init__("This link is not open any more.")


class NoMoreCodes(DomainError):
    """A link sends three codes."""

    def __init__(self) -> None:
        super().__init__("No more codes can be sent for this link. Ask the care manager for a new one.")


@dataclass(frozen=True)
class LinkDecision:
    """What was decided of one recommendation behind a link."""

    recommendation_id: UUID
    decision: str
    text: str = ""


@transaction.atomic
def send_decision_link(*, by: Membership, at: datetime, review_id: UUID, client_token: UUID) -> DecisionLink:
    """Send the clinician a link to what a review asks. It replaces the links sent before. A disclosure for treatment.

    A second submit returns the first. Raises AdviceMoved when nothing waits for a decision, NoClinician, NoAddress,
    PartTwoRefused, NotFound.
    """
    review, episode = _review(review_id, by.organization_id)
    known: DecisionLink | None = DecisionLink.objects.filter(review=review, client_token=client_token).first()
    if known is not None:
        return known
    clinician = episode.treating_clinician
    if clinician is None:
        raise NoClinician
    if not clinician.email:
        raise NoAddress
    waiting = [row.id for row in undecided_of(by.organization_id, review.id)]
    if not waiting:
        raise AdviceMoved
    stamp = Stamp(by, at)
    earlier = DecisionLink.objects.live().filter(review=review, decided_at=None)
    void_facts(list(earlier), stamp=stamp, reason="Replaced by a new link")
    link = stamped(
        DecisionLink,
        stamp,
        review=review,
        clinician=clinician,
        expires_at=at + timedelta(days=LINK_DAYS),
        client_token=client_token,
    )
    link.token_sha256 = secret_sha256(link_secret(link.id), is_short=False)
    record_facts([link])
    disclose(
        by=by,
        at=at,
        patient_id=review.patient_id,
        on=today_of(link, at),
        use=Use.TREATMENT,
        recipient=str(clinician),
        what="Recommendations of a psychiatric review, by a link",
        object_id=link.id,
    )
    send_all(waiting, by=by, at=at, channel=ClinicianChannel.LINK, token=client_token)
    record("advice.link_sent", by=by, at=at, patient_id=review.patient_id, object_id=link.id)
    queue(SEND, organization_id=by.organization_id, key=str(link.id), at=at, arguments={"link_id": link.id})
    return link


def deliver_link(*, organization_id: UUID, link_id: UUID, at: datetime) -> None:
    """Send the e-mail with the link. Nothing goes out for a link that is over by now, or that part 2 holds back."""
    link = _rows(organization_id).get(id=link_id)
    if facts_of(link).state(at) is not LinkState.OPEN or not link.clinician.email:
        return
    if not may_be_told(organization_id, link.review.patient_id, on=today_of(link, at)):
        return
    address = settings.ADDRESS + reverse("decide", args=[link_path(link.id, organization_id)])
    body = render_to_string("decision/link_message.txt", {"link": address, "until": link.expires_at})
    send_mail(SUBJECT, body, None, [link.clinician.email])


@transaction.atomic
def ask_for_code(*, organization_id: UUID, link_id: UUID, at: datetime) -> None:
    """Send a code to the known address; an earlier one is good no more. Raises LinkOver, NoMoreCodes, NotFound."""
    link = _locked(organization_id, link_id)
    _refuse_over(link, at)
    if not facts_of(link).may_send_code:
        raise NoMoreCodes
    link.codes_sent += 1
    link.code_sent_at = at
    link.code_sha256 = code_sha256(link.id, code_of(link.id, link.codes_sent, at))
    link.save(update_fields=["codes_sent", "code_sent_at", "code_sha256"])
    _tell("advice.link_code_sent", link, at)
    number = link.codes_sent
    arguments = {"link_id": link.id, "number": number}
    queue(SEND_CODE, organization_id=organization_id, key=f"{link.id}:{number}", at=at, arguments=arguments)


def deliver_code(*, organization_id: UUID, link_id: UUID, number: int, at: datetime) -> None:
    """Send the e-mail with a code, unless it is good no more."""
    link = _rows(organization_id).get(id=link_id)
    facts = facts_of(link)
    is_good = link.codes_sent == number and facts.has_code(at) and facts.state(at) is LinkState.OPEN
    if not is_good or link.code_sent_at is None or not link.clinician.email:
        return
    code = code_of(link.id, number, link.code_sent_at)
    body = render_to_string("decision/code_message.txt", {"code": code})
    send_mail(CODE_SUBJECT, body, None, [link.clinician.email])


@transaction.atomic
def confirm_code(*, organization_id: UUID, link_id: UUID, at: datetime, code: str, session_sha256: bytes) -> bool:
    """The right code opens the page for one browser, whose session's hash is given; each is good once.

    A wrong one is counted, and the fifth closes the link: False. No exception, which would take the count back.
    Raises LinkOver, NotFound.
    """
    link = _locked(organization_id, link_id)
    _refuse_over(link, at)
    stored = bytes(link.code_sha256 or b"")
    is_right = bool(stored) and constant_time_compare(code_sha256(link.id, code), stored)
    if not is_right or not facts_of(link).has_code(at):
        link.wrong_codes += 1
        link.save(update_fields=["wrong_codes"])
        if facts_of(link).state(at) is LinkState.LOCKED:
            _tell("advice.link_locked", link, at)
        return False
    link.session_sha256, link.confirmed_at, link.code_sha256 = session_sha256, at, None
    link.save(update_fields=["session_sha256", "confirmed_at", "code_sha256"])
    _tell("advice.link_opened", link, at)
    return True


@transaction.atomic
def decide_behind_link(
    *, organization_id: UUID, link_id: UUID, at: datetime, session_sha256: bytes, decisions: Sequence[LinkDecision]
) -> None:
    """Everything that the link asks is decided at once, and the link is used up.

    Raises LinkOver, AdviceMoved when what is decided is not what waits, WordsMissing, NotFound.
    """
    reviews = DecisionLink.objects.filter(organization_id=organization_id, id=link_id).values_list(
        "review_id", flat=True
    )
    review_id = reviews.first()
    if review_id is None:
        raise NotFound
    _review(review_id, organization_id)
    link = _locked(organization_id, link_id)
    _refuse_over(link, at)
    if not link.session_sha256 or not constant_time_compare(bytes(link.session_sha256), session_sha256):
        raise LinkOver
    waiting = {row.id for row in undecided_of(organization_id, review_id)}
    if not waiting or {one.recommendation_id for one in decisions} != waiting or len(decisions) != len(waiting):
        raise AdviceMoved
    by = system_membership(organization_id)
    for one in decisions:
        decide_by_link(
            by=by,
            at=at,
            recommendation_id=one.recommendation_id,
            clinician_id=link.clinician_id,
            decision=one.decision,
            text=one.text,
            client_token=uuid5(link.id, str(one.recommendation_id)),
        )
    link.decided_at = at
    link.save(update_fields=["decided_at"])
    _tell("advice.link_used", link, at)


def _refuse_over(link: DecisionLink, at: datetime) -> None:
    if facts_of(link).state(at) is not LinkState.OPEN:
        raise LinkOver


def _review(review_id: UUID, organization_id: UUID) -> tuple[CaseReview, Episode]:
    """A live review under the lock of its episode: two submits at once take turns (ADR 7)."""
    of = {"organization_id": organization_id, "voided_at__isnull": True}
    review: CaseReview | None = CaseReview.objects.filter(**of, id=review_id).first()
    if review is None:
        raise NotFound
    episodes = Episode.objects.filter(**of, id=review.episode_id).select_related("treating_clinician", "clinic")
    episode: Episode | None = episodes.select_for_update(of=("self",), no_key=True).first()
    if episode is None:
        raise NotFound
    return review, episode


def _rows(organization_id: UUID) -> Any:
    rows = DecisionLink.objects.filter(organization_id=organization_id)
    return rows.select_related("review__episode__clinic", "clinician")


def _locked(organization_id: UUID, link_id: UUID) -> DecisionLink:
    rows = _rows(organization_id).filter(id=link_id)
    link: DecisionLink | None = rows.select_for_update(of=("self",), no_key=True).first()
    if link is None:
        raise NotFound
    return link


def _tell(action: str, link: DecisionLink, at: datetime) -> None:
    by = system_membership(link.organization_id)
    record(action, by=by, at=at, patient_id=link.review.patient_id, object_id=link.id)
