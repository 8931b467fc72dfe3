"""What leaves of records under 42 CFR part 2: refused without a consent, with the notice under one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from bhi.errors import NotFound
from caseload.operations.coordination import ask_clinician, send_referral
from caseload.operations.letters import write_letter
from caseload.operations.standing import rebuild_standing
from caseload.operations.summary_files import ask_for_summary
from caseload.tasks import paper_of
from registry.models import Disclosure, PartTwoConsent, PartTwoMark, Patient
from registry.operations.disclosures import record_disclosure
from registry.operations.errors import AlreadyVoided, FormReused, ReasonMissing
from registry.operations.part_two import (
    check_may_leave,
    end_mark,
    mark_part_two,
    record_part_two_consent,
    revoke_part_two_consent,
    void_part_two_consent,
)
from registry.operations.rights_errors import AlreadyRevoked, PartTwoRefused, RightsRefused
from registry.queries.part_two import any_part_two, is_part_two, notice_of_file, part_two_of, refused_among
from registry.rules.csv_text import csv_bytes
from registry.rules.part_two import NOTICE, Use
from tests.factories.going_live import PartTwoConsentFactory
from tests.factories.registry import EpisodeFactory, PatientFactory, TreatingClinicianFactory

ON = date(2026, 3, 2)
CONSENT = {
    "purpose": "tpo",
    "purpose_text": "",
    "discloser": "Riverside Recovery",
    "recipient": "my providers",
    "what": "my record",
    "signed_on": ON,
    "signed_by_name": "Ana Rivera",
    "until_on": None,
    "until_event": "none",
    "today": ON,
}


@pytest.fixture
def episode(in_tenant: Any) -> Any:
    return EpisodeFactory(organization=in_tenant)


@pytest.fixture
def who(by: Any, now: datetime, episode: Any) -> dict[str, Any]:
    return {"by": by, "at": now, "patient_id": episode.patient_id}


@pytest.fixture
def mark(who: dict[str, Any]) -> Callable[..., PartTwoMark]:
    def marked(**details: Any) -> PartTwoMark:
        typed = {"program_name": "Riverside", "what": "", "from_on": ON, "today": ON, "client_token": uuid4()}
        return mark_part_two(**who, **(typed | details))

    return marked


@pytest.fixture
def consent(who: dict[str, Any]) -> Callable[..., PartTwoConsent]:
    def given(**details: Any) -> PartTwoConsent:
        return record_part_two_consent(**who, **({"client_token": uuid4()} | CONSENT | details))

    return given


def leaves(episode: Any, use: Use = Use.PAYMENT) -> Any:
    return check_may_leave(organization_id=episode.organization_id, patient_id=episode.patient_id, use=use, on=ON)


def test_a_mark_stands_on_the_record_until_it_ends(episode, who, mark):
    made = mark()
    assert is_part_two(episode.organization_id, episode.patient_id)
    end_mark(**who, mark_id=made.id, reason="Another patient's papers.")
    assert not any_part_two(episode.organization_id, [episode.patient_id])
    with pytest.raises(NotFound):
        end_mark(**who, mark_id=made.id, reason="Again.")


def test_of_two_marks_one_that_ends_leaves_the_other(episode, who, mark):
    first, _ = mark(), mark(program_name="Lakeside")
    end_mark(**who, mark_id=first.id, reason="Wrong.")
    assert Patient.objects.get(id=episode.patient_id).is_part_two


def test_forms_sent_twice_write_once_and_of_another_patient_are_refused(in_tenant, who, mark, consent):
    token = uuid4()
    assert mark(client_token=token).id == mark(client_token=token).id
    assert consent(client_token=token).id == consent(client_token=token).id
    other = PatientFactory(organization=in_tenant)
    with pytest.raises(FormReused):
        mark_part_two(
            **(who | {"patient_id": other.id}), program_name="R", what="", from_on=ON, today=ON, client_token=token
        )


def test_what_lacks_something_is_refused_with_its_fields(mark, consent, who):
    with pytest.raises(RightsRefused) as of_mark:
        mark(program_name=" ")
    with pytest.raises(RightsRefused) as of_consent:
        consent(discloser=" ", until_event="")
    with pytest.raises(RightsRefused) as combined:
        consent(purpose="legal", purpose_text="The hearing", also=["tpo"])
    assert [list(one.value.faults) for one in (of_mark, of_consent, combined)] == [
        ["program_name"], ["discloser", "until_on"], ["also"],
    ]  # fmt: skip
    with pytest.raises(NotFound):
        record_part_two_consent(**(who | {"patient_id": uuid4()}), **CONSENT, client_token=uuid4())


def test_revoked_the_next_disclosure_is_refused(episode, who, mark, consent):
    mark()
    with pytest.raises(PartTwoRefused):
        leaves(episode)
    given = consent()
    assert leaves(episode).scope == "Disclosed with the patient's consent of March 2, 2026: my record, to my providers."
    revoke = {**who, "consent_id": given.id, "today": ON}
    with pytest.raises(RightsRefused) as refused:
        revoke_part_two_consent(**revoke, revoked_on=ON + timedelta(days=1), how="")
    assert list(refused.value.faults) == ["revoked_on", "how"]
    revoke_part_two_consent(**revoke, revoked_on=ON, how="In writing")
    with pytest.raises(PartTwoRefused):
        leaves(episode)
    with pytest.raises(AlreadyRevoked):
        revoke_part_two_consent(**revoke, revoked_on=ON, how="In writing")
    assert leaves(episode, Use.TO_PATIENT) is None


def test_a_paper_for_all_care_and_one_purpose_more_is_kept_as_the_former_with_the_other_in_words(
    episode, mark, consent
):
    mark()
    with pytest.raises(RightsRefused) as unnamed:
        consent(also=["specific"])
    assert list(unnamed.value.faults) == ["purpose_text"]
    given = consent(purpose="specific", purpose_text="The housing program", also=["tpo"])
    assert (given.purpose, given.purpose_text) == ("tpo", "The housing program")
    assert leaves(episode).signed_on == ON


@pytest.mark.parametrize(
    ("days", "fields"),
    [
        ({}, []),
        ({"signed_on": ON + timedelta(days=1)}, ["consent"]),
        ({"until_on": ON}, []),
        ({"until_on": ON - timedelta(days=1), "signed_on": ON - timedelta(days=9)}, ["consent"]),
        ({"revoked_on": ON + timedelta(days=1)}, []),
        ({"revoked_on": ON}, ["consent"]),
    ],
)
def test_a_disclosure_names_a_consent_that_held_on_its_day(who, by, now, mark, days, fields):
    mark()
    revoked = {"revoked_at": now, "revoked_by": by, "revoked_how": "In writing"} if "revoked_on" in days else {}
    said = {"organization": by.organization, "patient_id": who["patient_id"], "signed_on": ON}
    given = PartTwoConsentFactory(**(said | days | revoked))
    told = {
        "on": ON, "recipient": "County", "recipient_address": "", "what": "Dates", "purpose": "treatment", "why": "",
        "consent_id": given.id, "today": ON + timedelta(days=7), "client_token": uuid4(),
    }  # fmt: skip
    if fields:
        with pytest.raises(RightsRefused) as refused:
            record_disclosure(**who, **told)
        assert list(refused.value.faults) == fields
    made = [] if fields else [record_disclosure(**who, **told).id]
    assert [one.id for one in Disclosure.objects.all()] == made


def test_a_consent_recorded_in_error_counts_no_more(episode, who, mark, consent):
    mark()
    given = consent()
    with pytest.raises(ReasonMissing):
        void_part_two_consent(**who, consent_id=given.id, reason=" ")
    void_part_two_consent(**who, consent_id=given.id, reason="Unsigned.")
    with pytest.raises(PartTwoRefused):
        leaves(episode)


def test_of_many_those_without_consent_are_found(in_tenant, episode, mark):
    mark()
    allowed, plain = (EpisodeFactory(organization=in_tenant) for _ in range(2))
    Patient.objects.filter(id=allowed.patient_id).update(is_part_two=True)
    PartTwoConsentFactory(organization=in_tenant, patient=allowed.patient, signed_on=ON)
    people = [episode.patient_id, allowed.patient_id, plain.patient_id]
    assert refused_among(in_tenant.id, people, use=Use.PAYMENT, on=ON) == {episode.patient_id}
    assert refused_among(in_tenant.id, [plain.patient_id], use=Use.PAYMENT, on=ON) == frozenset()


def test_a_referral_is_a_disclosure_and_waits_for_a_consent(episode, by, now, mark, consent):
    sent = {
        "by": by, "at": now, "episode_id": episode.id, "to": "Lakeside Cardiology", "purpose": "Palpitations",
        "sent_on": ON, "check_on": ON + timedelta(days=7),
    }  # fmt: skip
    mark()
    with pytest.raises(PartTwoRefused):
        send_referral(**sent, client_token=uuid4())
    given = consent()
    made = send_referral(**sent, client_token=uuid4())
    (told,) = Disclosure.objects.all()
    assert (told.recipient, told.purpose, told.consent_id, told.object_id) == (
        "Lakeside Cardiology", "treatment", given.id, made.id,
    )  # fmt: skip


def test_a_question_to_the_clinician_is_a_disclosure_and_waits_for_a_consent(episode, by, now, mark, consent):
    clinician = TreatingClinicianFactory(organization=by.organization)
    asked = {
        "by": by, "at": now, "episode_id": episode.id, "asked_of": clinician, "question": "Go on with sertraline?",
        "channel": "phone", "asked_on": ON, "due_on": ON + timedelta(days=3),
    }  # fmt: skip
    mark()
    with pytest.raises(PartTwoRefused):
        ask_clinician(**asked, client_token=uuid4())
    given = consent()
    made = ask_clinician(**asked, client_token=uuid4())
    assert [(one.purpose, one.recipient, one.consent_id, one.object_id) for one in Disclosure.objects.all()] == [
        ("treatment", str(clinician), given.id, made.id)
    ]


def test_a_letter_to_the_patient_needs_no_consent_and_is_kept_as_told(episode, by, now, mark):
    mark()
    write_letter(
        by=by, at=now, episode_id=episode.id, kind="unable", language="en", body="Please call us.", client_token=uuid4()
    )
    assert [(one.purpose, one.recipient) for one in Disclosure.objects.all()] == [("to_patient", "The patient")]


def test_a_summary_on_paper_waits_for_a_consent_and_carries_the_notice(episode, by, now, mark, consent):
    asked = {"by": by, "at": now, "patient_id": episode.patient_id, "episode_id": episode.id}
    mark()
    with pytest.raises(PartTwoRefused):
        ask_for_summary(**asked)
    given = consent()
    assert ask_for_summary(**asked) == ask_for_summary(**asked)
    assert Disclosure.objects.count() == 1
    pages = PdfReader(BytesIO(paper_of(episode.organization_id, episode.id, at=now))).pages
    text = [" ".join(page.extract_text().split()) for page in pages]
    scope = part_two_of(episode.organization_id, episode.patient_id).notices(Use.TREATMENT, ON)[1]
    assert [(NOTICE in page, scope in page) for page in text] == [(True, True)] * len(text)
    assert given.is_live


def test_who_asks_for_the_summary_page_reads_why_it_waits(organization, episode, by, now, mark):
    mark()
    browser = Client()
    browser.force_login(by.user)
    with time_machine.travel(now, tick=False):
        answer = browser.post(f"/o/{organization.slug}/patients/{episode.patient_id}/summary/pdf/", follow=True)
    assert "no consent under 42 CFR part 2 allows them to leave for treatment" in answer.content.decode()


def test_a_voided_mark_cannot_be_voided_by_two(who, mark):
    from registry.operations.recording import Stamp, void_facts

    made = mark()
    end_mark(**who, mark_id=made.id, reason="Wrong.")
    with pytest.raises(AlreadyVoided):
        void_facts([made], stamp=Stamp(who["by"], who["at"]), reason="Wrong.")


def test_a_file_of_several_says_the_notice_on_every_line_where_one_is_marked(in_tenant, episode, mark):
    other = EpisodeFactory(organization=in_tenant)
    people = [episode.patient_id, other.patient_id]
    before = notice_of_file(in_tenant.id, people)
    mark()
    notice = notice_of_file(in_tenant.id, people)
    assert (before, notice) == ("", NOTICE)
    lines = csv_bytes(["Name"], [["Ana"], ["Ben"]], notice=notice).decode("utf-8-sig").splitlines()
    assert lines == ["Name,Notice", f"Ana,{NOTICE}", f"Ben,{NOTICE}"]


def test_the_caseloads_file_carries_the_notice(organization, by, now, mark, episode, client):
    rebuild_standing(organization_id=organization.id, episode_ids=[episode.id], at=now)
    mark()
    with time_machine.travel(now, tick=False):
        lines = client.post(f"/o/{organization.slug}/caseload/file/").content.decode("utf-8-sig").splitlines()
    assert [line.endswith(("Notice", NOTICE)) for line in lines] == [True] * len(lines)
