"""Time without a contact, one patient's month, corrections, and one call for several patients."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from billing.operations.merging import merge_patients
from caseload.models import TimeEntry
from caseload.operations import Work, record_time, void_time
from caseload.operations.errors import MoreThanTheCall
from caseload.operations.group_time import Share, record_group_time
from caseload.rules.worktime import WorkTime
from registry.operations import add_patient, end_episode

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    return lambda path, episode=None: (
        f"/o/{organization.slug}/" + (f"patients/{episode.patient_id}/" if episode else "") + path
    )


@pytest.fixture
def typed() -> dict[str, str]:
    return {
        "client_token": str(uuid4()), "activity": "registry", "on": "2026-03-02", "starts": "09:00", "ends": "09:20",
    }  # fmt: skip


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def rows(html: str) -> list[str]:
    """The table's rows as they are read."""
    return [words(row) for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL)][1:]


def minutes() -> list[tuple[str, int, bool]]:
    """Every live entry: activity, whole minutes, whether held."""
    return [
        (row.activity, (row.seconds or int((row.span.upper - row.span.lower).total_seconds())) // 60, row.held)
        for row in TimeEntry.objects.live().order_by("recorded_at", "id")
    ]


# A new entry


def test_typed_time_is_saved_once_and_listed_with_why_it_counts(client, url, enrolled, typed) -> None:
    episode = enrolled()
    assert client.get(url("time/new/", episode)).status_code == 200
    answers = [client.post(url("time/new/", episode), typed).url for _ in range(2)]
    assert answers == [url("time/2026-03/", episode)] * 2
    assert minutes() == [("registry", 20, False)]
    page = client.get(url("time/", episode)).text
    (row,) = rows(page)
    said, _, link = row.partition(" Correct ")
    assert said == "Mar 2 9:00 am to 9:20 am Registry and chart work Ken Abara, care manager 20 min Counts in full."
    assert link == "the entry of Mar 2, 2026, 9:00 am"
    assert "20 min counted, 20 min logged" in words(page)


def test_only_the_minutes_may_be_known(client, url, enrolled, typed) -> None:
    episode = enrolled()
    client.post(url("time/new/", episode), {**typed, "starts": "", "ends": "", "minutes": "15"})
    entry = TimeEntry.objects.get()
    assert (entry.on, entry.seconds, entry.span) == (date(2026, 3, 2), 900, None)
    assert "no clock time" in client.get(url("time/", episode)).text


def test_nothing_is_assumed_and_nothing_typed_is_lost(client, url, enrolled, typed) -> None:
    answer = client.post(url("time/new/", enrolled()), {**typed, "activity": "", "ends": ""})
    assert answer.status_code == 422
    assert "Choose what it was." in answer.text
    assert "Enter the start and the end, or only the minutes." in answer.text
    assert 'value="09:00"' in answer.text
    assert minutes() == []


def test_an_end_after_midnight_is_asked_and_taken(client, url, enrolled, typed) -> None:
    episode = enrolled()
    late = {**typed, "on": "2026-02-28", "starts": "23:50", "ends": "00:10"}
    asked = client.post(url("time/new/", episode), late)
    assert asked.status_code == 422
    assert "The end is not after the start." in asked.text
    assert "It ended after midnight, on the next day" in asked.text
    assert client.post(url("time/new/", episode), {**late, "ends_next_day": "on"}).status_code == 302
    listed = [client.get(url(f"time/{month}/", episode)).text for month in ("2026-02", "2026-03")]
    assert [len(rows(page)) for page in listed] == [1, 1]
    assert ["10 min counted, 10 min logged" in words(page) for page in listed] == [True, True]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "Counts: 20 min."),
        ({"activity": "scheduling"}, "Not counted: scheduling never counts."),
        ({"on": "2026-01-30"}, "Not counted: before the episode began on Feb 2."),
        ({"starts": "08:30", "ends": "08:50"}, "Held: overlaps 08:30–08:40 with another patient's."),
    ],
)
def test_the_preview_says_whether_it_counts_and_why_not(
    client, url, enrolled, typed, by, now, changed, sentence
) -> None:
    other = WorkTime(span=(now - timedelta(minutes=150), now - timedelta(minutes=140)))
    record_time(by=by, at=now, episode_id=enrolled("Other").id, time=other, client_token=uuid4())
    answer = client.post(url("time/preview/", enrolled()), {**typed, **changed})
    assert words(answer.text).startswith(sentence)


def test_after_discharge_time_is_kept_and_said_not_to_count(client, url, enrolled, typed, by, now) -> None:
    episode = enrolled()
    end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 1), reason="graduated")
    client.post(url("time/new/", episode), typed)
    assert "Not counted: after the program ended on Mar 1." in client.get(url("time/", episode)).text


def test_who_was_never_enrolled_has_no_time(client, url, by, now, clinic, in_tenant) -> None:
    patient = add_patient(
        by=by, at=now, clinic=clinic, mrn="1", family_name="New", given_name="Ana", birth_date=date(1980, 1, 1)
    )
    page = url(f"patients/{patient.id}/time/new/")
    assert "Time is logged from enrolment on." in client.get(page).text
    assert client.post(page, {}).status_code == 409
    assert client.post(url(f"patients/{patient.id}/time/preview/"), {}).status_code == 200


def test_the_hour_that_comes_twice_is_asked_for_and_the_missing_one_refused(client, url, enrolled, typed, by) -> None:
    episode = enrolled()
    with time_machine.travel(datetime.fromisoformat("2026-11-02T18:00+00:00"), tick=False):
        client.force_login(by.user)
        missing = client.post(
            url("time/new/", episode), {**typed, "on": "2026-03-08", "starts": "02:30", "ends": "03:30"}
        )
        assert "this time did not occur" in missing.text
        twice = {**typed, "on": "2026-11-01", "starts": "01:30", "ends": "02:10"}
        assert "this time occurred twice" in client.post(url("time/new/", episode), twice).text
        assert client.post(url("time/new/", episode), {**twice, "starts_which": "first"}).status_code == 302
    assert minutes() == [("registry", 100, False)]


# One patient's month


def test_the_same_minutes_of_two_colleagues_count_once_and_say_with_whom(
    client, url, enrolled, log, membership, by
) -> None:
    episode = enrolled()
    colleague = membership("treating_clinician", name="Dr. Osei", credential="MD")
    log(episode, minutes=20, ago=120, worked_by=colleague)
    log(episode, minutes=20, ago=115)
    page = words(client.get(url("time/", episode)).text)
    assert "5 min of 20 min count; not counted: 15 min counted once with Dr. Osei's 09:00–09:20." in page
    assert "25 min counted, 40 min logged" in page


def test_every_reason_is_said_in_the_list(client, url, enrolled, log, by, now) -> None:
    episode, other = enrolled(consent=False), enrolled("Other")
    log(other, minutes=20, ago=120)
    log(episode, minutes=20, ago=110)
    for work in (Work(role="clerical"), Work(role="psychiatric_consultant"), Work(billed_as="90834"), Work()):
        record_time(
            by=by, at=now, episode_id=episode.id, client_token=uuid4(), work=work,
            time=WorkTime(on=date(2026, 3, 2), seconds=600),
        )  # fmt: skip
    listed = " ".join(rows(client.get(url("time/", episode)).text))
    for reason in (
        "Held: overlaps 09:00–09:20 with another patient's. Settle",
        "Not counted: clerical time never counts.",
        "Not counted: the consultant's time is paid within the code.",
        "Not counted: billed as 90834.",
        "Not counted: no consent on file.",
    ):
        assert reason in listed


def test_other_months_are_a_click_away_and_nonsense_is_none(client, url, enrolled) -> None:
    episode = enrolled()
    page = client.get(url("time/2025-12/", episode)).text
    assert "Nothing was logged in this month" in page
    assert url("time/2025-11/", episode) in page
    assert url("time/2026-01/", episode) in page
    assert [client.get(url(f"time/{month}/", episode)).status_code for month in ("2026-13", "march")] == [404, 404]


def test_who_only_reads_charts_sees_time_and_corrects_nothing(client_for, url, enrolled, log) -> None:
    episode = enrolled()
    entry = log(episode)
    reader = client_for("psychiatric_consultant")
    page = reader.get(url("time/", episode)).text
    assert "Counts in full." in page
    assert "Correct" not in page
    assert reader.get(url(f"time/{entry.id}/")).status_code == 403


def test_the_list_costs_the_same_however_long(client, url, enrolled, log) -> None:
    episode = enrolled()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("time/", episode)).status_code == 200
        return len(queries)

    log(episode, minutes=5, ago=60)
    few = statements()
    for ago in range(70, 170, 10):
        log(episode, minutes=5, ago=ago)
    assert statements() == few


# Correcting


def test_a_correction_replaces_and_both_stay_on_record(client, url, enrolled, log, typed) -> None:
    episode = enrolled()
    entry = log(episode, minutes=20, ago=120)
    page = client.get(url(f"time/{entry.id}/"))
    fields = dict(re.findall(r'name="(on|starts|ends)" value="([^"]*)"', page.text))
    assert fields == {"on": "2026-03-02", "starts": "09:00", "ends": "09:20"}
    assert AuditEvent.objects.filter(action="time.entry_viewed", patient_id=episode.patient_id).count() == 1
    sent = {**typed, "how": "correct", "starts": "09:05", "reason": "Began later"}
    assert client.post(url(f"time/{entry.id}/"), sent).url == url("time/2026-03/", episode)
    assert client.post(url(f"time/{entry.id}/"), sent).status_code == 302
    assert minutes() == [("treatment", 15, False)]
    old = words(client.get(url(f"time/{entry.id}/")).text)
    assert "Corrected on Mar 2, 2026 by Ken Abara, RN Began later" in old
    new = TimeEntry.objects.live().get()
    assert "An earlier entry : Began later" in words(client.get(url(f"time/{new.id}/")).text)


def test_a_correction_without_a_reason_or_a_time_is_refused(client, url, enrolled, log, typed) -> None:
    entry = log(enrolled(), minutes=20, ago=120)
    page = url(f"time/{entry.id}/")
    assert "Say why, in a few words." in client.post(page, {**typed, "how": "correct"}).text
    empty = {**typed, "how": "correct", "starts": "", "ends": "", "reason": "x"}
    assert client.post(page, empty).status_code == 422
    future = {**typed, "how": "correct", "ends": "12:30", "reason": "x"}
    assert "The end is in the future." in client.post(page, future).text
    assert minutes() == [("treatment", 20, False)]


def test_taken_back_it_counts_nowhere_and_says_so(client, url, enrolled, log, typed) -> None:
    entry = log(enrolled(), minutes=20, ago=120)
    sent = {**typed, "how": "take_back", "reason": "Logged twice"}
    assert client.post(url(f"time/{entry.id}/"), sent).status_code == 302
    assert minutes() == []
    assert "Taken back on Mar 2, 2026 by Ken Abara, RN Logged twice" in words(client.get(url(f"time/{entry.id}/")).text)
    assert client.post(url(f"time/{entry.id}/"), {**sent, "client_token": str(uuid4())}).status_code == 422


def test_minutes_without_a_clock_are_corrected_as_minutes(client, url, enrolled, by, now, typed) -> None:
    episode = enrolled()
    entry = record_time(
        by=by, at=now, episode_id=episode.id, client_token=uuid4(), time=WorkTime(on=date(2026, 3, 2), seconds=600)
    )
    assert 'name="minutes" value="10"' in client.get(url(f"time/{entry.id}/")).text
    sent = {**typed, "how": "correct", "starts": "", "ends": "", "minutes": "12", "reason": "Misheard"}
    client.post(url(f"time/{entry.id}/"), sent)
    assert minutes() == [("treatment", 12, False)]


def test_a_held_entry_of_the_page_leads_to_settling(client, url, enrolled, log) -> None:
    first = log(enrolled("One"), minutes=20, ago=120)
    entry = log(enrolled("Two"), minutes=20, ago=110)
    page = client.get(url(f"time/{entry.id}/")).text
    assert "Held: overlaps 09:00–09:20 with another patient" in page
    assert url(f"time/{entry.id}/settle/") in page
    assert first.held is False


# One call for several patients


def test_a_group_call_is_shared_out_one_after_another(client, url, enrolled, typed) -> None:
    one, two, three = enrolled("Abel"), enrolled("Baker"), enrolled("Cole")
    page = client.get(url("time/group/")).text
    assert [row.split(",")[0] for row in rows(page)] == ["Abel", "Baker", "Cole"]
    sent = {**typed, f"share_{one.id}": "5", f"share_{three.id}": "12"}
    assert [client.post(url("time/group/"), sent).status_code for _ in range(2)] == [302, 302]
    start = datetime.fromisoformat("2026-03-02T15:00+00:00")
    found = [
        (row.episode_id, row.span.lower - start, row.span.upper - start) for row in TimeEntry.objects.order_by("span")
    ]
    assert found == [
        (one.id, timedelta(0), timedelta(minutes=5)),
        (three.id, timedelta(minutes=5), timedelta(minutes=17)),
    ]
    assert not TimeEntry.objects.filter(episode=two).exists()


@pytest.mark.parametrize(
    ("share", "changed", "sentence"),
    [
        ("21", {}, "The call lasted 20 min, and 21 min are given out."),
        ("", {}, "Enter the minutes of at least one patient."),
        ("0", {}, "Minutes are a whole number from 1 to 720."),
        ("5", {"ends": ""}, "Enter the start and the end of the call."),
        ("5", {"starts": "", "ends": "", "minutes": "20"}, "Enter the start and the end of the call."),
        ("5", {"activity": ""}, "Choose what it was."),
    ],
)
def test_what_cannot_be_shared_out_is_said_and_nothing_kept(
    client, url, enrolled, typed, share, changed, sentence
) -> None:
    answer = client.post(url("time/group/"), {**typed, **changed, f"share_{enrolled().id}": share})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert minutes() == []


def test_shares_that_overlap_other_time_are_held_and_said(client, url, enrolled, log, typed) -> None:
    log(enrolled("Other"), minutes=10, ago=120)
    mine = enrolled("Mine")
    answer = client.post(url("time/group/"), {**typed, f"share_{mine.id}": "15"}, follow=True)
    assert "1 of them held: they overlap time with another patient." in unescape(answer.text)


def test_without_a_caseload_there_is_nothing_to_share_out(client, url, in_tenant) -> None:
    assert "No patient is yours" in client.get(url("time/group/")).text


def test_the_operation_refuses_more_than_the_call(enrolled, by, now) -> None:
    span = (now - timedelta(minutes=10), now)
    shares = [Share(enrolled("One").id, 6), Share(enrolled("Two").id, 5)]
    with pytest.raises(MoreThanTheCall):
        record_group_time(by=by, at=now, span=span, shares=shares, client_token=uuid4(), work=Work())
    assert minutes() == []


def test_what_was_voided_has_no_standing(client, url, enrolled, log, by, now) -> None:
    entry = log(enrolled())
    void_time(by=by, at=now, entry=entry, reason="Wrong patient")
    page = client.get(url(f"time/{entry.id}/")).text
    assert "Wrong patient" in page
    assert "Correct it" not in page


def test_absent_and_foreign_are_not_found(client, url, in_tenant) -> None:
    pages = [url(f"patients/{uuid4()}/time/{path}") for path in ("", "new/")] + [url(f"time/{uuid4()}/")]
    assert [client.get(page).status_code for page in pages] == [404] * 3


def test_the_time_of_a_merged_record_goes_on_under_the_other(client, url, enrolled, by, now, clinic) -> None:
    kept = enrolled("Rivera")
    merged = add_patient(
        by=by, at=now, clinic=clinic, mrn="900", family_name="Rivera", given_name="A.", birth_date=date(1961, 5, 4)
    )
    merge_patients(by=by, at=now, kept_id=kept.patient_id, merged_id=merged.id)
    assert client.get(url(f"patients/{merged.id}/time/")).url == url("time/", kept)


def test_a_full_day_is_said_at_its_field(client, url, enrolled, by, now, typed) -> None:
    episode = enrolled()
    for _ in range(2):
        time = WorkTime(on=date(2026, 3, 2), seconds=43_200)
        entry = record_time(by=by, at=now, episode_id=episode.id, time=time, client_token=uuid4())
    full = "Mar 2 holds more than 24 hours of work."
    assert full in client.post(url("time/new/", episode), typed).text
    sent = {**typed, "how": "correct", "starts": "", "ends": "", "minutes": "720", "reason": "x"}
    assert client.post(url(f"time/{entry.id}/"), sent).status_code == 302
    assert full in client.post(url("time/group/"), {**typed, f"share_{episode.id}": "5"}).text
    assert "With this, the day holds more than 24 hours" in client.post(url("time/preview/", episode), typed).text
