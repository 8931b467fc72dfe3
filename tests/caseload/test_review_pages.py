"""The page of a case, writing a review on it, and the page of a signed one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from caseload.models import CaseReview, Recommendation, ReviewDraft
from caseload.operations.review_drafts import save_review_draft
from caseload.operations.reviews import record_review, sign_review
from caseload.rules.reviews import STATEMENT, Advice, ReviewText
from tests.factories.reviews import RecommendationStepFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)
START = Advice(kind="medication", act="start", text="Sertraline", dose="50 mg")
REVIEW = ReviewText(recommendations=(START,), impression="Depression")


@pytest.fixture
def consultant(membership: Callable[..., Any]) -> Any:
    return membership("psychiatric_consultant", name="Lena Ortiz", credential="MD")


@pytest.fixture
def client_of() -> Callable[[Any], Client]:
    def make(seat: Any) -> Client:
        client = Client()
        client.force_login(seat.user)
        return client

    return make


@pytest.fixture
def episode(enrolled: Callable[..., Any]) -> Any:
    return enrolled("Rivera")


@pytest.fixture
def url(organization: Any, episode: Any) -> Callable[..., str]:
    return lambda path="summary/": f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


@pytest.fixture
def signed(consultant: Any, now: datetime, episode: Any) -> CaseReview:
    return sign_review(
        by=consultant, at=now, episode_id=episode.id, based_on=0, content=REVIEW, on=TODAY, client_token=uuid4()
    ).review


def typed(do: str, **values: Any) -> dict[str, Any]:
    return {
        "do": do,
        "based_on": 0,
        "on": "2026-03-02",
        "client_token": str(uuid4()),
        "recommendations-0-kind": "medication",
        "recommendations-0-act": "start",
        "recommendations-0-text": "Sertraline",
        "recommendations-0-dose": "50 mg",
        **values,
    }


def words(answer: Any) -> str:
    return " ".join(unescape(answer.text).split())


def test_the_page_says_what_is_missing_and_shows_the_patient_once(
    client_of: Any, consultant: Any, url: Any, episode: Any
) -> None:
    answer = client_of(consultant).get(url())
    assert answer.status_code == 200
    assert "<title>Case summary · BHI</title>" in answer.text
    for said in ("No question was asked.", "Never reviewed", "No score yet.", "Not recorded", STATEMENT):
        assert said in words(answer)
    event = AuditEvent.objects.get(action="summary.viewed")
    assert (event.patient_id, event.by_id) == (episode.patient_id, consultant.id)


def test_whoever_does_not_join_reviews_reads_without_a_form(client_of: Any, membership: Any, url: Any) -> None:
    answer = client_of(membership("treating_clinician")).get(url())
    assert (answer.status_code, 'id="review-form"' in answer.text) == (200, False)


def test_a_care_manager_drafts_and_the_consultant_signs(client_of: Any, by: Any, consultant: Any, url: Any) -> None:
    manager, psychiatrist = client_of(by), client_of(consultant)
    assert 'value="sign"' not in manager.get(url()).text
    assert manager.post(url("review/"), typed("draft")).status_code == 302
    page = psychiatrist.get(url())
    assert 'value="50 mg"' in page.text
    assert ReviewDraft.objects.get().read_by_id == consultant.id
    answer = psychiatrist.post(url("review/"), typed("sign", based_on=1))
    review = CaseReview.objects.get()
    assert answer.url == url(f"reviews/{review.id}/")
    assert Recommendation.objects.get().dose == "50 mg"
    assert not ReviewDraft.objects.exists()


def test_a_care_manager_cannot_sign(client_of: Any, by: Any, url: Any) -> None:
    answer = client_of(by).post(url("review/"), typed("sign"))
    assert answer.status_code == 422
    assert "Only a psychiatric consultant signs a review." in words(answer)
    assert 'value="50 mg"' in answer.text
    assert not CaseReview.objects.exists()


def test_what_is_refused_names_the_field_and_keeps_all(client_of: Any, consultant: Any, url: Any) -> None:
    answer = client_of(consultant).post(
        url("review/"), typed("sign", **{"recommendations-0-dose": "", "summary": "Slept better."})
    )
    assert answer.status_code == 422
    assert "Recommendation 1. Give the dose, or say why none is given." in words(answer)
    assert "Slept better." in answer.text
    empty = {name: "" for name in typed("sign") if name.startswith("recommendations")}
    answer = client_of(consultant).post(url("review/"), typed("sign", **empty))
    assert "A review needs at least one recommendation. To continue unchanged is one." in words(answer)


def test_another_row_without_scripts(client_of: Any, consultant: Any, url: Any) -> None:
    answer = client_of(consultant).post(url("review/"), typed("draft", add_row="recommendations"))
    assert answer.status_code == 200
    assert 'name="recommendations-1-kind"' in answer.text
    assert 'value="50 mg"' in answer.text
    assert not ReviewDraft.objects.exists()


def test_of_two_who_type_the_second_sees_both(
    client_of: Any, by: Any, consultant: Any, url: Any, episode: Any, now: Any
) -> None:
    theirs = ReviewText(recommendations=(START,), summary="Theirs")
    save_review_draft(by=by, at=now, episode_id=episode.id, based_on=0, content=theirs)
    answer = client_of(consultant).post(url("review/"), typed("sign", summary="Mine", impression="Only mine"))
    assert answer.status_code == 422
    said = words(answer)
    assert "Ken Abara, RN saved this draft at" in said
    assert "Theirs" in said
    assert "Mine" in said
    assert 'name="based_on" value="1"' in answer.text
    again = client_of(consultant).post(
        url("review/"), typed("sign", based_on=1, summary="Both", impression="Only mine")
    )
    assert again.status_code == 302
    assert list(CaseReview.objects.values_list("summary", "impression")) == [("Both", "Only mine")]


def test_what_only_one_changed_is_said_so(
    client_of: Any, by: Any, consultant: Any, url: Any, episode: Any, now: Any
) -> None:
    of = {"by": by, "at": now, "episode_id": episode.id}
    base = ReviewText(recommendations=(START,), summary="Base")
    save_review_draft(**of, based_on=0, content=base)
    more = replace(base, summary="Theirs", recommendations=(START, Advice(kind="continue")))
    save_review_draft(**of, based_on=1, content=more)
    rows = {"recommendations-0-text": "Sertraline, slowly"}
    answer = client_of(consultant).post(
        url("review/"), typed("draft", based_on=1, summary="Base", impression="Mine", **rows)
    )
    said = words(answer)
    for fate in (
        "You left this as it was, so the form takes over theirs.",
        "Only you changed this. The form keeps yours.",
        "The form has the rows of both; clear those that should go.",
    ):
        assert fate in said
    assert answer.text.count('name="recommendations-') > 14  # two rows of both, and an empty one
    own = client_of(by).post(url("review/"), typed("draft", based_on=1, summary="Again"))
    assert "You saved this draft at" in words(own)


def test_a_draft_that_was_signed_meanwhile_is_said_and_nothing_is_lost(
    client_of: Any, by: Any, url: Any, signed: CaseReview
) -> None:
    answer = client_of(by).post(url("review/"), typed("draft", based_on=1, summary="Written too late"))
    assert answer.status_code == 422
    assert "This draft was signed meanwhile." in words(answer)
    assert "Written too late" in answer.text


def test_a_double_submit_leads_to_the_one_review(client_of: Any, consultant: Any, url: Any) -> None:
    client, form = client_of(consultant), typed("sign")
    first, again = client.post(url("review/"), form), client.post(url("review/"), form)
    assert first.url == again.url
    assert CaseReview.objects.count() == 1


def test_after_the_discharge_the_page_is_read_only(client_of: Any, consultant: Any, url: Any, episode: Any) -> None:
    type(episode).objects.filter(id=episode.id).update(ended_on=TODAY, end_reason="other", status="discharged")
    client = client_of(consultant)
    assert 'id="review-form"' not in client.get(url()).text
    assert client.post(url("review/"), typed("draft")).status_code == 409


def test_the_signed_review_is_read_and_copied(
    client_of: Any, by: Any, url: Any, signed: CaseReview, consultant: Any
) -> None:
    answer = client_of(by).get(url(f"reviews/{signed.id}/"))
    said = words(answer)
    assert STATEMENT in said
    assert f"Signed by {consultant}, Mar 2, 2026" in said
    assert "To send, next step due Mar 3" in said
    assert "1. Medication: start. Sertraline Dose: 50 mg" in said
    assert "Add to this review" not in said
    assert AuditEvent.objects.filter(action="review.viewed", patient_id=signed.patient_id).count() == 1


def test_a_review_from_elsewhere_says_so(client_of: Any, by: Any, url: Any, episode: Any, now: Any) -> None:
    review = record_review(by=by, at=now, episode_id=episode.id, on=TODAY, recommendations=[("continue", "")])
    said = words(client_of(by).get(url(f"reviews/{review.id}/")))
    assert "Recorded from elsewhere" in said
    assert "Closed" not in said


def test_an_addendum_and_taking_back(client_of: Any, consultant: Any, by: Any, url: Any, signed: CaseReview) -> None:
    client, page = client_of(consultant), url(f"reviews/{signed.id}/")
    token = str(uuid4())
    assert client.post(page + "addendum/", {"client_token": token, "text": ""}).status_code == 422
    assert client.post(page + "addendum/", {"client_token": token, "text": "TSH normal."}).status_code == 302
    assert "TSH normal." in words(client.get(page))
    assert client_of(by).post(page + "take-back/", {"reason": "No"}).status_code == 403
    assert client.post(page + "take-back/", {"reason": ""}).status_code == 422
    assert client.post(page + "take-back/", {"reason": "Wrong patient"}).status_code == 302
    assert "Wrong patient" in words(client.get(page))
    answer = client.post(page + "addendum/", {"client_token": str(uuid4()), "text": "Late"})
    assert "This review was taken back." in words(answer)


def test_what_was_acted_on_is_not_taken_back(
    client_of: Any, consultant: Any, url: Any, signed: CaseReview, organization: Any
) -> None:
    RecommendationStepFactory(organization=organization, recommendation=Recommendation.objects.get())
    answer = client_of(consultant).post(url(f"reviews/{signed.id}/take-back/"), {"reason": "Wrong patient"})
    assert answer.status_code == 422
    assert "Say in an addendum what is different now." in words(answer)
    assert "Take this review back" not in words(client_of(consultant).get(url(f"reviews/{signed.id}/")))


def test_another_patient_s_and_an_absent_review_are_not_there(
    client_of: Any, consultant: Any, enrolled: Any, organization: Any, signed: CaseReview, url: Any
) -> None:
    other = enrolled("Abara")
    client = client_of(consultant)
    assert client.get(f"/o/{organization.slug}/patients/{other.patient_id}/reviews/{signed.id}/").status_code == 404
    assert client.get(url(f"reviews/{uuid4()}/")).status_code == 404
    assert (
        client.post(url(f"reviews/{uuid4()}/addendum/"), {"text": "x", "client_token": str(uuid4())}).status_code == 404
    )


def test_the_page_takes_the_same_statements_however_much_is_on_record(
    client_of: Any, consultant: Any, url: Any, episode: Any, by: Any, now: Any, organization: Any
) -> None:
    client = client_of(consultant)

    def asked() -> int:
        client.get(url())
        with CaptureQueriesContext(connection) as found:
            client.get(url())
        return len(found)

    before = asked()
    assert before <= 22  # 14 of the frame, 8 of the page
    for day in (10, 17, 24):
        review = record_review(
            by=by,
            at=now,
            episode_id=episode.id,
            on=date(2026, 2, day),
            recommendations=[("medication", "Raise"), ("psychosocial", "Walks")],
        )
        RecommendationStepFactory(
            organization=organization, recommendation=Recommendation.objects.get(review=review, number=1)
        )
    assert asked() == before


def test_the_chart_leads_to_the_review(client_of: Any, by: Any, url: Any, signed: CaseReview, consultant: Any) -> None:
    chart = client_of(by).get(url(""))
    assert f'<a href="{url(f"reviews/{signed.id}/")}">Psychiatric case review</a>' in chart.text
    assert str(consultant) in words(chart)
