"""Changing how an episode stands, through operations and pages: one event each, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from caseload.queries.courses import courses
from caseload.queries.status_ground import status_ground
from caseload.rules.signals import signals_on
from registry.models import ClosingNote, Consent, Episode, HandOff, Patient, SelfReport, StatusChange
from registry.operations.errors import (
    DateOutOfOrder,
    EpisodeEnded,
    EpisodeNotEnded,
    NewerEpisode,
    NothingChanges,
    ReasonMissing,
    StatusMoved,
    StatusRefused,
)
from registry.operations.status import change_status, confirm_hand_off, discharge, hand_off, reopen_episode
from registry.queries.status import status_history, status_papers
from registry.rules.status import Closing, Ground
from tests.factories.caseload import ContactFactory, EpisodeStandingFactory
from tests.factories.program import HandOffFactory, SelfReportFactory
from tests.factories.registry import AssessmentFactory, CarePlanFactory, ConsentFactory, EpisodeFactory
from tests.factories.risk import RelapsePlanFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)
BEGUN = date(2025, 10, 6)
CLOSING = Closing(reason="withdrew", on=TODAY, summary="Went well.", way_back="Call the clinic.")


@pytest.fixture
def by(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    return membership("care_manager", name="Ken Abara")


@pytest.fixture
def episode(by: Any, clinic: Any, in_tenant: Any) -> Episode:
    made = EpisodeFactory(organization=in_tenant, patient__clinic=clinic, enrolled_on=BEGUN)
    EpisodeStandingFactory(organization=in_tenant, episode=made)
    return made


@pytest.fixture
def scored(in_tenant: Any, episode: Episode) -> Callable[..., Any]:
    """`scored(16, 0, week=4)`: a PHQ-9 of an episode."""

    def make(total: int, item9: int = 0, *, week: int) -> Any:
        on = BEGUN + timedelta(weeks=week)
        return AssessmentFactory(organization=in_tenant, episode=episode, total=total, item9=item9, on=on)

    return make


@pytest.fixture
def change(by: Any, now: datetime) -> Callable[..., Episode]:
    def make(episode: Episode, to: str, on: date = TODAY, reason: str = "So it is", **values: Any) -> Episode:
        ground = values.pop("ground", None) or ground_of(episode)
        return change_status(by=by, at=now, episode=episode, to=to, on=on, reason=reason, ground=ground)

    return make


def ground_of(episode: Episode) -> Ground:
    present = Episode.objects.get(id=episode.id)
    return status_ground(present, status_papers(present), TODAY)


def events() -> list[str]:
    """Sorted by name: all are of one instant."""
    return sorted(AuditEvent.objects.values_list("action", flat=True))


def signals_of(episode: Episode, on: date) -> set[str]:
    (course,) = courses(episode.organization_id, [episode.id]).values()
    return {signal.word for signal in signals_on(course, on)}


# The ground


def test_the_ground_is_what_is_on_record(
    episode: Episode, scored: Callable[..., Any], in_tenant: Any, now: datetime, by: Any
) -> None:
    AssessmentFactory(
        organization=in_tenant, episode=None, patient=episode.patient, total=20, item9=1, on=date(2025, 9, 1)
    )
    for week, total in ((0, 18), (8, 9), (12, 8), (16, 6)):
        scored(total, week=week)
    AssessmentFactory(organization=in_tenant, episode=episode, instrument="gad7", total=8, on=BEGUN)
    ContactFactory(organization=in_tenant, episode=episode, on=date(2026, 2, 20))
    ContactFactory(organization=in_tenant, episode=episode, on=date(2026, 2, 27), activity="no_show")
    CarePlanFactory(organization=in_tenant, episode=episode, on=date(2026, 2, 22))
    RelapsePlanFactory(organization=in_tenant, episode=episode, number=2, on=date(2026, 2, 21))
    RelapsePlanFactory(organization=in_tenant, episode=episode, number=1, on=date(2026, 2, 23))
    hand_off(by=by, at=now, episode=episode, to="County", sent_on=date(2026, 2, 20))
    found = ground_of(episode)
    (scale,) = found.scales
    assert (scale.name, scale.baseline, scale.last, scale.improved_from) == ("PHQ-9", 18, 6, date(2025, 12, 1))
    assert (scale.best, scale.comes_back_at) == (6, 10)
    assert (found.last_contact_on, found.plan_on, found.last_phq9, found.last_item9) == (
        date(2026, 2, 20), date(2026, 2, 21), 6, 0,
    )  # fmt: skip
    assert (found.inactive_on, found.is_hand_off_open, found.hand_off_seen_on) == (date(2026, 5, 21), True, None)
    assert (found.relapse, found.last_tier, found.changed_on) == ("", "", None)


def test_a_score_and_a_screener_from_before_enrolment_are_looked_at_for_risk(episode: Episode, in_tenant: Any) -> None:
    before = {"organization": in_tenant, "episode": None, "patient": episode.patient, "on": date(2025, 9, 1)}
    AssessmentFactory(**before, total=20, item9=1)
    AssessmentFactory(**before, instrument="cssrs", total=None, detail={"tier": "high"})
    found = ground_of(episode)
    assert (found.scales, found.last_phq9, found.last_item9, found.last_tier) == ((), 20, 1, "high")


# Changes


def test_a_hold_and_back_leave_their_history(
    episode: Episode, change: Callable[..., Episode], now: datetime, by: Any
) -> None:
    Job.objects.all().delete()
    held = change(episode, "on_hold", date(2026, 2, 20), "Abroad")
    assert (held.status, held.relapse_prevention_from) == ("on_hold", None)
    assert change(episode, "active", reason="").status == "active"
    assert [(one.on, one.label, one.reason, one.by_id) for one in history(episode)] == [
        (BEGUN, "Enrolled", "", episode.recorded_by_id),
        (date(2026, 2, 20), "On hold", "Abroad", by.id),
        (TODAY, "Active", "", by.id),
    ]
    assert events() == ["episode.status_changed", "episode.status_changed"]
    assert {job.key for job in Job.objects.filter(kind="rebuild_standing")} == {str(episode.id)}


def history(episode: Episode) -> tuple[Any, ...]:
    present = Episode.objects.get(id=episode.id)
    return status_history(present, status_papers(present).changes)


def test_what_an_import_brought_is_in_the_history_too(episode: Episode) -> None:
    Episode.objects.filter(id=episode.id).update(
        relapse_prevention_from=date(2026, 1, 5), ended_on=date(2026, 2, 2), end_reason="graduated", status="discharged"
    )
    assert [(one.on, one.label) for one in history(episode)] == [
        (BEGUN, "Enrolled"),
        (date(2026, 1, 5), "Relapse prevention"),
        (date(2026, 2, 2), "Discharged: graduated"),
    ]


def test_relapse_prevention_and_back_to_active_for_the_signals(
    episode: Episode, change: Callable[..., Episode], scored: Callable[..., Any]
) -> None:
    """In relapse prevention scores may be 60 days old; active again, 30 as before."""
    scored(16, week=0)
    scored(4, week=16)  # 26 January: 35 days before TODAY
    assert "measure_overdue" in signals_of(episode, TODAY)
    entered = change(episode, "relapse_prevention", date(2026, 2, 2))
    assert (entered.status, entered.relapse_prevention_from) == ("relapse_prevention", date(2026, 2, 2))
    assert "measure_overdue" not in signals_of(episode, TODAY)
    again = change(episode, "active")
    assert (again.status, again.relapse_prevention_from) == ("active", None)
    assert "measure_overdue" in signals_of(episode, TODAY)
    assert [change.status for change in StatusChange.objects.order_by("on")] == ["relapse_prevention", "active"]


def test_the_job_makes_the_list_follow(
    episode: Episode, change: Callable[..., Episode], in_tenant: Any, now: datetime
) -> None:
    from caseload.models import EpisodeStanding
    from caseload.operations import rebuild_standing

    change(episode, "on_hold")
    rebuild_standing(organization_id=in_tenant.id, episode_ids=[episode.id], at=now)
    assert EpisodeStanding.objects.get(episode=episode).status == "on_hold"


def test_what_the_rules_refuse_is_refused_whole(episode: Episode, change: Callable[..., Episode]) -> None:
    with pytest.raises(StatusRefused) as refused:
        change(episode, "relapse_prevention", date(2026, 3, 9), reason="")
    assert [(one.field, one.sentence) for one in refused.value.refusals] == [
        ("on", "This day is in the future. Correct it."),
        ("reason", "Something speaks against it. Say why all the same."),
    ]
    assert (Episode.objects.get(id=episode.id).status, StatusChange.objects.count(), events()) == ("active", 0, [])


def test_a_second_of_two_people_is_told(episode: Episode, change: Callable[..., Episode]) -> None:
    before = ground_of(episode)
    change(episode, "on_hold")
    with pytest.raises(NothingChanges):
        change(episode, "on_hold", ground=before)
    with pytest.raises(StatusMoved):
        change(episode, "relapse_prevention", ground=before)
    assert StatusChange.objects.count() == 1


# Hand-offs


def test_a_transfer_is_closed_once_the_patient_was_seen(episode: Episode, by: Any, now: datetime) -> None:
    transfer = Closing(reason="transferred", on=TODAY, summary="To specialty care.", way_back="Call us.")
    made = hand_off(by=by, at=now, episode=episode, to=" County clinic ", sent_on=date(2026, 2, 20))
    with pytest.raises(StatusRefused, match="Nobody has confirmed yet"):
        discharge(by=by, at=now, episode=episode, closing=transfer, ground=ground_of(episode))
    with pytest.raises(DateOutOfOrder):
        confirm_hand_off(by=by, at=now, hand_off=made, seen_on=date(2026, 2, 19), confirmed_by="Lee")
    seen = confirm_hand_off(by=by, at=now, hand_off=made, seen_on=date(2026, 2, 25), confirmed_by=" Lee ")
    assert (seen.to, seen.seen_on, seen.confirmed_by) == ("County clinic", date(2026, 2, 25), "Lee")
    with pytest.raises(NothingChanges):
        confirm_hand_off(by=by, at=now, hand_off=made, seen_on=TODAY, confirmed_by="Kim")
    ended = discharge(by=by, at=now, episode=episode, closing=transfer, ground=ground_of(episode))
    assert (ended.ended_on, ended.end_reason) == (TODAY, "transferred")
    assert HandOff.objects.get().confirmed_by == "Lee"
    assert events() == ["episode.ended", "hand_off.confirmed", "hand_off.recorded"]


def test_a_hand_off_that_waits_is_not_recorded_twice(episode: Episode, by: Any, now: datetime) -> None:
    values = {"by": by, "at": now, "episode": episode, "to": "County", "sent_on": TODAY}
    hand_off(**values)
    with pytest.raises(NothingChanges):
        hand_off(**values)
    with pytest.raises(DateOutOfOrder):
        hand_off(**{**values, "to": "Other", "sent_on": BEGUN - timedelta(days=1)})
    assert HandOff.objects.count() == 1


# Discharge, and its being taken back


def test_a_discharge_leaves_a_closing_note(episode: Episode, by: Any, now: datetime) -> None:
    Job.objects.all().delete()
    closing = Closing(
        reason="other", on=date(2026, 3, 1), summary=" Moved. ", way_back=" Call. ", in_spite_of="Moved away",
    )  # fmt: skip
    ended = discharge(by=by, at=now, episode=episode, closing=closing, ground=ground_of(episode))
    assert (ended.status, ended.ended_on, ended.end_reason) == ("discharged", date(2026, 3, 1), "other")
    note = ClosingNote.objects.get()
    assert (note.on, note.summary, note.way_back, note.in_spite_of, note.risk_accepted) == (
        date(2026, 3, 1), "Moved.", "Call.", "Moved away", "",
    )  # fmt: skip
    assert events() == ["episode.ended"]
    assert Job.objects.filter(kind="rebuild_standing").count() == 1
    with pytest.raises(EpisodeEnded):
        discharge(by=by, at=now, episode=episode, closing=closing, ground=ground_of(episode))
    assert ClosingNote.objects.count() == 1


def test_withdrawing_takes_consent_back_where_the_patient_says_so(
    episode: Episode, by: Any, now: datetime, in_tenant: Any
) -> None:
    given = {"organization": in_tenant, "patient": episode.patient, "given_at": now - timedelta(days=90)}
    ConsentFactory(**given)
    ConsentFactory(**given, service="ccm")
    discharge(by=by, at=now, episode=episode, closing=CLOSING, ground=ground_of(episode), revoked_on=TODAY)
    assert dict(Consent.objects.values_list("service", "revoked_on")) == {"bhi": TODAY, "ccm": None}


def test_a_death_is_kept_and_closes_what_was_sent(episode: Episode, by: Any, now: datetime, in_tenant: Any) -> None:
    SelfReportFactory(organization=in_tenant, patient=episode.patient)
    SelfReportFactory(organization=in_tenant, patient=episode.patient, finished_at=now)
    closing = Closing(reason="died", on=date(2026, 2, 25), summary="Died at home.")
    discharge(by=by, at=now, episode=episode, closing=closing, ground=ground_of(episode))
    assert Patient.objects.get(id=episode.patient_id).died_on == date(2026, 2, 25)
    assert list(SelfReport.objects.order_by("finished_at").values_list("void_reason", flat=True)) == [
        "", "The patient died",
    ]  # fmt: skip
    reopened = reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason="Another patient")
    assert (reopened.status, Patient.objects.get(id=episode.patient_id).died_on) == ("active", None)


def test_a_discharge_in_error_is_taken_back(
    episode: Episode, change: Callable[..., Episode], by: Any, now: datetime
) -> None:
    change(episode, "on_hold", date(2026, 2, 20), "Abroad")
    discharge(by=by, at=now, episode=episode, closing=CLOSING, ground=ground_of(episode))
    with pytest.raises(ReasonMissing):
        reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason=" ")
    again = reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason="Wrong patient")
    assert (again.status, again.ended_on, again.end_reason) == ("on_hold", None, "")
    assert (ClosingNote.objects.live().count(), ClosingNote.objects.get().void_reason) == (0, "Wrong patient")
    assert history(episode)[-1].reason == "Discharge taken back: Wrong patient"
    assert events() == ["episode.ended", "episode.reopened", "episode.status_changed"]
    with pytest.raises(EpisodeNotEnded):
        reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason="Again")
    discharge(by=by, at=now, episode=episode, closing=CLOSING, ground=ground_of(episode))
    assert ClosingNote.objects.live().count() == 1


def test_an_episode_from_an_import_goes_on_where_it_stood(episode: Episode, by: Any, now: datetime) -> None:
    Episode.objects.filter(id=episode.id).update(
        relapse_prevention_from=date(2026, 1, 5), ended_on=date(2026, 2, 2), end_reason="graduated", status="discharged"
    )
    again = reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason="Error")
    assert (again.status, again.relapse_prevention_from) == ("relapse_prevention", date(2026, 1, 5))


def test_no_discharge_is_taken_back_once_a_newer_episode_exists(
    episode: Episode, by: Any, now: datetime, in_tenant: Any
) -> None:
    discharge(by=by, at=now, episode=episode, closing=CLOSING, ground=ground_of(episode))
    EpisodeFactory(organization=in_tenant, patient=episode.patient, enrolled_on=TODAY)
    with pytest.raises(NewerEpisode):
        reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason="Error")


# Pages


@pytest.fixture
def client(by: Any) -> Any:
    from django.test import Client

    made = Client()
    made.force_login(by.user)
    return made


@pytest.fixture
def url(episode: Episode, organization: Any) -> Callable[[str], str]:
    return lambda path: f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


TYPED = {
    "reason": "withdrew", "on": "2026-03-02", "summary": "Went <b>well</b>.", "way_back": "Call the clinic.",
    "in_spite_of": "", "risk_accepted": "",
}  # fmt: skip


def test_the_page_says_what_is_possible_and_what_speaks_for_it(
    client: Any, url: Callable[[str], str], scored: Callable[..., Any]
) -> None:
    scored(18, week=0)
    scored(6, week=16)
    page = client.get(url("status/"))
    assert [step.to for step in page.context["steps"]] == ["on_hold", "relapse_prevention"]
    assert "two scores four weeks apart are asked for." in page.text
    assert "No relapse plan is written yet." in page.text
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id) == ("episode.status_viewed", page.context["door"].patient.id)


def test_a_change_by_the_page(client: Any, url: Callable[[str], str], episode: Episode) -> None:
    typed = {"to": "on_hold", "on": "2026-02-20", "reason": "Abroad"}
    saved = client.post(url("status/"), typed, follow=True)
    assert saved.redirect_chain == [(url(""), 302)]
    assert "The status is now: on hold." in saved.text
    again = client.post(url("status/"), typed, follow=True)
    assert "The patient has this status already." in again.text
    assert StatusChange.objects.count() == 1
    page = client.get(url("status/"))
    assert [step.to for step in page.context["steps"]] == ["active", "relapse_prevention"]


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"reason": ""}, "reason", "Say why the work rests."),
        ({"on": ""}, "on", "Enter the day."),
        ({"on": "2026-02-30"}, "on", "Enter a day that exists, as year-month-day: 2026-10-12."),
        ({"on": "2031-01-01"}, "on", "This day is in the future. Correct it."),
        ({"reason": "x" * 301}, "reason", "This is longer than 300 characters. Shorten it."),
    ],
)
def test_a_faulty_change_comes_back_as_typed(
    client: Any, url: Callable[[str], str], changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = client.post(url("status/"), {"to": "on_hold", "on": "2026-02-20", "reason": "Abroad", **changed})
    assert answer.status_code == 422
    (form,) = [step.form for step in answer.context["steps"] if step.to == "on_hold"]
    assert form.errors == {field: [sentence]}
    assert answer.text.count(sentence) == 1
    assert {name: form[name].value() for name in changed} == changed
    assert StatusChange.objects.count() == 0


@pytest.mark.parametrize(
    ("to", "status"), [("", 422), ("discharged", 422), ("relapse", 422), ("nonsense", 422), ("active", 302)]
)
def test_a_status_that_is_not_offered_is_refused(client: Any, url: Callable[[str], str], to: str, status: int) -> None:
    answer = client.post(url("status/"), {"to": to, "on": "2026-02-20", "reason": "Because"})
    assert (answer.status_code, StatusChange.objects.count()) == (status, 0)
    assert status == 302 or answer.text.count("Choose one of the steps below.") == 1


def test_a_discharge_by_the_page_shows_its_note_on_the_status_page(client: Any, url: Callable[[str], str]) -> None:
    saved = client.post(url("discharge/"), TYPED, follow=True)
    assert saved.redirect_chain == [(url(""), 302)]
    again = client.post(url("discharge/"), TYPED, follow=True)
    assert "was discharged already" in again.text
    page = client.get(url("status/"))
    assert "Went &lt;b&gt;well&lt;/b&gt;." in page.text
    assert "Take the discharge back" in page.text
    assert (ClosingNote.objects.count(), page.context["steps"]) == (1, [])


BAD = [
    ({"reason": ""}, "reason", "Choose a reason."),
    ({"reason": "tired"}, "reason", "Choose a reason from the list."),
    ({"on": "soon"}, "on", "Enter a day that exists, as year-month-day: 2026-10-12."),
    ({"on": "2025-10-05"}, "on", "The patient was enrolled on Oct 6, 2025, after this day. Correct it."),
    ({"summary": ""}, "summary", "Write how it went, in a few sentences."),
    ({"summary": "x" * 5_001}, "summary", "This is longer than 5,000 characters. Shorten it."),
    ({"way_back": " "}, "way_back", "Write how the patient comes back: whom to call, and when."),
    ({"reason": "other"}, "in_spite_of", "Say what the reason is."),
    ({"in_spite_of": "x" * 301}, "in_spite_of", "This is longer than 300 characters. Shorten it."),
    ({"reason": "transferred"}, "reason", "Record the hand-off first, and that the patient was seen there."),
]


@pytest.mark.parametrize(("changed", "field", "sentence"), BAD)
def test_a_faulty_discharge_comes_back_as_typed(
    client: Any, url: Callable[[str], str], changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = client.post(url("discharge/"), {**TYPED, **changed})
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors == {field: [sentence]}
    shown = {**TYPED, **changed}
    assert {name: form[name].value() for name in form.fields if name != "revokes"} == {
        name: shown[name] for name in form.fields if name != "revokes"
    }
    assert ClosingNote.objects.count() == 0


def test_a_risk_is_shown_and_has_to_be_spoken_to(
    client: Any, url: Callable[[str], str], scored: Callable[..., Any]
) -> None:
    scored(12, 2, week=20)
    page = client.get(url("discharge/"))
    assert "Item 9 was answered with 2 the last time." in page.text
    assert "<strong>988</strong>" in page.text
    refused = client.post(url("discharge/"), TYPED)
    assert refused.context["form"].errors == {
        "risk_accepted": ["Say what was done about this risk, and why the patient is discharged all the same."]
    }
    client.post(url("discharge/"), {**TYPED, "risk_accepted": "Seen by Dr. Kim today, plan made"})
    assert ClosingNote.objects.get().risk_accepted == "Seen by Dr. Kim today, plan made"


def test_inactivity_is_proposed_with_its_day(
    client: Any, url: Callable[[str], str], episode: Episode, in_tenant: Any
) -> None:
    ContactFactory(organization=in_tenant, episode=episode, on=date(2025, 11, 3))
    page = client.get(url("discharge/"))
    assert "the episode ends on Feb 1, 2026." in page.text
    proposed = client.get(url("discharge/?reason=administrative_inactivity")).context["form"]
    assert (proposed["reason"].value(), proposed["on"].value()) == ("administrative_inactivity", date(2026, 2, 1))
    typed = {**TYPED, "reason": "administrative_inactivity"}
    refused = client.post(url("discharge/"), {**typed, "on": "2025-11-03"})
    assert refused.context["form"].errors == {
        "on": ["Closed for inactivity, an episode ends on Feb 1, 2026, 90 days after contact."]
    }
    client.post(url("discharge/"), {**typed, "on": "2026-02-01"})
    assert Episode.objects.get(id=episode.id).ended_on == date(2026, 2, 1)


def test_consent_is_taken_back_by_the_box(
    client: Any, url: Callable[[str], str], episode: Episode, in_tenant: Any
) -> None:
    ConsentFactory(organization=in_tenant, patient=episode.patient)
    client.post(url("discharge/"), {**TYPED, "revokes": "on"})
    assert Consent.objects.get().revoked_on == TODAY


def test_a_hand_off_by_the_pages(client: Any, url: Callable[[str], str]) -> None:
    future = client.post(url("hand-offs/new/"), {"to": "County", "sent_on": "2031-01-01"})
    assert future.context["form"].errors == {"sent_on": ["This day is in the future. Correct it."]}
    for _ in range(2):
        client.post(url("hand-offs/new/"), {"to": "County", "sent_on": "2026-02-20"})
    made = HandOff.objects.get()
    assert "Not confirmed yet." in client.get(url("status/")).text
    seen = url(f"hand-offs/{made.id}/seen/")
    early = client.post(seen, {"seen_on": "2026-02-19", "confirmed_by": "Lee"})
    assert early.context["form"].errors == {"seen_on": ["The patient was handed over after this day. Correct it."]}
    for name in ("Lee", "Kim"):
        client.post(seen, {"seen_on": "2026-02-25", "confirmed_by": name})
    assert "Seen there on Feb 25, said Lee." in client.get(url("status/")).text


def test_taking_back_by_the_page(client: Any, url: Callable[[str], str], episode: Episode, in_tenant: Any) -> None:
    assert client.get(url("reopen/")).status_code == 302
    client.post(url("discharge/"), TYPED)
    assert client.post(url("reopen/"), {"reason": ""}).status_code == 422
    EpisodeFactory(
        organization=in_tenant, patient=episode.patient, enrolled_on=date(2025, 1, 6), ended_on=date(2025, 6, 2),
        end_reason="other", status="discharged",
    )  # fmt: skip
    saved = client.post(url("reopen/"), {"reason": "Wrong patient"}, follow=True)
    assert "The discharge was taken back." in saved.text
    assert Episode.objects.get(id=episode.id).status == "active"


def test_after_a_discharge_nothing_is_offered(client: Any, url: Callable[[str], str]) -> None:
    client.post(url("discharge/"), TYPED)
    assert client.post(url("status/"), {"to": "on_hold", "on": "2026-03-02", "reason": "x"}).status_code == 409
    assert client.get(url("hand-offs/new/")).status_code == 302
    assert HandOff.objects.count() == 0


def test_a_patient_without_an_episode_has_no_status(client: Any, organization: Any, clinic: Any) -> None:
    from tests.factories.registry import PatientFactory

    patient = PatientFactory(organization=organization, clinic=clinic)
    assert "Not enrolled" in client.get(f"/o/{organization.slug}/patients/{patient.id}/status/").text
    assert client.get(f"/o/{organization.slug}/patients/{patient.id}/discharge/").status_code == 302


@pytest.mark.parametrize("path", ["status/", "discharge/", "reopen/", "hand-offs/new/"])
def test_another_tenants_patient_is_as_absent_as_none(
    client: Any, organization: Any, other_organization: Any, path: str
) -> None:
    with tenant(other_organization):
        foreign = EpisodeFactory(organization=other_organization)
        theirs = HandOffFactory(organization=other_organization, episode=foreign)
    for patient in (foreign.patient_id, uuid4()):
        assert client.get(f"/o/{organization.slug}/patients/{patient}/{path}").status_code == 404
        seen = f"/o/{organization.slug}/patients/{patient}/hand-offs/{theirs.id}/seen/"
        assert client.post(seen, {"seen_on": "2026-03-01", "confirmed_by": "x"}).status_code == 404


def test_another_patients_hand_off_is_not_confirmed_here(
    client: Any, url: Callable[[str], str], in_tenant: Any
) -> None:
    other = HandOffFactory(organization=in_tenant)
    assert client.get(url(f"hand-offs/{other.id}/seen/")).status_code == 404


@pytest.mark.parametrize("path", ["status/", "discharge/"])
def test_the_pages_take_at_most_eight_statements(
    client: Any, url: Callable[[str], str], scored: Callable[..., Any], in_tenant: Any, episode: Episode, path: str
) -> None:
    for week in range(0, 20, 2):
        scored(18, week=week)
        HandOffFactory(organization=in_tenant, episode=episode)
    client.get(url(path))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url(path)).status_code == 200
    assert len(own(queries)) <= 8
