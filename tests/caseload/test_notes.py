"""A signed note: what is added, who signs beside it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from caseload.models import Addendum, Contact, CoSignature, EpisodeStanding, FollowUp, Supervision, TimeEntry
from caseload.operations import NextContact, record_contact
from caseload.operations.errors import (
    NoteTakenBack,
    NotHowItIsDone,
    NotYoursToSign,
    NotYoursToTakeBack,
    OwnSupervisor,
    SignedAlready,
    TemplateNameTaken,
)
from caseload.operations.note_settings import save_template, set_supervisor
from caseload.operations.notes import add_addendum, co_sign, void_contact
from caseload.operations.timekeeping import Work
from caseload.queries.note_templates import templates_in_use, templates_of
from caseload.queries.notes import note_shown, notes_to_co_sign
from caseload.rules.worktime import WorkTime
from registry.models import Assessment
from registry.operations.assessments import ScoreGiven
from registry.operations.errors import FormReused, ReasonMissing
from tests.factories.caseload import ContactFactory


@pytest.fixture
def note(by: Any, now: datetime, enrolled: Callable[..., Any]) -> Callable[..., Contact]:
    """`note(…)`: a call of twenty minutes with a note, an hour ago."""

    def make(**values: Any) -> Contact:
        start = now - timedelta(hours=1)
        given = {
            "by": by, "at": now, "client_token": uuid4(), "mode": "phone", "note": "Slept better.",
            "time": WorkTime(span=(start, start + timedelta(minutes=20))), **values,
        }  # fmt: skip
        if "episode_id" not in given:
            given["episode_id"] = enrolled().id
        return record_contact(**given).contact

    return make


@pytest.fixture
def lead(membership: Callable[..., Any]) -> Any:
    return membership("clinic_lead", name="Lea Ode", credential="LCSW")


@pytest.mark.parametrize(
    ("values", "field"),
    [({"mode": "letter"}, "mode"), ({"outcome": "voicemail"}, "outcome")],
)
def test_kind_and_way_go_together(note: Callable[..., Contact], values: dict[str, str], field: str) -> None:
    with pytest.raises(NotHowItIsDone) as refused:
        note(**values)
    assert refused.value.field == field
    assert Contact.objects.count() == 0


# Addenda


def test_an_addendum_is_signed_and_leaves_the_note_alone(
    note: Callable[..., Contact], lead: Any, now: datetime
) -> None:
    contact, token = note(), uuid4()
    values = {"by": lead, "at": now, "contact_id": contact.id, "client_token": token}
    first = add_addendum(**values, text="The pharmacy confirmed.")
    assert add_addendum(**values, text="Typed again") == first
    assert [(one.text, one.signed_as) for one in Addendum.objects.all()] == [
        ("The pharmacy confirmed.", "Lea Ode, LCSW")
    ]
    contact.refresh_from_db()
    assert contact.note == "Slept better."


def test_a_form_used_for_another_note_is_refused(note: Callable[..., Contact], by: Any, now: datetime) -> None:
    one, token = note(), uuid4()
    other = note(episode_id=one.episode_id, time=WorkTime(on=date(2026, 3, 2), seconds=60))
    add_addendum(by=by, at=now, contact_id=one.id, text="One", client_token=token)
    with pytest.raises(FormReused):
        add_addendum(by=by, at=now, contact_id=other.id, text="Other", client_token=token)


def test_nothing_is_added_to_an_absent_or_foreign_note(
    in_tenant: Any, by: Any, now: datetime, other_organization: Any
) -> None:
    with tenant(other_organization):
        foreign = ContactFactory(organization=other_organization).id
    for contact_id in (foreign, uuid4()):
        with pytest.raises(NotFound):
            add_addendum(by=by, at=now, contact_id=contact_id, text="x", client_token=uuid4())


# Signing beside


def test_only_the_supervisor_signs_and_once(
    note: Callable[..., Contact], by: Any, lead: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    set_supervisor(by=lead, at=now, supervised=by, supervisor=lead)
    contact = note()
    assert [one.contact_id for one in notes_to_co_sign(lead)] == [contact.id]
    assert notes_to_co_sign(by) == []
    for other in (by, membership("clinic_lead")):
        with pytest.raises(NotYoursToSign):
            co_sign(by=other, at=now, contact_id=contact.id)
    co_sign(by=lead, at=now, contact_id=contact.id, remark="Well done.")
    with pytest.raises(SignedAlready):
        co_sign(by=lead, at=now, contact_id=contact.id)
    assert [(one.signed_as, one.remark) for one in CoSignature.objects.all()] == [("Lea Ode, LCSW", "Well done.")]
    assert notes_to_co_sign(lead) == []


def test_what_waits_for_nobody(note: Callable[..., Contact], by: Any, lead: Any, now: datetime) -> None:
    """A note from before the supervision, and one without text."""
    before = note()
    later = now + timedelta(hours=1)
    set_supervisor(by=lead, at=later, supervised=by, supervisor=lead)
    note(at=later, note="", work=Work("no_show"), time=WorkTime(on=date(2026, 3, 2), seconds=60))
    assert notes_to_co_sign(lead) == []
    assert note_shown(before.id, for_=lead, at=later, people={by.id: by, lead.id: lead}).may_co_sign is False


def test_a_supervision_is_replaced_and_ends(
    by: Any, lead: Any, now: datetime, membership: Callable[..., Any], in_tenant: Any
) -> None:
    other = membership("clinic_lead")
    first = set_supervisor(by=lead, at=now, supervised=by, supervisor=lead)
    assert set_supervisor(by=lead, at=now, supervised=by, supervisor=lead) == first
    set_supervisor(by=lead, at=now, supervised=by, supervisor=other)
    assert [one.supervisor_id for one in Supervision.objects.filter(is_current=True)] == [other.id]
    assert set_supervisor(by=lead, at=now, supervised=by, supervisor=None) is None
    assert [one.is_current for one in Supervision.objects.all()] == [False, False]
    with pytest.raises(OwnSupervisor):
        set_supervisor(by=lead, at=now, supervised=by, supervisor=by)


# Taking back


def test_a_note_taken_back_takes_everything_of_it_along(
    note: Callable[..., Contact], by: Any, now: datetime, enrolled: Callable[..., Any]
) -> None:
    episode = enrolled()
    early = now - timedelta(days=7)
    first = note(
        episode_id=episode.id, at=early, time=WorkTime(on=date(2026, 2, 23), seconds=600),
        next_contact=NextContact(date(2026, 3, 2), "Call"),
    )  # fmt: skip
    contact = note(
        episode_id=episode.id,
        scores=[ScoreGiven("phq9", total=16)],
        next_contact=NextContact(date(2026, 3, 16), "PHQ-9"),
    )
    void_contact(by=by, at=now, contact_id=contact.id, reason=" Entered on the wrong patient. ")
    contact.refresh_from_db()
    assert (contact.voided_by, contact.void_reason) == (by, "Entered on the wrong patient.")
    assert [entry.contact_id for entry in TimeEntry.objects.live()] == [first.id]
    assert Assessment.objects.live().count() == 0
    assert [(one.due_on, one.closed_on) for one in FollowUp.objects.live()] == [(date(2026, 3, 2), None)]
    standing = EpisodeStanding.objects.get(episode=episode)
    assert (standing.phq9_last, standing.next_due_on, standing.last_contact_on) == (
        None, date(2026, 3, 2), date(2026, 2, 23),
    )  # fmt: skip
    assert Job.objects.filter(kind="refresh_service_month", key=str(episode.id)).count() == 1
    with pytest.raises(NoteTakenBack):
        void_contact(by=by, at=now, contact_id=contact.id, reason="Again")
    with pytest.raises(NoteTakenBack):
        add_addendum(by=by, at=now, contact_id=contact.id, text="x", client_token=uuid4())


def test_what_a_later_contact_decided_stays(
    note: Callable[..., Contact], by: Any, now: datetime, enrolled: Callable[..., Any]
) -> None:
    episode = enrolled()
    plans = [(now - timedelta(days=7), 600, date(2026, 3, 2)), (now, 700, date(2026, 3, 9))]
    contacts = [
        note(episode_id=episode.id, at=at, time=WorkTime(on=at.date(), seconds=seconds), next_contact=NextContact(due))
        for at, seconds, due in [*plans, (now + timedelta(minutes=5), 800, date(2026, 3, 20))]
    ]
    void_contact(by=by, at=now + timedelta(hours=1), contact_id=contacts[1].id, reason="Wrong patient")
    assert [one.due_on for one in FollowUp.objects.live().filter(closed_on=None)] == [date(2026, 3, 20)]


def test_who_takes_a_note_back(
    note: Callable[..., Contact], lead: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    contact = note()
    with pytest.raises(NotYoursToTakeBack):
        void_contact(by=membership("care_manager"), at=now, contact_id=contact.id, reason="Wrong patient")
    with pytest.raises(ReasonMissing):
        void_contact(by=lead, at=now, contact_id=contact.id, reason=" ")
    assert void_contact(by=lead, at=now, contact_id=contact.id, reason="Wrong patient") == contact


# Templates


def test_templates_are_told_apart_by_kind_and_name(by: Any, now: datetime, in_tenant: Any) -> None:
    values = {"by": by, "at": now, "body": "Goals:"}
    first = save_template(**values, activity="treatment", name="First")
    save_template(**values, activity="message", name="First")
    with pytest.raises(TemplateNameTaken):
        save_template(**values, activity="treatment", name="First")
    save_template(**values, activity="treatment", name="First session", is_in_use=False, template_id=first.id)
    assert [(one.kind, one.name) for one in templates_of(by.organization_id)] == [
        ("Session with the patient", "First session"), ("Message", "First"),
    ]  # fmt: skip
    assert [one.name for one in templates_in_use(by.organization_id)] == ["First"]
    with pytest.raises(NotFound):
        save_template(**values, activity="treatment", name="x", template_id=uuid4())
