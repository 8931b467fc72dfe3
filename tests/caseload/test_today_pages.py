"""Today and what is done on its rows, through the browser's door, with htmx and without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from caseload.models import Contact, FollowUp, Snooze, TimeEntry
from caseload.operations import rebuild_standing
from registry.operations import end_episode
from tests.factories.caseload import EpisodeStandingFactory, FollowUpFactory
from tests.factories.program import ReferralFactory, SafetyNoticeFactory
from tests.factories.registry import AssessmentFactory, CoverageFactory, EpisodeFactory
from tests.factories.work import CoverFactory
from tests.statements import own

TODAY = date(2026, 3, 2)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    def make(path: str = "today/", episode: Any = None) -> str:
        patient = f"patients/{episode.patient_id}/" if episode is not None else ""
        return f"/o/{organization.slug}/{patient}{path}"

    return make


@pytest.fixture
def planned(enrolled: Callable[..., Any], by: Any, now: datetime) -> Callable[..., Any]:
    """An episode with a score of today and a follow-up due on a day."""

    def make(name: str = "Rivera", due_on: date = TODAY - timedelta(days=3), **episode: Any) -> Any:
        made = enrolled(name, **episode)
        AssessmentFactory(organization=made.organization, episode=made, on=TODAY, total=8)
        FollowUpFactory(organization=made.organization, episode=made, due_on=due_on, purpose="Sleep")
        rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
        return made

    return make


def names(page: Any) -> list[str]:
    """Who has a row, in order."""
    assert page.status_code == 200
    return re.findall(r'class="row-link"[^>]*>([^<]+)</a>', page.text)


def said(page: Any) -> str:
    """What the page says, without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, name
    return found[1]


# The list


def test_care_managers_land_here(client: Client, url: Callable[..., str]) -> None:
    assert client.get(url("")).headers["Location"] == url()


def test_a_day_without_work_says_what_comes_next(
    client: Client, url: Callable[..., str], planned: Callable[..., Any]
) -> None:
    page = client.get(url())
    assert "Nothing is due." in said(page)
    assert "Nothing is planned either." in said(page)
    planned("Rivera", TODAY + timedelta(days=2))
    assert "Next: 1 patient is planned for Wednesday, Mar 4." in said(client.get(url()))


def test_a_row_says_why_and_how_to_reach(client: Client, url: Callable[..., str], planned: Callable[..., Any]) -> None:
    made = planned()
    values = {"phone": "(312) 555-0142", "may_leave_voicemail": True, "language": "Spanish", "needs_interpreter": True}
    type(made.patient).objects.filter(id=made.patient_id).update(**values)
    page = client.get(url())
    assert names(page) == ["Rivera, Ana"]
    assert "Follow-up overdue 3 d Was planned for Feb 27: Sleep" in said(page)
    assert "voicemail allowed Spanish, interpreter" in said(page)
    assert 'href="tel:3125550142"' in page.text
    event = AuditEvent.objects.get(action="today.viewed")
    assert (event.count, event.patient_id) == (1, None)


def test_a_month_close_to_its_code_is_said_without_amounts(
    client: Client,
    url: Callable[..., str],
    enrolled: Callable[..., Any],
    log: Callable[..., Any],
    by: Any,
    now: datetime,
) -> None:
    made = enrolled()
    AssessmentFactory(organization=made.organization, episode=made, on=TODAY, total=8)
    FollowUpFactory(organization=made.organization, episode=made, due_on=date(2026, 3, 20))
    CoverageFactory(organization=made.organization, patient=made.patient)
    log(made, minutes=25)
    assert names(client.get(url())) == []
    log(made, minutes=3, ago=30)
    page = client.get(url())
    assert (
        "Month nearly there today 28 of 36 minutes this month; case review and care plan due by Mar 31;"
        " diagnosis missing; initiating visit missing; contact planned for Mar 20" in said(page)
    )
    assert "$" not in page.text


def test_queries_are_constant_in_rows(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], log: Any
) -> None:
    taken = []
    for count in (1, 3):
        for number in range(count):
            log(planned(f"Rivera{count}{number}"), minutes=10, ago=200 - 30 * (count + number))
        with CaptureQueriesContext(connection) as queries:
            client.get(url())
        taken.append(len(own(queries)))
    assert taken == [taken[0], taken[0]]
    assert taken[0] <= 8, [query[:90] for query in own(queries)]


def test_whose_work_is_kept_for_the_session(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], by: Any, membership: Callable[..., Any]
) -> None:
    other = membership("care_manager", name="Noor Haddad")
    planned("Mine")
    planned("Hers", care_manager=other)
    assert names(client.get(url())) == ["Mine, Ana"]
    answer = client.post(url("today/narrow/"), {"whose": "all"})
    assert answer.headers["Location"] == url()
    page = client.get(url())
    assert names(page) == ["Hers, Ana", "Mine, Ana"]
    assert "Noor Haddad" in said(page)
    client.post(url("today/narrow/"), {"whose": "nonsense", "clinic": str(uuid4())})
    assert names(client.get(url())) == ["Mine, Ana"]
    CoverFactory(organization=by.organization, away=other, by=by, from_on=TODAY, until_on=date(2026, 3, 9))
    page = client.get(url())
    assert names(page) == ["Hers, Ana", "Mine, Ana"]
    assert "You stand in for Noor Haddad until Mar 9." in said(page)


def test_a_lead_sees_everybodys(
    client_for: Callable[..., Any], url: Callable[..., str], planned: Callable[..., Any]
) -> None:
    planned("Mine")
    assert names(client_for("clinic_lead").get(url())) == ["Mine, Ana"]


def test_fifty_rows_are_a_page(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], by: Any, clinic: Any
) -> None:
    for number in range(51):
        episode = EpisodeFactory(
            organization=by.organization, patient__family_name=f"P{number:02}", patient__clinic=clinic, clinic=clinic
        )
        EpisodeStandingFactory(
            organization=by.organization, episode=episode, care_manager=by, next_due_on=date(2026, 2, 20)
        )
    first, second = client.get(url()), client.get(url("today/?from=50"))
    assert (len(names(first)), len(names(second))) == (50, 1)
    assert len(names(client.get(url("today/?from=x")))) == 50
    assert names(client.get(url("today/?from=999"))) == names(first)


def test_the_first_step_settles_the_first_task(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], by: Any, clinic: Any
) -> None:
    told = planned("Told", TODAY + timedelta(days=3))
    notice = SafetyNoticeFactory(organization=by.organization, patient=told.patient)
    given = {"patient__clinic": clinic, "clinic": clinic, "patient__family_name": "New", "patient__given_name": "Ana"}
    referral = ReferralFactory(organization=by.organization, assigned_to=by, due_on=TODAY, **given)
    page = client.get(url())
    assert names(page) == ["Told, Ana", "New, Ana"]
    assert f'href="/o/lakeside/safety/{notice.id}/"' in page.text
    assert f'href="/o/lakeside/referrals/{referral.id}/"' in page.text
    assert page.text.count("/timer/start/") == 1
    assert page.text.count("/attempt/?mode=phone") == 2


# The next contact


def test_the_next_contact_is_moved_in_the_row(
    client: Client, url: Callable[..., str], planned: Callable[..., Any]
) -> None:
    made = planned()
    form = client.get(url("follow-up/", made), **HTMX)
    assert "<html" not in form.text
    assert 'value="2026-02-27"' in form.text
    typed = {"planned": hidden(form, "planned"), "due_on": "2026-03-09", "purpose": "Sleep diary", "do": "save"}
    answer = client.post(url("follow-up/", made), typed, **HTMX)
    assert said(answer) == "Ana Rivera Next contact planned for Mar 9."
    follow_up = FollowUp.objects.get()
    assert (follow_up.due_on, follow_up.purpose) == (date(2026, 3, 9), "Sleep diary")
    assert names(client.get(url())) == []


def test_without_htmx_the_next_contact_is_a_page_of_its_own(
    client: Client, url: Callable[..., str], planned: Callable[..., Any]
) -> None:
    made = planned()
    page = client.get(url("follow-up/", made))
    assert "Planned for Feb 27: Sleep." in said(page)
    typed = {"planned": hidden(page, "planned"), "due_on": "2026-03-01", "purpose": "Kept", "do": "save"}
    refused = client.post(url("follow-up/", made), typed)
    assert refused.status_code == 422
    assert "This day is over. Choose today or a later day." in said(refused)
    assert 'value="Kept"' in refused.text
    answer = client.post(url("follow-up/", made), typed | {"due_on": "2026-03-05"})
    assert answer.headers["Location"] == url()
    assert "Next contact planned for Mar 5." in said(client.get(url()))
    back = client.post(url("follow-up/", made), typed | {"due_on": "2026-03-06", "to": "chart"})
    assert back.headers["Location"] == url("", made)


def test_what_is_done_needs_nothing_typed(client: Client, url: Callable[..., str], planned: Callable[..., Any]) -> None:
    made = planned()
    follow_up = FollowUp.objects.get()
    done = {"planned": str(follow_up.id), "do": "done"}
    assert client.post(url("follow-up/", made), done).headers["Location"] == url()
    follow_up.refresh_from_db()
    assert follow_up.closed_on == TODAY
    again = client.post(url("follow-up/", made), done)
    assert again.status_code == 422
    assert "What was planned has been dealt with meanwhile. Nothing was changed." in said(again)
    page = client.get(url("follow-up/", made))
    assert "Nothing is planned yet." in said(page)
    assert client.post(url("follow-up/", made), {"due_on": "2026-03-09"}).headers["Location"] == url()
    assert FollowUp.objects.get(closed_on=None).due_on == date(2026, 3, 9)


def test_what_is_planned_is_given_to_a_colleague(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], membership: Callable[..., Any]
) -> None:
    made, other = planned(), membership("care_manager", name="Noor Haddad")
    typed = {"planned": str(FollowUp.objects.get().id), "due_on": "2026-03-02", "assigned_to": str(other.id)}
    client.post(url("follow-up/", made), typed)
    assert FollowUp.objects.get().assigned_to_id == other.id
    assert names(client.get(url())) == []
    wrong = client.post(url("follow-up/", made), typed | {"assigned_to": "somebody"})
    assert (wrong.status_code, "Choose a person from the list." in said(wrong)) == (422, True)


# Putting off


def test_a_task_is_put_off_in_the_row_and_taken_back(
    client: Client, url: Callable[..., str], planned: Callable[..., Any]
) -> None:
    made = planned()
    form = client.get(url("put-off/", made), **HTMX)
    assert 'value="follow_up_overdue"' in form.text
    typed = {"task": "follow_up_overdue", "until_on": "2026-03-04", "reason": ""}
    refused = client.post(url("put-off/", made), typed, **HTMX)
    assert refused.status_code == 422
    assert refused.headers["HX-Retarget"] == f"#act-{made.patient_id}"
    assert "Say why it can wait." in said(refused)
    assert 'value="2026-03-04"' in refused.text
    late = client.post(url("put-off/", made), typed | {"reason": "Away", "until_on": "2026-06-01"}, **HTMX)
    assert "A task can be put off for 30 days at most." in said(late)
    done = client.post(url("put-off/", made), typed | {"reason": "Away"}, **HTMX)
    assert said(done) == "Ana Rivera Put off until Mar 4."
    page = client.get(url())
    assert names(page) == []
    assert "Put off: 1" in said(page)
    assert "Away Ken Abara" in said(page)
    snooze = Snooze.objects.get()
    client.post(url(f"today/put-off/{snooze.id}/end/"))
    assert names(client.get(url())) == ["Rivera, Ana"]
    assert client.post(url(f"today/put-off/{snooze.id}/end/")).status_code == 404


def test_safety_is_never_offered(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], by: Any, now: datetime
) -> None:
    made = planned(due_on=TODAY + timedelta(days=3))
    AssessmentFactory(organization=made.organization, episode=made, on=TODAY, total=12, item9=1)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
    page = client.get(url())
    assert names(page) == ["Rivera, Ana"]
    assert "/put-off/" not in page.text
    assert "Nothing is due of this patient that could be put off." in said(client.get(url("put-off/", made)))
    forced = {"task": "risk_unassessed", "until_on": "2026-03-04", "reason": "Away"}
    assert client.post(url("put-off/", made), forced).status_code == 422
    assert not Snooze.objects.exists()


# Attempts


def test_an_attempt_in_two_clicks(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], clock: Any
) -> None:
    made = planned()
    form = client.get(url("attempt/?mode=phone", made), **HTMX)
    assert re.search(r'value="phone"[^>]* checked', form.text)
    assert 'name="minutes" value="3" required' not in form.text
    typed = {name: hidden(form, name) for name in ("client_token", "opened_at", "next_on")}
    assert typed["next_on"] == "2026-03-05"
    clock.shift(timedelta(minutes=4))
    answer = client.post(url("attempt/", made), typed | {"mode": "phone", "outcome": "no_answer"}, **HTMX)
    assert said(answer) == "Ana Rivera Attempt saved: no answer. Next try Mar 5."
    contact, entry = Contact.objects.get(), TimeEntry.objects.get()
    assert (contact.activity, contact.mode, contact.outcome) == ("outreach_attempt", "phone", "no_answer")
    assert entry.span.upper - entry.span.lower == timedelta(minutes=4)
    follow_up = FollowUp.objects.get(closed_on=None)
    assert (follow_up.due_on, follow_up.purpose) == (date(2026, 3, 5), "Try again to reach")
    again = client.post(url("attempt/", made), typed | {"mode": "phone", "outcome": "no_answer"})
    assert again.headers["Location"] == url()
    assert Contact.objects.count() == 1
    assert "This attempt was saved already." in said(client.get(url()))


@pytest.mark.parametrize(
    ("change", "minutes_later", "sentence"),
    [
        ({"mode": ""}, 1, "Choose how you tried."),
        ({"outcome": ""}, 1, "Choose what came of it."),
        ({}, 0, "Tap how many minutes it took."),
        ({}, 16, "This was opened 16 minutes ago. Tap how many minutes it took."),
        ({"opened_at": "nonsense"}, 1, "Tap how many minutes it took."),
        ({"opened_at": "2026-03-02T17:00:00"}, 1, "Tap how many minutes it took."),
        ({"opened_at": "2027-03-02T17:00:00+00:00"}, 1, "Tap how many minutes it took."),
        ({"minutes": "7"}, 1, "Choose from the list."),
        ({"next_on": "2026-03-01"}, 1, "The next try is in the past. Correct its date."),
    ],
)
def test_a_faulty_attempt_comes_back_as_typed(
    client: Client,
    url: Callable[..., str],
    planned: Callable[..., Any],
    clock: Any,
    change: dict[str, str],
    minutes_later: int,
    sentence: str,
) -> None:
    made = planned()
    form = client.get(url("attempt/", made))
    typed = {name: hidden(form, name) for name in ("client_token", "opened_at")}
    clock.shift(timedelta(minutes=minutes_later))
    sent = typed | {"mode": "phone", "outcome": "voicemail", "note": "Left my number."} | change
    answer = client.post(url("attempt/", made), sent)
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert 'value="Left my number."' in answer.text
    assert not Contact.objects.exists()


@pytest.mark.parametrize(("tapped", "seconds"), [("3", 180), ("since", None)])
def test_tapped_minutes_have_no_clock_time_measured_ones_do(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], clock: Any, tapped: str, seconds: int | None
) -> None:
    made = planned()
    form = client.get(url("attempt/", made))
    typed = {name: hidden(form, name) for name in ("client_token", "opened_at")}
    clock.shift(timedelta(minutes=40))
    answer = client.post(url("attempt/", made), typed | {"mode": "phone", "outcome": "voicemail", "minutes": tapped})
    assert answer.headers["Location"] == url()
    entry = TimeEntry.objects.get()
    assert entry.seconds == seconds
    assert (entry.span is None) == (seconds is not None)


def test_who_is_not_in_the_program_has_no_attempts(
    client: Client, url: Callable[..., str], planned: Callable[..., Any], by: Any, now: datetime
) -> None:
    made = planned()
    end_episode(by=by, at=now, episode=made, on=date(2026, 3, 1), reason="graduated")
    for path in ("attempt/", "follow-up/"):
        assert "No open episode" in said(client.get(url(path, made)))
        assert client.post(url(path, made), {}).status_code == 409
