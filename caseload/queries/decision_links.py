"""The links of clinicians who never sign in: as the page behind one needs it, and as the care team sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.crypto import salted_hmac

from bhi.accounts.queries import people_of
from caseload.models import DecisionLink, Recommendation
from caseload.queries.advice import limits_of
from caseload.queries.advice_sheets import asked_of, scores_of
from caseload.rules.advice import UNDECIDED, needs_decision
from caseload.rules.advice_text import Asked
from caseload.rules.clock import local_date
from caseload.rules.decision_links import LinkFacts, LinkState, code_from
from registry.queries.part_two import part_two_of, refused_among
from registry.rules.links import Address, long_address
from registry.rules.part_two import Use


@dataclass(frozen=True)
class LinkOpened:
    """A link as its pages need it, whatever became of it. Nothing of the patient is in it."""

    id: UUID
    organization_id: UUID
    review_id: UUID
    patient_id: UUID
    at: datetime
    today: date
    facts: LinkFacts
    session_sha256: bytes

    @property
    def state(self) -> LinkState:
        return self.facts.state(self.at)

    @property
    def is_open(self) -> bool:
        return self.state is LinkState.OPEN


@dataclass(frozen=True)
class LinkAsks:
    """One recommendation behind a confirmed link."""

    id: UUID
    asked: Asked


def decision_link(address: Address, *, organization_id: UUID, at: datetime) -> LinkOpened | None:
    """The link that an address opens; None where there is none. One statement."""
    rows = DecisionLink.objects.filter(organization_id=organization_id, token_sha256=address.secret_sha256)
    row: DecisionLink | None = rows.select_related("review__episode__clinic").first()
    if row is None:
        return None
    return LinkOpened(
        id=row.id,
        organization_id=organization_id,
        review_id=row.review_id,
        patient_id=row.review.patient_id,
        at=at,
        today=today_of(row, at),
        facts=facts_of(row),
        session_sha256=bytes(row.session_sha256 or b""),
    )


def today_of(row: DecisionLink, at: datetime) -> date:
    """The day at the patient's clinic."""
    return local_date(at, ZoneInfo(row.review.episode.clinic.time_zone))


def may_be_told(organization_id: UUID, patient_id: UUID, *, on: date) -> bool:
    """Whether what a link asks may be shown outside: asked each time, so that a revoked consent under 42 CFR part 2
    closes links that were sent before. One statement where the record is not marked, else two.
    """
    return not refused_among(organization_id, [patient_id], use=Use.TREATMENT, on=on)


def notices_behind(link: LinkOpened) -> tuple[str, ...]:
    """What 42 CFR part 2 asks to stand beside what a link shows. Two statements."""
    return part_two_of(link.organization_id, link.patient_id).notices(Use.TREATMENT, link.today)


def facts_of(row: DecisionLink) -> LinkFacts:
    """What the rules need of a stored link."""
    return LinkFacts(
        expires_at=row.expires_at,
        is_voided=row.voided_at is not None or row.review.voided_at is not None,
        is_decided=row.decided_at is not None,
        is_theirs=row.review.episode.treating_clinician_id == row.clinician_id,
        codes_sent=row.codes_sent,
        code_sent_at=row.code_sent_at,
        wrong_codes=row.wrong_codes,
    )


def asks_behind(link: LinkOpened) -> tuple[LinkAsks, ...]:
    """What a confirmed link asks: the review's recommendations that nobody has decided. Four statements."""
    rows = undecided_of(link.organization_id, link.review_id)
    if not rows:
        return ()
    episode = rows[0].review.episode
    people, limits = people_of(link.organization_id), limits_of(link.organization_id, episode.clinic_id)
    scores = scores_of(link.organization_id, [episode.id]).get(episode.id, "")
    return tuple(
        LinkAsks(row.id, asked_of(row, row.review, episode, people, scores=scores, limits=limits)) for row in rows
    )


def undecided_of(organization_id: UUID, review_id: UUID) -> list[Recommendation]:
    """The recommendations of a review that wait for a decision, in order. One statement."""
    rows = Recommendation.objects.live().filter(
        organization_id=organization_id, review_id=review_id, review__voided_at=None, state__in=UNDECIDED
    )
    related = rows.select_related("review__episode__patient", "review__episode__clinic").order_by("number", "id")
    return [row for row in related if needs_decision(row.kind)]


def link_secret(link_id: UUID) -> bytes:
    """The secret of a link: made of its id by our key, so that it is stored nowhere and can be sent by a job."""
    return salted_hmac("caseload.decision_link", str(link_id), algorithm="sha256").digest()


def link_path(link_id: UUID, organization_id: UUID) -> str:
    """The address's part after /d/."""
    return long_address(organization_id, link_secret(link_id))


def code_of(link_id: UUID, number: int, sent_at: datetime) -> str:
    """The `number`th code of a link, made of it by our key: a job can send it, and it is stored nowhere."""
    words = f"{link_id}:{number}:{sent_at.timestamp()}"
    return code_from(salted_hmac("caseload.decision_code", words, algorithm="sha256").digest())


def code_sha256(link_id: UUID, code: str) -> bytes:
    """What is stored of a code: with our key in it, since six digits alone are soon tried."""
    return salted_hmac("caseload.decision_code.stored", f"{link_id}:{code}", algorithm="sha256").digest()
