"""What a treating clinician is asked, decided in ten seconds; their patients, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseload.models import Recommendation, RecommendationStep
from caseload.operations.advice import carry_out
from registry.models import PlanSignOff
from tests.factories.caseload import CaseReviewFactory, RecommendationFactory
from tests.factories.registry import CarePlanFactory, TreatingClinicianFactory
from tests.factories.work import ClinicianRequestFactory

pytestmark = pytest.mark.usefixtures("at_now")

INBOX, MINE = "/o/lakeside/inbox/", "/o/lakeside/my-patients/"
SIGNED = date(2026, 2, 26)


@pytest.fixture
def client(in_tenant: Any, client_for: Callable[..., Any]) -> Any:
    return client_for("treating_clinician", name="Ana Rivera")


@pytest.fixture
def clinician(client: Any) -> Any:
    seat = client.membership
    return TreatingClinicianFactory(organization=seat.organization, name="Ana Rivera", membership=seat)


@pytest.fixture
def ask(enrolled: Callable[..., Any], by: Any) -> Callable[..., Any]:
    """`ask(clinician)`: a recommendation for a patient whom they treat."""

    def make(clinician: Any, kind: str = "medication", *, family_name: str = "Stone", **fields: Any) -> Any:
        episode = fields.pop("episode", None) or enrolled(family_name, treating_clinician=clinician)
        of = {"episode": episode, "patient": episode.patient, "on": fields.pop("on", SIGNED), "impression": "No change"}
        review = CaseReviewFactory(organization=by.organization, consultant=by, **of)
        loop = {"state": "sent", "state_on": review.on, "due_on": date(2026, 3, 2)}
        words = {"text": "Increase sertraline", "dose": "100 mg"}
        return RecommendationFactory(
            organization=by.organization, review=review, kind=kind, **{**loop, **words, **fields}
        )

    return make


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def decide(client: Any, row: Any, decision: str, text: str = "", token: str = "") -> Any:
    typed = {"client_token": token or str(uuid4()), "decision": decision, "text": text}
    return client.post(f"{INBOX}{row.id}/", typed, follow=False)


def test_a_seat_that_treats_nobody_is_told_why_it_is_empty(client: Any) -> None:
    for page in (INBOX, MINE):
        assert "Your seat is not the one of a treating clinician." in said(client.get(page))


def test_the_first_page_is_the_inbox(client: Any, clinician: Any) -> None:
    assert client.get("/o/lakeside/").headers["Location"] == INBOX
    assert "Nothing is asked of you" in said(client.get(INBOX))
    assert "Nobody is in the program yet" in said(client.get(MINE))


def test_one_press_accepts_and_says_what_is_next(client: Any, clinician: Any, ask: Callable[..., Any]) -> None:
    row = ask(clinician)
    page = said(client.get(INBOX))
    assert "Ana Stone, born May 4, 1961, record 000001" in page
    assert "Increase sertraline Type Medication Dose 100 mg Why No change From Ken Abara, RN, Feb 26; Ken" in page
    token = str(uuid4())
    assert decide(client, row, "accepted", token=token).headers["Location"] == INBOX
    assert "Accepted. Order it; Ken Abara, RN sees that it is done" in said(client.get(INBOX))
    decide(client, row, "accepted", token=token)
    step = RecommendationStep.objects.get()
    assert (step.state, step.by_id, step.clinician_id, step.channel) == (
        "accepted", client.membership.id, clinician.id, "inbox",
    )  # fmt: skip


def test_a_change_and_a_refusal_need_their_words(client: Any, clinician: Any, ask: Callable[..., Any]) -> None:
    row = ask(clinician)
    page = decide(client, row, "modified", " ")
    assert (page.status_code, "Say what you change" in said(page)) == (422, True)
    page = decide(client, row, "declined", " ")
    assert (page.status_code, "Say why not." in said(page)) == (422, True)
    assert page.text.count('<details class="more" open>') == 1
    assert decide(client, row, "nonsense").status_code == 422
    assert RecommendationStep.objects.count() == 0
    assert decide(client, row, "declined", "She is pregnant").status_code == 302
    assert "The consultant sees why at the next review." in said(client.get(INBOX))
    assert decide(client, row, "accepted").status_code == 302
    assert "has moved on meanwhile" in said(client.get(INBOX))
    assert Recommendation.objects.get().state == "declined"


def test_the_overdue_come_first_and_what_is_told_needs_nothing(
    client: Any, clinician: Any, ask: Callable[..., Any]
) -> None:
    ask(clinician, family_name="Later", kind="referral", text="Refer to therapy", on=date(2026, 2, 27))
    ask(clinician, family_name="Late", on=date(2026, 2, 20))
    ask(clinician, family_name="Told", kind="psychosocial", text="Plan walks")
    ask(clinician, family_name="Before", kind="psychosocial", text="Long ago", on=date(2026, 1, 20))
    page = said(client.get(INBOX))
    assert page.index("Ana Late, born May 4, 1961, record 000002 Chart Overdue") < page.index("Ana Later")
    assert "Plan walks , 100 mg Ana Told" in page
    assert "Long ago" not in page


def test_what_was_done_without_asking_is_told_for_thirty_days(
    client: Any, clinician: Any, ask: Callable[..., Any], by: Any, now: datetime
) -> None:
    for on, text in ((date(2026, 1, 30), "Long ago"), (date(2026, 2, 27), "Walk every day")):
        row = ask(clinician, family_name=text, kind="psychosocial", text=text, on=on)
        of = {"by": by, "at": now, "recommendation_id": row.id, "client_token": uuid4()}
        carry_out(done_on=date(2026, 3, 2), **of)
    page = said(client.get(INBOX)).split("For your information")[1]
    assert ("Walk every day" in page, "Long ago" in page) == (True, False)
    assert decide(client, row, "accepted").status_code == 302
    assert Recommendation.objects.get(id=row.id).state == "carried_out"


def test_only_ones_own_patients_are_there(
    client: Any, clinician: Any, ask: Callable[..., Any], enrolled: Callable[..., Any], by: Any
) -> None:
    other = TreatingClinicianFactory(organization=by.organization, name="Ben Cole")
    theirs = ask(other, family_name="Elsewhere")
    plan = CarePlanFactory(organization=by.organization, episode=theirs.review.episode, number=1)
    enrolled("Nobodys")
    for page in (INBOX, MINE):
        assert "Elsewhere" not in said(client.get(page))
    for decision in ("accepted", "declined"):
        assert decide(client, theirs, decision).status_code == 404
    assert client.post(f"{INBOX}plans/{plan.id}/").status_code == 404
    assert decide(client, type(theirs)(id=uuid4()), "accepted").status_code == 404
    assert RecommendationStep.objects.count() == PlanSignOff.objects.count() == 0


def test_a_care_plan_is_agreed_to_in_place(client: Any, clinician: Any, enrolled: Callable[..., Any], by: Any) -> None:
    episode = enrolled("Stone", treating_clinician=clinician)
    bare = enrolled("Bare", treating_clinician=clinician)
    CarePlanFactory(organization=by.organization, episode=bare, number=None, on=date(2026, 2, 3), text="")
    CarePlanFactory(organization=by.organization, episode=episode, number=1, on=date(2026, 2, 3))
    says = {"content": {"goals": "To sleep through"}}
    plan = CarePlanFactory(organization=by.organization, episode=episode, number=2, on=date(2026, 2, 20), **says)
    page = said(client.get(INBOX))
    assert "Care plan of Feb 20, 2026 Goals To sleep through I agree" in page
    assert "Bare" not in page
    assert "Read the care plan and agree to it" in said(client.get(MINE))
    assert client.post(f"{INBOX}plans/{plan.id}/").status_code == 302
    assert "Agreed. The care manager sees it on the care plan. " in said(client.get(INBOX))
    made = PlanSignOff.objects.get()
    assert (made.plan_id, made.how, made.treating_clinician_id) == (plan.id, "signed_in", clinician.id)
    assert client.post(f"{INBOX}plans/{plan.id}/").status_code == 404


def test_a_plan_is_not_agreed_to_before_its_day(
    client: Any, clinician: Any, enrolled: Callable[..., Any], by: Any
) -> None:
    episode = enrolled("Stone", treating_clinician=clinician)
    plan = CarePlanFactory(organization=by.organization, episode=episode, number=1, on=date(2026, 3, 20), text="x")
    assert client.post(f"{INBOX}plans/{plan.id}/").status_code == 302
    assert "The sign-off is before the day of the plan." in said(client.get(INBOX))


def test_the_sheet_says_how_everybody_is_and_what_is_asked(
    client: Any, clinician: Any, ask: Callable[..., Any]
) -> None:
    row = ask(clinician)
    ClinicianRequestFactory(organization=row.organization, episode=row.review.episode, question="Labs?")
    page = said(client.get(MINE))
    assert "1 patient in the program, as of March 2, 2026" in page
    assert "Stone, Ana 000001" in page
    assert "Never Not planned Decide: Increase sertraline Answer: Labs?" in page


def test_both_pages_ask_as_much_for_many_as_for_one(client: Any, clinician: Any, ask: Callable[..., Any]) -> None:
    counts = []
    for _ in range(2):
        ask(clinician)
        for page in (INBOX, MINE):
            with CaptureQueriesContext(connection) as asked:
                client.get(page)
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
