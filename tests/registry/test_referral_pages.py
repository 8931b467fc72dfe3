"""The referrals through the browser's door: referring, board and list, one referral, the waiting list, the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from registry.forms.referral_steps import AttemptForm
from registry.models import Assessment, Patient, Referral, ReferralAttempt
from registry.operations import open_episode
from registry.operations.protocols import set_protocol
from registry.operations.referral_course import close_as_enrolled, end_referral, put_on_waiting_list
from registry.queries.referrals import CARDS, PAGE_ROWS
from tests.factories.program import ReferralAttemptFactory, ReferralFactory
from tests.factories.registry import (
    AssessmentFactory,
    EpisodeFactory,
    PatientFactory,
)

pytestmark = pytest.mark.usefixtures("at_now")

MONDAY = date(2026, 3, 2)


@pytest.fixture
def client(by: Any, in_tenant: Any) -> Client:
    client = Client()
    client.force_login(by.user)
    return client


@pytest.fixture
def tried(organization: Any) -> Callable[..., Any]:
    def make(referral: Referral, **fields: Any) -> Any:
        return ReferralAttemptFactory(organization=organization, referral=referral, **fields)

    return make


def at(path: str = "") -> str:
    return f"/o/lakeside/referrals/{path}"


def step(client: Client, referral: Referral, name: str, **values: str) -> Any:
    return client.post(at(f"{referral.id}/step/"), {"step": name, **values})


def attempt(**values: str) -> dict[str, str]:
    return {"client_token": str(uuid4()), "mode": "phone", "outcome": "no_answer", **values}


def error_of(answer: Any, field: str) -> str:
    """The sentence under a field."""
    found = re.search(rf'name="{field}".*?field-error".*?<span>(.*?)</span>', answer.text, re.DOTALL)
    return found[1] if found else ""


def names(answer: Any) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>(.*?)</a>', answer.text)


def events(action: str) -> list[tuple[UUID | None, int | None]]:
    """Whose and how many, of the events of one kind; in no order, as the clock stands still."""
    return list(AuditEvent.objects.filter(action=action).values_list("patient_id", "count"))


# The board and the list


def test_an_empty_board_says_what_to_do(client: Client) -> None:
    page = client.get(at())
    assert "No open referrals" in page.text
    assert page.text.count("Refer a patient") == 3


def test_the_board_counts_each_state_and_marks_what_is_late(
    client: Client, referred: Any, by: Any, clinic: Any, now: datetime
) -> None:
    referred("Late", due_on=date(2026, 2, 27))
    referred("Early")
    gone = referred("Gone")
    end_referral(by=by, at=now, referral_id=gone.id, outcome="declined", reason="No time")
    referred("Longago", state="ended", outcome="duplicate", ended_on=date(2026, 1, 5), referred_on=date(2026, 1, 2))
    page = client.get(at()).text
    heads = re.findall(r'id="column-(\w+)">[^<]*</h2> <span class="muted">(\d+)<', page)
    assert heads == [("referred", "2"), ("contacting", "0"), ("waiting", "0"), ("enrolled", "0"), ("not_enrolled", "1")]
    late = page[page.index("Late, Ana") - 200 : page.index("Late, Ana")]
    assert 'class="board-card is-attention"' in late
    assert "Feb 27, overdue" in page
    assert page.index("Late, Ana") < page.index("Early, Ana")
    assert "Longago" not in page
    assert events("referrals.viewed") == [(None, 3)]


def test_medians_are_of_what_is_valid(
    client: Client, referred: Any, tried: Any, by: Any, clinic: Any, now: datetime
) -> None:
    one, other = referred("One"), referred("Other")
    tried(one)
    tried(one, outcome="reached", at=now)
    tried(other, at=now - timedelta(days=2))
    referred("Never")
    referred("Twin", state="ended", outcome="duplicate", ended_on=MONDAY)
    referred("Old", referred_on=date(2025, 11, 1))
    episode = open_episode(by=by, at=now, patient=one.patient, clinic=clinic, enrolled_on=MONDAY)
    close_as_enrolled(by=by, at=now, referral=one, episode=episode)
    page = client.get(at()).text
    tiles = re.findall(r'tile-label">(.*?)</p>.*?tile-value">(.*?)</p>.*?tile-detail">(.*?)</p>', page, re.DOTALL)
    assert [(label, value.strip(), detail) for label, value, detail in tiles] == [
        ("To first attempt", "2 days", "2 of 3 tried"),
        ("To reached", "3 days", "1 of 3 reached"),
        ("To enrolled", "3 days", "1 of 3 enrolled"),
    ]


def test_filters_are_sent_and_kept_for_the_session(client: Client, referred: Any, by: Any, clinic: Any) -> None:
    referred("Mine", assigned_to=by)
    referred("Nobodys", urgency="urgent", due_on=date(2026, 3, 4))
    client.get(at("?view=list"))
    assert names(client.get(at())) == ["Mine, Ana", "Nobodys, Ana"]
    sent = client.post(at("narrow/"), {"assigned_to": str(by.id)})
    assert (sent.status_code, sent.headers["Location"]) == (302, at())
    assert names(client.get(at())) == ["Mine, Ana"]
    client.post(at("narrow/"), {"assigned_to": "nobody"})
    assert names(client.get(at())) == ["Nobodys, Ana"]
    client.post(at("narrow/"), {"assigned_to": "", "urgency": "urgent"})
    assert names(client.get(at())) == ["Nobodys, Ana"]
    client.post(at("narrow/"), {"urgency": "", "clinic": str(clinic.id)})
    assert names(client.get(at())) == ["Mine, Ana", "Nobodys, Ana"]
    client.post(at("narrow/"), {"clinic": str(uuid4())})
    assert "No referral matches" in client.get(at()).text
    client.post(at("narrow/"), {"clinic": "", "urgency": "soon"})
    assert "No referral matches" in client.get(at()).text
    client.post(at("narrow/"), {"urgency": "'; drop table", "assigned_to": "x" * 30, "clinic": "1", "state": "?"})
    assert names(client.get(at())) == ["Mine, Ana", "Nobodys, Ana"]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("open", ["Late, Ana", "Early, Ana"]),
        ("overdue", ["Late, Ana"]),
        ("referred", ["Late, Ana", "Early, Ana"]),
        ("waiting", []),
        ("declined", ["Gone, Ana"]),
        ("enrolled", []),
        ("not_enrolled", ["Gone, Ana"]),
        ("all", ["Gone, Ana", "Late, Ana", "Early, Ana"]),
    ],
)
def test_the_list_shows_a_state(
    client: Client, referred: Any, by: Any, now: datetime, state: str, shown: list[str]
) -> None:
    referred("Early")
    referred("Late", due_on=date(2026, 3, 1), referred_on=date(2026, 2, 28))
    gone = referred("Gone", referred_on=MONDAY)
    end_referral(by=by, at=now, referral_id=gone.id, outcome="declined", reason="No time")
    assert names(client.get(at(f"?view=list&state={state}"))) == shown


def test_what_is_due_today_is_not_overdue_in_the_evening(client: Client, referred: Any) -> None:
    referred("Today", due_on=MONDAY)
    with time_machine.travel("2026-03-03T03:00+00:00", tick=False):
        assert names(client.get(at("?view=list&state=overdue"))) == []
    with time_machine.travel("2026-03-03T07:00+00:00", tick=False):
        assert names(client.get(at("?view=list&state=overdue"))) == ["Today, Ana"]


MANY = 2 * PAGE_ROWS  # and one more, alone on the third page


def test_many_referrals_are_paged(client: Client, organization: Any, clinic: Any, in_tenant: Any) -> None:
    first = PatientFactory(organization=organization, clinic=clinic)
    template = ReferralFactory(organization=organization, patient=first, clinic=clinic)
    people = [
        Patient(
            organization=organization, clinic=clinic, mrn=f"N{number}", family_name=f"Name{number:04}", given_name="A",
            sort_name=f"name{number:04}, a", birth_date=date(1960, 1, 1), recorded_at=template.recorded_at,
            recorded_by=template.recorded_by,
        )
        for number in range(MANY)
    ]  # fmt: skip
    Patient.objects.bulk_create(people)
    Referral.objects.bulk_create(
        Referral(
            organization=organization, clinic=clinic, patient=one, referred_on=MONDAY, source="list",
            first_attempt_due_on=MONDAY, due_on=date(2026, 3, 3) + timedelta(days=number % 7), client_token=uuid4(),
            recorded_at=template.recorded_at, recorded_by=template.recorded_by,
        )
        for number, one in enumerate(people)
    )  # fmt: skip
    board = client.get(at())
    assert board.text.count("board-card") - board.text.count("board-cards") == CARDS
    assert f"All {MANY + 1} in a list" in board.text
    seen: list[str] = []
    page = client.get(at("?view=list&state=open"))
    while True:
        seen += names(page)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        if following is None:
            break
        page = client.get(at(following[1]))
    assert (len(seen), len(set(seen))) == (MANY + 1, MANY + 1)
    back = re.search(r'rel="prev" href="([^"]+)"', page.text)
    assert back is not None
    assert names(client.get(at(back[1]))) == seen[-PAGE_ROWS - 1 : -1]


@pytest.mark.parametrize("path", ["", "?view=list&state=all", "waiting/", "file/"])
def test_statements_are_constant_in_rows(client: Client, referred: Any, tried: Any, path: str, now: datetime) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(at(path)).status_code == 200
        return len(queries)

    def fill(number: int) -> None:
        for place in range(number):
            waiting = {"state": "waiting", "waiting_from": MONDAY} if place % 2 else {}
            tried(referred(f"Person{place}", **waiting))

    client.get(at("?view=board"))
    fill(2)
    count()
    few = count()
    fill(20)
    assert count() == few


# One referral


def test_two_clicks_log_an_attempt(client: Client, referred: Any, now: datetime) -> None:
    referral = referred()
    answer = step(client, referral, "attempt", **attempt(outcome="voicemail"))
    assert answer.status_code == 302
    made = ReferralAttempt.objects.get()
    assert (made.mode, made.outcome, made.at, made.next_try_on) == ("phone", "voicemail", now, None)
    page = client.get(at(f"{referral.id}/")).text
    assert "Left a voicemail" in page
    assert "Mar 2, 11:00 am · Phone · Ken Abara" in page
    assert "Next try" in page


def test_an_attempt_is_logged_later_with_its_time(client: Client, referred: Any) -> None:
    referral = referred()
    sent = attempt(on="2026-02-28", time="14:05", next_try_on="2026-03-06", note="Daughter answered")
    step(client, referral, "attempt", **sent)
    made = ReferralAttempt.objects.get()
    assert (made.at.isoformat(), made.next_try_on, made.note) == (
        "2026-02-28T20:05:00+00:00", date(2026, 3, 6), "Daughter answered",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"on": "2026-03-01"}, "time", "Enter the time of that day too."),
        ({"time": "23:00"}, "time", "This attempt is in the future. Correct its day or time."),
        ({"on": "2026-02-26", "time": "10:00"}, "on", "This attempt is before the referral. Correct its day."),
        ({"time": "25:00"}, "time", "Enter a time such as 14:05."),
        ({"note": "x" * 501}, "note", "This is longer than 500 characters. Shorten it."),
        ({"next_try_on": "2026-03-01"}, "next_try_on", "The next try is today or within 180 days. Correct its day."),
    ],
)
def test_a_faulty_attempt_keeps_what_was_typed(
    client: Client, referred: Any, sent: dict[str, str], field: str, sentence: str
) -> None:
    answer = step(client, referred(), "attempt", **attempt(**{"note": "Daughter answered", **sent}))
    assert answer.status_code == 422
    assert error_of(answer, field) == sentence
    assert "Daughter answered" in answer.text or field == "note"
    assert ReferralAttempt.objects.count() == 0


@pytest.mark.parametrize(
    ("on", "time", "tried_at"),
    [
        ("2026-03-08", "02:30", None),  # the clocks go forward
        ("2026-03-08", "03:30", "2026-03-08T08:30+00:00"),
        ("2025-11-02", "01:30", "2025-11-02T06:30+00:00"),  # they go back: the earlier of the two
        ("", "08:05", "2026-03-09T13:05+00:00"),
    ],
)
def test_a_time_is_the_clinics(on: str, time: str, tried_at: str | None) -> None:
    now = datetime.fromisoformat("2026-03-09T17:00+00:00")
    form = AttemptForm(attempt(on=on, time=time), zone=ZoneInfo("America/Chicago"), now=now)
    skipped = ["The clocks went forward: this time did not occur. Enter the one after it."]
    assert form.errors == ({"time": skipped} if tried_at is None else {})
    assert form.tried_at == (datetime.fromisoformat(tried_at) if tried_at else now)


def test_an_outcome_is_chosen(client: Client, referred: Any) -> None:
    answer = step(client, referred(), "attempt", **attempt(outcome=""))
    assert answer.status_code == 422
    assert "Choose what came of it." in answer.text


def test_an_attempt_sent_twice_is_one(client: Client, referred: Any) -> None:
    referral, sent = referred(), attempt()
    for _ in range(2):
        answer = client.post(at(f"{referral.id}/step/"), {"step": "attempt", **sent}, follow=True)
    assert "This attempt was logged already." in answer.text
    assert ReferralAttempt.objects.count() == 1


def test_an_attempt_after_the_end_is_refused_and_not_lost(
    client: Client, referred: Any, by: Any, now: datetime
) -> None:
    referral = referred()
    end_referral(by=by, at=now, referral_id=referral.id, outcome="duplicate")
    answer = step(client, referral, "attempt", **attempt(note="She called back"))
    assert answer.status_code == 422
    assert "This referral has ended already." in answer.text
    assert "She called back" in answer.text


def test_an_attempt_logged_in_error_is_taken_back(client: Client, referred: Any) -> None:
    referral = referred()
    step(client, referral, "attempt", **attempt())
    made = ReferralAttempt.objects.get()
    refused = step(client, referral, "take_back", attempt=str(made.id), reason=" ")
    assert refused.status_code == 422
    assert error_of(refused, "reason") == "Say why, in a few words."
    step(client, referral, "take_back", attempt=str(made.id), reason="Wrong patient")
    assert "Nobody has tried yet." in client.get(at(f"{referral.id}/")).text
    again = client.post(
        at(f"{referral.id}/step/"), {"step": "take_back", "attempt": str(made.id), "reason": "Again"}, follow=True
    )
    assert "This attempt was taken back already." in again.text


def test_it_ends_with_what_the_end_demands(client: Client, referred: Any) -> None:
    referral = referred()
    assert error_of(step(client, referral, "end", outcome="declined"), "reason") == "Say why the patient declined."
    unreachable = step(client, referral, "end", outcome="unreachable")
    assert error_of(unreachable, "reason").startswith("So far the patient was tried on no day in vain")
    assert step(client, referral, "end", outcome="enrolled").status_code == 422
    assert step(client, referral, "end", outcome="declined", reason="Has a therapist").status_code == 302
    page = client.get(at(f"{referral.id}/")).text
    assert "Declined Mar 2" in page
    assert "Has a therapist" in page
    assert "Open again" in page
    again = client.post(
        at(f"{referral.id}/step/"), {"step": "end", "outcome": "declined", "reason": "Has a therapist"}, follow=True
    )
    assert "This referral had ended so already." in again.text
    other = step(client, referral, "end", outcome="duplicate")
    assert other.status_code == 422
    assert "This referral has ended already." in other.text


def test_it_is_opened_again(client: Client, referred: Any) -> None:
    referral = referred()
    step(client, referral, "end", outcome="duplicate")
    step(client, referral, "reopen")
    again = client.post(at(f"{referral.id}/step/"), {"step": "reopen"}, follow=True)
    assert "This referral is open." in again.text
    assert Referral.objects.get().state == "referred"


def test_eligibility_and_whose_it_is(client: Client, referred: Any, by: Any) -> None:
    referral = referred()
    refused = step(client, referral, "eligibility", is_eligible="no")
    assert error_of(refused, "eligibility_reason") == "Say why the patient is not eligible."
    step(client, referral, "eligibility", is_eligible="no", eligibility_reason="Under 18")
    step(client, referral, "assign", assigned_to=str(by.id))
    page = client.get(at(f"{referral.id}/")).text
    assert "No: Under 18" in page
    assert "Ken Abara <span" in page
    assert step(client, referral, "assign", assigned_to=str(uuid4())).status_code == 422
    assert step(client, referral, "nonsense").status_code == 422


def test_a_full_panel_offers_the_waiting_list(
    client: Client, referred: Any, organization: Any, clinic: Any, by: Any, now: datetime
) -> None:
    set_protocol(by=by, at=now, clinic=clinic, panel_limit=1)
    referral = referred(assigned_to=by)
    assert "No place free" not in client.get(at(f"{referral.id}/")).text
    EpisodeFactory(organization=organization, care_manager=by)
    page = client.get(at(f"{referral.id}/")).text
    assert "Ken Abara has 1 of 1 places taken. Put the patient on the waiting list" in page


# The waiting list


def test_the_worst_and_the_oldest_come_first(
    client: Client, referred: Any, organization: Any, by: Any, now: datetime
) -> None:
    def waits(family_name: str, total: int, **fields: Any) -> None:
        referral = referred(family_name, state="waiting", waiting_from=MONDAY, **fields)
        AssessmentFactory(
            organization=organization, patient=referral.patient, episode=None, on=referral.referred_on, total=total
        )

    waits("Mild", 6)
    waits("Severe", 24)
    waits("Older", 22, referred_on=date(2026, 1, 5))
    waits("Urgent", 6, urgency="urgent")
    assert names(client.get(at("waiting/"))) == ["Urgent, Ana", "Older, Ana", "Severe, Ana", "Mild, Ana"]
    client.post(at("narrow/"), {"urgency": "urgent", "next": "waiting_list"})
    assert names(client.get(at("waiting/"))) == ["Urgent, Ana"]


def test_an_interim_contact_is_logged_in_place(client: Client, referred: Any, by: Any, now: datetime) -> None:
    referral = referred()
    put_on_waiting_list(by=by, at=now, referral_id=referral.id)
    Referral.objects.update(due_on=date(2026, 3, 1))
    page = client.get(at("waiting/"))
    assert "Mar 1, overdue" in page.text
    answer = step(client, referral, "attempt", next="waiting_list", **attempt(outcome="reached"))
    assert answer.headers["Location"] == at("waiting/")
    assert Referral.objects.get().due_on == date(2026, 3, 16)


def test_on_and_off_the_list(client: Client, referred: Any) -> None:
    referral = referred()
    assert "Nobody is waiting" in client.get(at("waiting/")).text
    step(client, referral, "wait")
    again = client.post(at(f"{referral.id}/step/"), {"step": "wait"}, follow=True)
    assert "The patient is on the waiting list already." in again.text
    step(client, referral, "place")
    assert Referral.objects.get().state == "referred"


def test_a_long_waiting_list_is_paged(client: Client, referred: Any) -> None:
    for number in range(51):
        referred(f"Person{number:02}", state="waiting", waiting_from=MONDAY)
    first = client.get(at("waiting/"))
    assert "1 to 50" in first.text
    assert len(names(first)) == 50
    assert len(names(client.get(at("waiting/?from=50")))) == 1
    assert len(names(client.get(at("waiting/?from=9999")))) == 50
    assert len(names(client.get(at("waiting/?from=x")))) == 50


# The file


def test_the_file_holds_the_whole_list_and_runs_nothing(client: Client, referred: Any, tried: Any, by: Any) -> None:
    client.get(at("?view=list&state=open"))
    tried(referred("=SUM(A1)", assigned_to=by, reason="+1"))
    answer = client.get(at("file/"))
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert (answer.headers["Content-Type"], len(lines)) == ("text/csv; charset=utf-8", 2)
    assert lines[1].startswith("'=SUM(A1),Ana,")
    assert ",'+1,Referred," in lines[1]
    assert lines[1].endswith(",1,2026-03-02,3,,,,,,Ken Abara")
    assert events("referrals.exported") == [(None, 1)]


# Another organization


def test_another_organizations_referral_is_like_none(client: Client, other_organization: Any, in_tenant: Any) -> None:
    with tenant(other_organization):
        foreign = ReferralFactory(organization=other_organization)
    for referral_id in (foreign.id, uuid4()):
        assert client.get(at(f"{referral_id}/")).status_code == 404
        assert client.post(at(f"{referral_id}/step/"), {"step": "wait"}).status_code == 404
    assert Assessment.objects.count() == 0
