"""A clinician without an account decides behind a link: once, with a code, and nothing is said before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from caseload import tasks
from caseload.models import DecisionLink, Recommendation, RecommendationStep
from caseload.operations.advice import AdviceMoved, NoClinician, NotYours, decide_by_link, record_decision
from caseload.operations.decision_links import (
    LinkDecision,
    LinkOver,
    NoAddress,
    NoMoreCodes,
    ask_for_code,
    confirm_code,
    decide_behind_link,
    deliver_code,
    deliver_link,
    send_decision_link,
)
from caseload.queries.decision_links import code_of, link_path, link_secret
from registry.models import Disclosure, PartTwoConsent, Patient
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.links import long_address
from registry.rules.part_two import NOTICE
from tests.factories.caseload import CaseReviewFactory, RecommendationFactory
from tests.factories.going_live import PartTwoConsentFactory, PartTwoMarkFactory
from tests.factories.registry import TreatingClinicianFactory

ADDRESS = "rivera@lakeside.example"
SIGNED = date(2026, 2, 26)
LOOP = {"state": "proposed", "state_on": SIGNED, "due_on": date(2026, 2, 27)}


@pytest.fixture
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def clinician(clock: Any, in_tenant: Any) -> Any:
    return TreatingClinicianFactory(organization=in_tenant, name="Ana Rivera", channel="link", email=ADDRESS)


@pytest.fixture
def review(enrolled: Callable[..., Any], clinician: Any, by: Any) -> Any:
    """Two that need a decision, one that does not."""
    episode = enrolled("Stone", treating_clinician=clinician)
    review = CaseReviewFactory(organization=by.organization, episode=episode, patient=episode.patient, on=SIGNED)
    asks = (("medication", "Increase sertraline"), ("referral", "Refer to sleep clinic"), ("psychosocial", "Walks"))
    for number, (kind, text) in enumerate(asks, start=1):
        RecommendationFactory(organization=by.organization, review=review, kind=kind, text=text, number=number, **LOOP)
    return review


@pytest.fixture
def link(review: Any, by: Any, now: datetime) -> Any:
    made = send_decision_link(by=by, at=now, review_id=review.id, client_token=uuid4())
    run_jobs(now)
    return made


def run_jobs(at: datetime) -> None:
    """What a worker would do with the jobs that wait."""
    handlers = {"send_decision_link": tasks.send_link, "send_decision_code": tasks.send_code}
    for job in Job.objects.filter(kind__in=handlers, state="queued").order_by("queued_at", "id"):
        run = Run(job.id, job.organization_id, job.arguments, None, at, progress=lambda done, total: None)
        handlers[job.kind](run)
        Job.objects.filter(id=job.id).update(state="done")


def url(link: Any, path: str = "") -> str:
    return f"/d/{link_path(link.id, link.organization_id)}/{path}"


def mailed_code() -> str:
    found = re.search(r"\b(\d{6})\b", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def opened(link: Any, now: datetime) -> Client:
    """A browser behind the code."""
    browser = Client()
    assert browser.post(url(link, "code/")).headers["Location"] == url(link, "confirm/")
    run_jobs(now)
    assert browser.post(url(link, "confirm/"), {"code": mailed_code()}).headers["Location"] == url(link)
    return browser


ANSWERS = {"decision-1": "accepted", "decision-2": "declined", "text-2": "She had a sleep study"}


def test_link_and_code_go_to_the_known_address_apart_and_say_nothing(link: Any, now: datetime) -> None:
    (message,) = mail.outbox
    assert (message.to, url(link) in message.body) == ([ADDRESS], True)
    browser = opened(link, now)
    assert [one.to for one in mail.outbox] == [[ADDRESS]] * 2
    code = mailed_code()
    assert (code in mail.outbox[0].body, "/d/" in mail.outbox[1].body) == (False, False)
    for one in mail.outbox:
        for word in ("Stone", "Ana", "000001", "Lakeside", "sertraline", "psych"):
            assert word.casefold() not in f"{one.subject} {one.body}".replace(ADDRESS, "").casefold()
    assert "Increase sertraline" in browser.get(url(link)).text


def test_everything_is_decided_once_and_the_link_is_used_up(link: Any, review: Any, now: datetime) -> None:
    browser = opened(link, now)
    page = browser.get(url(link))
    assert "Ana Stone, born May 4, 1961" in page.text
    assert "Walks" not in page.text
    assert browser.post(url(link), ANSWERS).headers["Location"] == url(link)
    assert "Your answer is on record." in browser.get(url(link)).text
    states = Recommendation.objects.order_by("number").values_list("state", flat=True)
    assert list(states) == ["accepted", "declined", "proposed"]
    steps = RecommendationStep.objects.exclude(state="sent").order_by("recommendation__number")
    assert list(steps.values_list("state", "channel", "text", "by__is_system", "clinician__name")) == [
        ("accepted", "link", "", True, "Ana Rivera"),
        ("declined", "link", "She had a sleep study", True, "Ana Rivera"),
    ]
    assert browser.post(url(link), ANSWERS).status_code == 200
    assert Client().get(url(link)).status_code == 404
    assert RecommendationStep.objects.count() == 4
    told = AuditEvent.objects.filter(action__startswith="advice.link").order_by("id")
    assert sorted(told.values_list("action", "patient_id")) == [
        (f"advice.link_{what}", review.patient_id) for what in ("code_sent", "opened", "sent", "used", "viewed")
    ]


def test_nothing_secret_is_stored(link: Any, now: datetime) -> None:
    browser = Client()
    browser.post(url(link, "code/"))
    link.refresh_from_db()
    code = code_of(link.id, 1, now)
    jobs = " ".join(str(one) for one in Job.objects.values_list("arguments", "key"))
    stored = [bytes(getattr(link, name) or b"") for name in ("token_sha256", "code_sha256", "session_sha256")]
    assert stored[1] not in (sha256(code.encode()).digest(), code.encode())
    assert link_secret(link.id)[:16] not in stored
    assert (code in jobs, link_path(link.id, link.organization_id) in jobs) == (False, False)
    run_jobs(now)
    assert mailed_code() == code
    browser.post(url(link, "confirm/"), {"code": code})
    link.refresh_from_db()
    assert link.code_sha256 is None
    assert browser.cookies["d"].value.encode() not in bytes(link.session_sha256)
    assert (browser.cookies["d"]["httponly"], browser.cookies["d"]["path"]) == (True, url(link))


def test_before_the_code_nothing_of_the_patient_is_said(link: Any) -> None:
    for path in ("", "confirm/"):
        page = Client().get(url(link, path))
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "<script" not in page.text
        for word in ("Stone", "000001", "sertraline", "Lakeside", "Rivera"):
            assert word not in page.text
    assert Client().post(url(link), ANSWERS).status_code == 200
    assert RecommendationStep.objects.filter(state="accepted").count() == 0
    assert Client().get(url(link, "code/")).headers["Location"] == url(link)


def test_another_browser_needs_a_code_of_its_own(link: Any, now: datetime) -> None:
    first = opened(link, now)
    used = mailed_code()
    second = Client()
    assert "Stone" not in second.get(url(link)).text
    assert second.post(url(link, "confirm/"), {"code": used}).status_code == 422
    assert first.get(url(link, "confirm/")).headers["Location"] == url(link)
    second.post(url(link, "code/"))
    run_jobs(now)
    second.post(url(link, "confirm/"), {"code": mailed_code()})
    assert "Stone" in second.get(url(link)).text
    assert "Stone" not in first.get(url(link)).text


def test_the_fifth_wrong_code_closes_the_link(link: Any, now: datetime) -> None:
    browser = Client()
    browser.post(url(link, "code/"))
    right = code_of(link.id, 1, now)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    assert "six digits" in browser.post(url(link, "confirm/"), {"code": "12"}).text
    assert "Enter the six digits." in browser.post(url(link, "confirm/"), {"code": ""}).text
    answers = [browser.post(url(link, "confirm/"), {"code": wrong}) for _ in range(5)]
    assert [one.status_code for one in answers] == [422] * 4 + [404]
    assert "You can try once more." in answers[3].text
    assert browser.post(url(link, "confirm/"), {"code": right}).status_code == 404
    assert AuditEvent.objects.filter(action="advice.link_locked").count() == 1


def test_a_code_is_good_for_ten_minutes(link: Any, now: datetime, clock: Any) -> None:
    browser = Client()
    browser.post(url(link, "code/"))
    code = code_of(link.id, 1, now)
    clock.move_to(now + timedelta(minutes=10))
    assert "its ten minutes are over" in browser.post(url(link, "confirm/"), {"code": code}).text
    run_jobs(now + timedelta(minutes=10))
    assert len(mail.outbox) == 1


def test_three_codes_are_sent_and_only_the_last_is_good(link: Any, now: datetime) -> None:
    browser = Client()
    for _ in range(4):
        browser.post(url(link, "code/"))
    assert "No more codes can be sent" in browser.get(url(link)).text
    run_jobs(now)
    assert len(mail.outbox) == 2  # the link, and the last code: the jobs of the others found them replaced
    known = {"organization_id": link.organization_id, "link_id": link.id, "at": now}
    with pytest.raises(NoMoreCodes):
        ask_for_code(**known)
    assert browser.post(url(link, "confirm/"), {"code": code_of(link.id, 1, now)}).status_code == 422
    assert browser.post(url(link, "confirm/"), {"code": mailed_code()}).status_code == 302


def test_a_link_expires_after_a_week(link: Any, now: datetime, clock: Any) -> None:
    browser = opened(link, now)
    clock.move_to(now + timedelta(days=7))
    assert browser.get(url(link)).status_code == 404
    assert browser.post(url(link), ANSWERS).status_code == 404
    assert browser.post(url(link, "code/")).status_code == 404
    assert RecommendationStep.objects.filter(state="accepted").count() == 0


def test_a_new_link_replaces_the_one_before(link: Any, review: Any, by: Any, now: datetime) -> None:
    token = uuid4()
    second = send_decision_link(by=by, at=now, review_id=review.id, client_token=token)
    assert send_decision_link(by=by, at=now, review_id=review.id, client_token=token).id == second.id
    assert (Client().get(url(link)).status_code, Client().get(url(second)).status_code) == (404, 200)
    assert DecisionLink.objects.live().count() == 1
    deliver_link(organization_id=link.organization_id, link_id=link.id, at=now)
    assert len(mail.outbox) == 1


def test_whoever_treats_the_patient_no_more_decides_nothing(link: Any, review: Any, by: Any, now: datetime) -> None:
    browser = opened(link, now)
    review.episode.treating_clinician = TreatingClinicianFactory(organization=by.organization, name="Ben Cole")
    review.episode.save()
    assert browser.get(url(link)).status_code == 404
    row = Recommendation.objects.get(number=1)
    of = {"by": by, "at": now, "recommendation_id": row.id, "clinician_id": link.clinician_id, "text": ""}
    with pytest.raises(NotYours):
        decide_by_link(**of, decision="accepted", client_token=uuid4())


def test_what_was_answered_meanwhile_is_not_asked_again(link: Any, by: Any, now: datetime) -> None:
    browser = opened(link, now)
    first, second = Recommendation.objects.filter(number__lte=2).order_by("number")
    record_decision(by=by, at=now, recommendation_id=first.id, decision="accepted", client_token=uuid4())
    page = browser.get(url(link))
    assert ("Increase sertraline" in page.text, "sleep clinic" in page.text) == (False, True)
    session = sha256(browser.cookies["d"].value.encode()).digest()
    known = {"organization_id": link.organization_id, "link_id": link.id, "at": now}
    decided = [LinkDecision(one.id, "accepted") for one in (first, second)]
    with pytest.raises(AdviceMoved):
        decide_behind_link(**known, session_sha256=session, decisions=decided)
    with pytest.raises(LinkOver):
        decide_behind_link(**known, session_sha256=b"another", decisions=decided[1:])
    record_decision(by=by, at=now, recommendation_id=second.id, decision="accepted", client_token=uuid4())
    assert browser.get(url(link)).status_code == 404


def test_an_answer_to_each_and_words_where_needed(link: Any, now: datetime) -> None:
    browser = opened(link, now)
    page = browser.post(url(link), {"decision-1": "modified", "text-1": " "})
    assert page.status_code == 422
    assert [fault in page.text for fault in ("Say what you change.", "Choose your answer.")] == [True, True]
    page = browser.post(url(link), {**ANSWERS, "text-2": ""})
    assert "Say why not." in page.text
    assert 'value="declined" checked' in page.text


def test_a_wrong_address_says_as_little_as_a_closed_one(link: Any, now: datetime, clock: Any) -> None:
    wrong = f"/d/{long_address(link.organization_id, bytes(16))}/"
    foreign = f"/d/{long_address(uuid4(), link_secret(link.id))}/"
    clock.move_to(now + timedelta(days=7))
    answers = [Client().get(path) for path in (wrong, foreign, "/d/nonsense/", "/d/K7QM2XTP9BDR/", url(link))]
    assert [one.status_code for one in answers] == [404] * 5
    assert len({one.content for one in answers}) == 1


def test_guessing_addresses_is_limited(link: Any) -> None:
    client = Client()
    statuses = [client.get(f"/d/{'A' * 42}{letter}/").status_code for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"]
    assert statuses == [404] * 30 + [429] * 3


def test_a_link_needs_an_address_and_a_question(review: Any, by: Any, clinician: Any, now: datetime) -> None:
    of = {"by": by, "at": now, "review_id": review.id}
    clinician.channel, clinician.email = "ehr", ""
    clinician.save()
    with pytest.raises(NoAddress):
        send_decision_link(**of, client_token=uuid4())
    review.episode.treating_clinician = None
    review.episode.save()
    with pytest.raises(NoClinician):
        send_decision_link(**of, client_token=uuid4())
    review.episode.treating_clinician = clinician
    review.episode.save()
    clinician.email = ADDRESS
    clinician.save()
    Recommendation.objects.filter(number__lte=2).update(state="closed", due_on=None)
    with pytest.raises(AdviceMoved):
        send_decision_link(**of, client_token=uuid4())
    with pytest.raises(NotFound):
        send_decision_link(**{**of, "review_id": uuid4()}, client_token=uuid4())


def test_another_organization_reaches_nothing(
    link: Any, review: Any, other_organization: Any, membership: Callable[..., Any], now: datetime
) -> None:
    with tenant(other_organization):
        theirs = membership("care_manager", organization=other_organization)
        known = {"organization_id": other_organization.id, "link_id": link.id, "at": now}
        for act in (
            lambda: send_decision_link(by=theirs, at=now, review_id=review.id, client_token=uuid4()),
            lambda: ask_for_code(**known),
            lambda: confirm_code(**known, code="123456", session_sha256=b"x"),
            lambda: decide_behind_link(**known, session_sha256=b"x", decisions=[]),
        ):
            with pytest.raises(NotFound):
                act()
    swapped = long_address(other_organization.id, link_secret(link.id))
    assert Client().get(f"/d/{swapped}/").status_code == 404


def test_no_mail_without_an_address(link: Any, clinician: Any, now: datetime) -> None:
    Client().post(url(link, "code/"))
    clinician.channel, clinician.email = "ehr", ""
    clinician.save()
    known = {"organization_id": link.organization_id, "link_id": link.id, "at": now}
    deliver_link(**known)
    deliver_code(**known, number=1)
    assert len(mail.outbox) == 1


def test_the_care_manager_sends_it_from_the_patients_page(review: Any, by: Any, now: datetime) -> None:
    client = Client()
    client.force_login(by.user)
    page = f"/o/lakeside/patients/{review.patient_id}/advice/"
    assert "Send the link" in client.get(page).text
    token = str(uuid4())
    for _ in range(2):
        assert client.post(f"{page}reviews/{review.id}/link/", {"client_token": token}).headers["Location"] == page
    assert DecisionLink.objects.count() == 1
    assert client.post(f"{page}reviews/{review.id}/link/", {}).status_code == 422
    assert client.post(f"{page}reviews/{uuid4()}/link/", {"client_token": token}).status_code == 404
    Recommendation.objects.update(state="closed", due_on=None)
    refused = client.post(f"{page}reviews/{review.id}/link/", {"client_token": str(uuid4())})
    assert (refused.status_code, "has moved on meanwhile" in refused.text) == (422, True)


def test_what_is_over_by_the_time_it_is_sent_changes_nothing(link: Any, by: Any, now: datetime) -> None:
    later = now + timedelta(days=7)
    known = {"organization_id": link.organization_id, "link_id": link.id, "at": later}
    with pytest.raises(LinkOver):
        ask_for_code(**known)
    with pytest.raises(LinkOver):
        confirm_code(**known, code="123456", session_sha256=b"x")
    row = Recommendation.objects.get(number=1)
    of = {"by": by, "at": now, "recommendation_id": row.id, "clinician_id": link.clinician_id, "text": ""}
    token = uuid4()
    for _ in range(2):
        decide_by_link(**of, decision="accepted", client_token=token)
    assert RecommendationStep.objects.filter(state="accepted").count() == 1


def test_a_race_with_another_tab_is_said(link: Any, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = opened(link, now)

    def moved(**_: Any) -> None:
        raise AdviceMoved

    def over(**_: Any) -> None:
        raise LinkOver

    monkeypatch.setattr("caseload.views.decision_links.decide_behind_link", moved)
    page = browser.post(url(link), ANSWERS)
    assert (page.status_code, "has moved on meanwhile" in page.text) == (422, True)
    monkeypatch.setattr("caseload.views.decision_links.decide_behind_link", over)
    assert browser.post(url(link), ANSWERS).status_code == 404


def test_a_review_taken_back_asks_nothing(link: Any, review: Any, by: Any, now: datetime) -> None:
    type(review).objects.filter(id=review.id).update(voided_at=now, voided_by=by, void_reason="Wrong patient")
    assert Client().get(url(link)).status_code == 404


def test_an_enrolment_taken_back_asks_nothing(review: Any, by: Any, now: datetime) -> None:
    type(review.episode).objects.update(voided_at=now, voided_by=by, void_reason="Wrong patient")
    with pytest.raises(NotFound):
        send_decision_link(by=by, at=now, review_id=review.id, client_token=uuid4())


def mark(review: Any, **consent: Any) -> PartTwoConsent | None:
    """Put a record under 42 CFR part 2; with a consent, where anything of it is given."""
    PartTwoMarkFactory(organization=review.organization, patient=review.patient)
    Patient.objects.filter(id=review.patient_id).update(is_part_two=True)
    if not consent:
        return None
    return PartTwoConsentFactory(organization=review.organization, patient=review.patient, **consent)


def revoke(consent: Any, by: Any, now: datetime) -> None:
    words = {"revoked_on": now.date(), "revoked_by": by, "revoked_how": "In writing"}
    PartTwoConsent.objects.filter(id=consent.id).update(revoked_at=now, **words)


def test_a_link_to_a_marked_record_waits_for_a_consent(review: Any, by: Any, now: datetime) -> None:
    mark(review)
    with pytest.raises(PartTwoRefused):
        send_decision_link(by=by, at=now, review_id=review.id, client_token=uuid4())
    sent = Job.objects.filter(kind="send_decision_link")
    assert (DecisionLink.objects.count(), Disclosure.objects.count(), sent.count()) == (0, 0, 0)


def test_under_a_consent_the_link_is_kept_as_told_and_shows_the_notice(review: Any, by: Any, now: datetime) -> None:
    consent = mark(review, signed_on=SIGNED)
    assert consent is not None
    link = send_decision_link(by=by, at=now, review_id=review.id, client_token=uuid4())
    run_jobs(now)
    (told,) = Disclosure.objects.all()
    assert (told.object_id, told.purpose, told.consent_id) == (link.id, "treatment", consent.id)
    assert told.recipient.startswith("Ana Rivera")
    page = opened(link, now).get(url(link)).text
    assert (page.count(NOTICE), page.count("Disclosed with the patient&#x27;s consent of")) == (1, 1)


def test_a_revoked_consent_closes_the_links_that_were_sent(review: Any, by: Any, now: datetime) -> None:
    consent = mark(review, signed_on=SIGNED)
    link = send_decision_link(by=by, at=now, review_id=review.id, client_token=uuid4())
    run_jobs(now)
    browser = opened(link, now)
    revoke(consent, by, now)
    seen = [browser.get(url(link)), browser.post(url(link), ANSWERS), Client().post(url(link, "code/"))]
    assert [("Stone" in page.text, page.status_code) for page in seen] == [(False, 404)] * 3
    assert RecommendationStep.objects.exclude(state="sent").count() == 0


def test_a_consent_revoked_before_the_job_runs_keeps_the_message_here(review: Any, by: Any, now: datetime) -> None:
    consent = mark(review, signed_on=SIGNED)
    link = send_decision_link(by=by, at=now, review_id=review.id, client_token=uuid4())
    revoke(consent, by, now)
    deliver_link(organization_id=by.organization_id, link_id=link.id, at=now)
    assert mail.outbox == []


def test_of_a_record_that_is_not_marked_the_link_is_told_of_without_a_notice(link: Any, now: datetime) -> None:
    assert [one.object_id for one in Disclosure.objects.all()] == [link.id]
    assert NOTICE not in opened(link, now).get(url(link)).text
