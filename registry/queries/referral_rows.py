"""A referral as lists and its own page show it: with its attempts, its scores and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Membership
from registry.models import AttemptMode, AttemptOutcome, Referral, ReferralAttempt
from registry.queries.referral_scores import ScoreShown, scores_at_referral
from registry.rules import referrals as rules
from registry.rules.referrals import Times, severity_of, times_of

# Every seat of the organization by id (bhi.accounts.queries.people_of).
People = Mapping[UUID, Membership]


@dataclass(frozen=True)
class AttemptSeen:
    """The last attempt, in words."""

    at: datetime
    on: date
    mode: str
    outcome: str


@dataclass(frozen=True)
class ReferralRow:
    """A referral with everything that lists show of it. `today` is its clinic's."""

    referral: Referral
    zone: ZoneInfo
    today: date
    tries: tuple[rules.Try, ...]
    last: AttemptSeen | None
    scores: tuple[ScoreShown, ...]
    assigned: str
    made_by: str

    @property
    def id(self) -> UUID:
        return self.referral.id

    @property
    def patient_id(self) -> UUID:
        return self.referral.patient_id

    @property
    def name(self) -> str:
        return f"{self.referral.patient.family_name}, {self.referral.patient.given_name}"

    @property
    def clinic(self) -> str:
        return self.referral.clinic.name

    @property
    def is_open(self) -> bool:
        return self.referral.ended_on is None

    @property
    def is_overdue(self) -> bool:
        return self.referral.due_on is not None and self.referral.due_on < self.today

    @property
    def due_words(self) -> str:
        """What is due: the first attempt, another try, a decision once reached, an interim contact."""
        if self.referral.state == rules.REFERRED:
            return "First attempt"
        if self.referral.state == rules.WAITING:
            return "Interim contact"
        return "Enrol or decide" if self.tries and self.tries[-1].is_reached else "Next try"

    @property
    def state_words(self) -> str:
        return self.referral.get_outcome_display() if self.referral.outcome else self.referral.get_state_display()

    @property
    def severity(self) -> int | None:
        return severity_of(score.seen for score in self.scores)

    @property
    def has_item9(self) -> bool:
        """Whether thoughts of self-harm were said at referral."""
        return any(score.seen.item9 for score in self.scores)

    @property
    def tried_words(self) -> str:
        return {0: "Not yet", 1: "Once", 2: "Twice"}.get(len(self.tries), f"{len(self.tries)} times")

    @property
    def from_words(self) -> str:
        """Who referred: the treating clinician where one is named, else the source."""
        clinician = self.referral.treating_clinician
        return str(clinician) if clinician else self.referral.get_source_display()

    @property
    def about(self) -> str:
        """The end of a card: attempts, and whose it is."""
        return " · ".join(
            (f"tried {self.tried_words.lower()}" if self.tries else "not tried", self.assigned or "nobody’s yet")
        )

    @property
    def phone_digits(self) -> str:
        return "".join(sign for sign in self.referral.patient.phone if sign.isdigit() or sign == "+")

    @property
    def voicemail_words(self) -> str:
        may = self.referral.patient.may_leave_voicemail
        return {True: "voicemail allowed", False: "no voicemail", None: "voicemail not asked"}[may]

    @property
    def times(self) -> Times:
        """How long each step took, in days."""
        reached = next((attempt.on for attempt in self.tries if attempt.is_reached), None)
        return times_of(
            referred_on=self.referral.referred_on,
            first_attempt_on=self.tries[0].on if self.tries else None,
            reached_on=reached,
            enrolled_on=self.referral.ended_on if self.referral.outcome == rules.ENROLLED else None,
        )


def rows_of(referrals: Sequence[Referral], people: People, *, at: datetime) -> tuple[ReferralRow, ...]:
    """Referrals with their attempts and scores. Two statements."""
    if not referrals:
        return ()
    attempts = attempts_of([referral.id for referral in referrals])
    scores = scores_at_referral(referrals)
    return tuple(
        row_of(referral, attempts.get(referral.id, ()), scores.get(referral.id, ()), people, at=at)
        for referral in referrals
    )


def row_of(
    referral: Referral,
    attempts: Sequence[ReferralAttempt],
    scores: Sequence[ScoreShown],
    people: People,
    *,
    at: datetime,
) -> ReferralRow:
    """One referral with what was read of it. `attempts` in the order in which they were made."""
    zone = ZoneInfo(referral.clinic.time_zone)
    tries = tuple(
        rules.Try(attempt.at.astimezone(zone).date(), attempt.outcome == rules.REACHED, attempt.next_try_on)
        for attempt in attempts
    )
    last = attempts[-1] if attempts else None
    return ReferralRow(
        referral=referral,
        zone=zone,
        today=at.astimezone(zone).date(),
        tries=tries,
        last=None
        if last is None
        else AttemptSeen(last.at, tries[-1].on, AttemptMode(last.mode).label, AttemptOutcome(last.outcome).label),
        scores=tuple(scores),
        assigned=people[referral.assigned_to_id].name if referral.assigned_to_id else "",
        made_by=people[referral.recorded_by_id].name,
    )


def attempts_of(referral_ids: Iterable[UUID]) -> dict[UUID, list[ReferralAttempt]]:
    """The live attempts of each referral, in the order in which they were made. One statement."""
    found: dict[UUID, list[ReferralAttempt]] = {}
    for attempt in ReferralAttempt.objects.live().filter(referral_id__in=list(referral_ids)).order_by("at", "id"):
        found.setdefault(attempt.referral_id, []).append(attempt)
    return found
