"""The page of a signed note, the list of notes to sign beside, and the settings around notes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.queries.claims import ClaimedMonth
from caseload.models import Addendum, Contact, CoSignature, NoteTemplate, Supervision
from caseload.operations import NextContact, record_contact
from caseload.operations.note_settings import set_supervisor
from caseload.rules.worktime import WorkTime
from registry.operations.assessments import ScoreGiven
from tests.factories.caseload import ContactFactory
from tests.factories.work import NoteTemplateFactory
from tests.statements import FRAME

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def note(by: Any, now: datetime, enrolled: Callable[..., Any]) -> Contact:
    start = now - timedelta(hours=1)
    return record_contact(
        by=by, at=now, episode_id=enrolled().id, client_token=uuid4(), mode="phone", note="Slept better.",
        time=WorkTime(span=(start, start + timedelta(minutes=20))), parts={"skill": "Two walks a week."},
        question="Raise sertraline?", scores=[ScoreGiven("phq9", total=16)],
        next_contact=NextContact(now.date() + timedelta(days=14), "PHQ-9"),
    ).contact  # fmt: skip


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    return lambda path="", note=None: f"/o/{organization.slug}/" + (f"contacts/{note.id}/{path}" if note else path)


def ehr_of(answer: Any) -> str:
    return unescape(answer.text.split('<pre id="ehr"')[1].split(">", 1)[1].split("</pre>")[0])


def test_a_note_is_shown_whole(client: Client, url: Callable[..., str], note: Contact) -> None:
    page = client.get(url(note=note))
    assert page.status_code == 200
    assert ehr_of(page) == (
        "Session with the patient, phone, Mar 2, 2026, 10:00 am\nAna Rivera, record number 000001\nScores: PHQ-9 16\n\n"
        "Slept better.\n\nSkill practised: Two walks a week.\n\nQuestion for the consultant: Raise sertraline?\n\n"
        "Next contact: Mar 16, 2026, PHQ-9\nTime: 20 min\n\nSigned by Ken Abara, RN, Mar 2, 2026, 11:00 am"
    )
    assert "<title>Contact note" in page.text
    assert "Counts in full." in page.text
    event = AuditEvent.objects.get(action="contact.viewed")
    assert (event.patient_id, event.object_id) == (note.patient_id, note.id)


def test_the_chart_says_who_signed_and_leads_to_the_note(
    client: Client, url: Callable[..., str], note: Contact
) -> None:
    chart = client.get(url(f"patients/{note.patient_id}/"))
    assert url(note=note) in chart.text
    assert "Ken Abara, RN, signed 11:00 am" in chart.text
    assert "Skill practised: Two walks a week." in chart.text


def test_the_note_takes_as_many_statements_for_little_as_for_much(
    client: Client, url: Callable[..., str], note: Contact, log: Callable[..., Any]
) -> None:
    frame = [part for part in FRAME if part != "caseload_timer"]
    taken = []
    for more in (0, 20):
        for place in range(more):
            log(note.episode, minutes=1, ago=100 + 2 * place)
        with CaptureQueriesContext(connection) as queries:
            client.get(url(note=note))
        taken.append(len([one for one in queries if not any(part in one["sql"] for part in frame)]))
    assert taken[0] == taken[1] <= 8


def test_an_addendum_is_added_on_the_page(client: Client, url: Callable[..., str], note: Contact) -> None:
    sent = {"client_token": str(uuid4()), "text": "The pharmacy confirmed."}
    empty = client.post(url("addendum/", note), {**sent, "text": ""})
    assert empty.status_code == 422
    assert empty.context["addendum"].errors == {"text": ["Write what is to be added."]}
    for _ in range(2):
        saved = client.post(url("addendum/", note), sent, follow=True)
    assert saved.redirect_chain == [(url(note=note), 302)]
    assert ehr_of(saved).endswith("Addendum, Ken Abara, RN, Mar 2, 2026, 11:00 am:\nThe pharmacy confirmed.")
    assert Addendum.objects.count() == 1


def test_a_supervisor_signs_from_the_list(
    client_for: Callable[..., Any], client: Client, url: Callable[..., str], by: Any, now: datetime,
    membership: Callable[..., Any], enrolled: Callable[..., Any],
) -> None:  # fmt: skip
    lead = membership("clinic_lead", name="Lea Ode", credential="LCSW")
    set_supervisor(by=lead, at=now, supervised=by, supervisor=lead)
    contact = record_contact(
        by=by, at=now, episode_id=enrolled().id, client_token=uuid4(), mode="phone", note="Slept better.",
        time=WorkTime(on=now.date(), seconds=600),
    ).contact  # fmt: skip
    assert "Waits for the signature of Lea Ode, LCSW." in client.get(url(note=contact)).text
    refused = client.post(url("co-sign/", contact), {"remark": "Mine"})
    assert refused.status_code == 422
    sentence = "Only the supervisor of whoever wrote this note signs beside it."
    assert refused.context["co_signing"].non_field_errors() == [sentence]
    supervisor = Client()
    supervisor.force_login(lead.user)
    assert url(note=contact) in supervisor.get(url("contacts/to-cosign/")).text
    signed = supervisor.post(url("co-sign/", contact), {"remark": "Well done."}, follow=True)
    assert "Read and signed by Lea Ode, LCSW, Mar 2, 2026, 11:00 am: Well done." in signed.text
    assert "Nothing waits for you" in supervisor.get(url("contacts/to-cosign/")).text
    assert CoSignature.objects.count() == 1


def test_a_note_is_taken_back_with_a_reason(client: Client, url: Callable[..., str], note: Contact) -> None:
    nothing = client.post(url("take-back/", note), {"reason": ""})
    sentence = "Say why this note is taken back, such as: entered on the wrong patient."
    assert nothing.context["taking_back"].errors == {"reason": [sentence]}
    gone = client.post(url("take-back/", note), {"reason": "Wrong patient"}, follow=True)
    assert "This note was taken back and counts for nothing" in gone.text
    assert "Ken Abara, RN, Mar 2, 2026, 11:00 am: Wrong patient" in gone.text
    assert 'id="ehr"' not in gone.text
    assert "Slept better." not in client.get(url(f"patients/{note.patient_id}/")).text
    again = client.post(url("addendum/", note), {"client_token": str(uuid4()), "text": "x"})
    assert again.context["addendum"].non_field_errors() == [
        "This note was taken back. Nothing can be added to it or signed any more."
    ]


def test_a_note_on_which_a_claim_rests_is_not_taken_back(
    client: Client, url: Callable[..., str], note: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = {note.patient_id: ClaimedMonth(uuid4(), 1, note.episode_id, ())}
    monkeypatch.setattr("caseload.views.notes.claimed_months", lambda organization_id, month: claimed)
    refused = client.post(url("take-back/", note), {"reason": "Wrong patient"})
    assert refused.context["taking_back"].non_field_errors() == [
        "A claim for March 2026 rests on its minutes. Billing has to correct that claim first."
    ]
    assert Contact.objects.live().count() == 1


def test_who_may_not_write_reads_only(client_for: Callable[..., Any], url: Callable[..., str], note: Contact) -> None:
    page = client_for("treating_clinician").get(url(note=note))
    assert page.status_code == 200
    assert "Add to this note" not in page.text
    assert "Take this note back" not in page.text
    assert client_for("billing").get(url(note=note)).status_code == 403


def test_a_foreign_note_is_as_absent_as_none(
    client: Client, url: Callable[..., str], in_tenant: Any, other_organization: Any
) -> None:
    with tenant(other_organization):
        foreign = ContactFactory(organization=other_organization)
    absent = Contact(id=uuid4())
    posts = [("addendum/", {"text": "x"}), ("co-sign/", {}), ("take-back/", {"reason": "x"})]
    for one in (foreign, absent):
        answers = [client.get(url(note=one)), *(client.post(url(path, one), sent) for path, sent in posts)]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 404]


# Settings


@pytest.fixture
def leader(client_for: Callable[..., Any]) -> Client:
    return client_for("clinic_lead")


def test_templates_are_written_and_changed(leader: Client, url: Callable[..., str], in_tenant: Any) -> None:
    address = url("settings/note-templates/")
    assert "There are none yet." in leader.get(address).text
    sent = {"activity": "treatment", "name": "First session", "body": "Goals:\nSkills:", "is_in_use": "on"}
    assert leader.post(address, sent).status_code == 302
    template = NoteTemplate.objects.get()
    changed = {**sent, "template": str(template.id), "name": "Intake", "is_in_use": ""}
    assert leader.post(address, changed).status_code == 302
    template.refresh_from_db()
    assert (template.name, template.body, template.is_in_use) == ("Intake", "Goals:\nSkills:", False)


def test_a_refused_template_comes_back_as_typed(
    leader: Client, url: Callable[..., str], organization: Any, in_tenant: Any
) -> None:
    one, other = (NoteTemplateFactory(organization=organization, name=name) for name in ("One", "Other"))
    address = url("settings/note-templates/")
    sent = {"template": str(other.id), "activity": "treatment", "name": "One", "body": "Typed"}
    answer = leader.post(address, sent)
    assert answer.status_code == 422
    forms = {shown.id: form for shown, form in answer.context["rows"]}
    assert forms[other.id].errors == {"name": ["There is a template of this kind with this name. Choose another name."]}
    assert forms[other.id]["body"].value() == "Typed"
    assert forms[one.id].is_bound is False
    new = leader.post(address, {"activity": "x", "name": "", "body": ""})
    assert new.context["new"].errors == {
        "activity": ["Choose a kind from the list."],
        "name": ["Give the template a name."],
        "body": ["Write what the note begins with."],
    }
    gone = leader.post(address, {**sent, "template": str(uuid4())})
    assert gone.context["new"].non_field_errors() == ["This template is not there any more. Nothing was saved."]


def test_supervision_is_set_and_ended(
    leader: Client, url: Callable[..., str], by: Any, in_tenant: Any, membership: Callable[..., Any]
) -> None:
    address, lead = url("settings/supervision/"), membership("clinic_lead", name="Lea Ode", credential="LCSW")
    assert "Nobody’s notes wait for a second signature." in leader.get(address).text
    own = leader.post(address, {"supervised": str(by.id), "supervisor": str(by.id)})
    assert own.context["form"].errors == {"supervisor": ["Nobody supervises themselves. Choose somebody else."]}
    missing = leader.post(address, {"supervised": "", "supervisor": str(lead.id)})
    assert missing.context["form"].errors == {"supervised": ["Choose whose notes."]}
    set_one = leader.post(address, {"supervised": str(by.id), "supervisor": str(lead.id)}, follow=True)
    assert "Lea Ode, LCSW" in set_one.text.split("Set or end")[0]
    leader.post(address, {"supervised": str(by.id), "supervisor": ""})
    assert [one.is_current for one in Supervision.objects.all()] == [False]


def test_settings_lead_to_both(leader: Client, url: Callable[..., str], in_tenant: Any) -> None:
    page = leader.get(url("settings/"))
    assert url("settings/note-templates/") in page.text
    assert url("settings/supervision/") in page.text
    assert "what a contact note may begin with: none yet" in page.text


def test_settings_name_the_templates_in_use(
    leader: Client, url: Callable[..., str], organization: Any, in_tenant: Any
) -> None:
    for name, is_in_use in (("Later", True), ("First session", True), ("Old", False)):
        NoteTemplateFactory(organization=organization, name=name, is_in_use=is_in_use)
    assert "what a contact note may begin with: First session, Later" in leader.get(url("settings/")).text
