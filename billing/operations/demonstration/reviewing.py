"""The demonstration's psychiatric reviews: two past sessions with what became of them, and the one that comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.ids import uuid7
from billing.operations.demonstration.advised import (
    CHANGES,
    LAST_WEEK,
    QUESTIONS,
    TWO_WEEKS_AGO,
    UNFINISHED,
    Reviewed,
    Steps,
)
from billing.operations.demonstration.people import ZONE, Staff
from caseload.models import AgendaItem, Recommendation, ReviewSession
from caseload.operations.advice import (
    Answered,
    Said,
    carry_out,
    decide_advice,
    record_decision,
    send_advice,
    tell_patient,
)
from caseload.operations.live_sessions import begin_session, end_session, open_item, pause_session
from caseload.operations.questions import ask_consultant
from caseload.operations.review_drafts import save_review_draft
from caseload.operations.review_sessions import (
    SessionTerms,
    add_to_agenda,
    plan_coming_sessions,
    plan_session,
    take_off_agenda,
)
from caseload.operations.review_slots import Room, SlotTerms, set_slot
from caseload.operations.reviews import sign_review
from caseload.operations.treatment_changes import record_treatment_change
from caseload.rules.reviews import Advice, ReviewText
from registry.models import Episode

BEGINS_AT, EACH = time(7, 30), timedelta(minutes=5)
ROOM = Room(minutes=60, places=12, kept_for_stalled=6)
DRAFTED = ReviewText(
    (Advice("medication", "dose", "Duloxetine: raise, if blood pressure allows.", "90 mg"),),
    "Six weeks at 60 mg, taken daily; 19 to 18. Pain is no better either.",
)


@dataclass(frozen=True)
class Told:
    """Who works, on which patients by family name, until which instant."""

    staff: Staff
    episodes: Mapping[str, Episode]
    at: datetime

    @property
    def today(self) -> date:
        return self.at.astimezone(ZoneInfo(ZONE)).date()

    def moment(self, on: date, clock: time) -> datetime:
        """A time of a day, never after the loading."""
        return min(datetime.combine(on, clock, ZoneInfo(ZONE)), self.at)

    def morning(self, days: int) -> datetime:
        """Nine o'clock so many days before the loading."""
        return self.moment(self.today - timedelta(days=days), time(9))


def tell_reviews(staff: Staff, episodes: Sequence[Episode], *, at: datetime) -> None:
    """Sessions, signed reviews, every state of a recommendation's loop, and the standing slot with its agenda."""
    told = Told(staff, {one.patient.family_name: one for one in episodes}, at)
    coming = weekdays_after(told.today, 2)
    for name, of, text, days in CHANGES:
        record_treatment_change(
            by=staff.care_managers[0], at=told.morning(days), episode_id=told.episodes[name].id,
            on=told.today - timedelta(days=days), of=of, text=text, client_token=uuid7(),
        )  # fmt: skip
    for name, kind, asked, days in QUESTIONS:
        ask_consultant(
            by=staff.care_managers[0], at=told.morning(days), episode_id=told.episodes[name].id, kind=kind, text=asked,
            client_token=uuid7(),
        )  # fmt: skip
    _past_session(told, coming - timedelta(days=14), TWO_WEEKS_AGO)
    _past_session(told, coming - timedelta(days=7), LAST_WEEK, unfinished=UNFINISHED)
    _coming_session(told, coming)


def weekdays_after(on: date, count: int) -> date:
    """The `count`th day from Monday to Friday after a day."""
    while count:
        on += timedelta(days=1)
        count -= on.weekday() < 5
    return on


def _past_session(told: Told, on: date, reviewed: Sequence[Reviewed], unfinished: str = "") -> None:
    session = _planned(told, on, [one.name for one in reviewed] + [unfinished] * bool(unfinished))
    begins = told.moment(on, BEGINS_AT)
    consultant = told.staff.consultant
    begin_session(by=consultant, at=begins, session_id=session.id)
    items = dict(AgendaItem.objects.filter(session=session).values_list("episode_id", "id"))
    signed = []
    for place, one in enumerate(reviewed):
        opened = begins + EACH * place
        episode = told.episodes[one.name]
        open_item(by=consultant, at=opened, session_id=session.id, item_id=items[episode.id])
        review = sign_review(
            by=consultant,
            at=opened + EACH,
            episode_id=episode.id,
            based_on=0,
            content=one.text,
            on=on,
            client_token=uuid7(),
            session_id=session.id,
        ).review
        signed.append((review.id, one))
    over = begins + EACH * len(reviewed)
    pause_session(by=consultant, at=over, session_id=session.id)
    end_session(by=consultant, at=over, session_id=session.id)
    for review_id, one in signed:
        _follow(told, on, review_id, one)


def _planned(told: Told, on: date, names: Sequence[str]) -> ReviewSession:
    """A session by hand, with these patients on its agenda and nobody else."""
    staff = told.staff
    by, at = staff.care_managers[0], told.moment(on, time(7)) - timedelta(days=2)
    people = [one.id for one in staff.care_managers]
    terms = SessionTerms(staff.clinics[0].id, staff.consultant.id, on, BEGINS_AT, people, ROOM)
    session = plan_session(by=by, at=at, terms=terms, client_token=uuid7())
    wanted = [told.episodes[name].id for name in names]
    for item_id in (
        AgendaItem.objects.filter(session=session).exclude(episode_id__in=wanted).values_list("id", flat=True)
    ):
        take_off_agenda(by=by, at=at, item_id=item_id)
    for episode_id in wanted:
        add_to_agenda(by=by, at=at, session_id=session.id, episode_id=episode_id)
    return session


def _follow(told: Told, on: date, review_id: UUID, one: Reviewed) -> None:
    """What became of each recommendation of a review."""
    numbered = Recommendation.objects.live().filter(review_id=review_id).order_by("number")
    by = told.episodes[one.name].care_manager or told.staff.care_managers[0]
    for row, steps in zip(numbered, one.steps, strict=False):
        _step_by_step(told, on, row.id, steps, by=by.id)


def _step_by_step(told: Told, on: date, recommendation_id: UUID, steps: Steps, *, by: UUID) -> None:
    seats = {one.id: one for one in told.staff.care_managers}
    channel = next((words for what, _, words in steps if what == "sent"), "")
    for hour, (what, after, words) in enumerate(steps, start=9):
        day = weekdays_after(on, after)
        moment = told.moment(day, time(hour))
        of: dict[str, Any] = {"at": moment, "recommendation_id": recommendation_id, "client_token": uuid7()}
        day = moment.astimezone(ZoneInfo(ZONE)).date()
        if what == "sent":
            send_advice(by=seats[by], channel=channel, **of)
        elif what == "carried_out":
            carry_out(by=seats[by], done_on=day, text=words, **of)
        elif what == "told":
            told_of: dict[str, Any] = {
                "recommendation_ids": [of.pop("recommendation_id")],
                "told_on": day,
                "text": words,
            }
            tell_patient(by=seats[by], **told_of, **of)
        elif channel == "inbox":
            decide_advice(by=told.staff.clinician, decision=what, text=words, **of)
        else:
            said = Said(words, channel, is_verbal=channel == "paper")
            record_decision(by=seats[by], decision=what, said=said, answered=Answered(moment), **of)


def _coming_session(told: Told, on: date) -> None:
    """The standing slot; its next session has its agenda, and one draft for it is begun."""
    staff = told.staff
    terms = SlotTerms(
        name="Weekly review",
        clinic_id=staff.clinics[0].id,
        consultant_id=staff.consultant.id,
        weekday=on.weekday(),
        begins_at=BEGINS_AT,
        care_manager_ids=[one.id for one in staff.care_managers],
        room=ROOM,
    )
    set_slot(by=staff.care_managers[0], at=told.at, terms=terms)
    plan_coming_sessions(organization_id=staff.organization.id, at=told.at)
    drafted = told.episodes[UNFINISHED]
    save_review_draft(by=staff.care_managers[0], at=told.at, episode_id=drafted.id, based_on=0, content=DRAFTED)
