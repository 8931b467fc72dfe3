"""Settling held time: in one click, by typing when it was, or by taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseload.models import TimeEntry
from caseload.operations import void_time
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def pair(enrolled: Callable[..., Any], log: Callable[..., Any]) -> tuple[TimeEntry, TimeEntry]:
    """Twenty minutes with one patient, and a held half hour of another one that begins ten minutes later."""
    first = log(enrolled("Rivera"), minutes=20, ago=120)
    second = log(enrolled("Okafor"), minutes=30, ago=110)
    assert (first.held, second.held) == (False, True)
    return first, second


@pytest.fixture
def address(organization: Any) -> Callable[[TimeEntry], str]:
    return lambda entry: f"/o/{organization.slug}/time/{entry.id}/settle/"


def live(entry: TimeEntry) -> list[tuple[int, bool, bool]]:
    """The live entries of a patient: minutes, whether held, whether they replace the entry."""
    rows = TimeEntry.objects.live().filter(patient_id=entry.patient_id)
    return [((row.span.upper - row.span.lower).seconds // 60, row.held, row.replaces_id == entry.id) for row in rows]


def offered(page: str) -> list[tuple[str, dict[str, str]]]:
    """The corrections in one click: the button's words, and what its form sends."""
    forms = re.findall(r"<form method=\"post\">(.*?)</form>", page, re.DOTALL)
    return [
        (
            unescape(re.search(r"<button[^>]*>(.*?)</button>", form).group(1)),  # type: ignore[union-attr]
            dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)),
        )
        for form in forms
    ]


def test_the_page_says_what_overlaps_and_offers_to_begin_later(client, pair, address) -> None:
    page = client.get(address(pair[1])).text
    # 17:00 UTC is 11:00 in Chicago: 9:00 to 9:20 with one patient, 9:10 to 9:40 with the other.
    assert "It overlaps 09:00–09:20 with another patient." in page
    assert [words for words, _ in offered(page)] == ["Start at 09:20 instead"]
    assert "Rivera" not in page


def test_one_click_shortens_and_counts(client, pair, address) -> None:
    _, sent = offered(client.get(address(pair[1])).text)[0]
    answer = client.post(address(pair[1]), sent, follow=True)
    assert "Corrected: it counts now." in answer.text
    assert live(pair[1]) == [(20, False, True)]
    assert "This time was settled already." in client.get(address(pair[1]), follow=True).text
    voided = TimeEntry.objects.get(id=pair[1].id)
    assert (voided.is_live, voided.void_reason) == (False, "Overlapped time with another patient")


def test_the_same_form_sent_twice_settles_once(client, pair, address) -> None:
    _, sent = offered(client.get(address(pair[1])).text)[0]
    assert [client.post(address(pair[1]), sent).status_code for _ in range(2)] == [302, 302]
    assert live(pair[1]) == [(20, False, True)]


def test_a_typed_time_that_still_overlaps_is_held_again(client, pair, address) -> None:
    typed = {"client_token": str(uuid4()), "how": "correct", "on": "2026-03-02", "starts": "09:15", "ends": "09:40"}
    answer = client.post(address(pair[1]), {**typed, "reason": "Began later"}, follow=True)
    assert "Corrected, but it still overlaps and is held." in answer.text
    assert live(pair[1]) == [(25, True, True)]


def test_it_can_be_taken_back(client, pair, address) -> None:
    sent = {"client_token": str(uuid4()), "how": "take_back", "reason": "Logged twice"}
    answer = client.post(address(pair[1]), sent, follow=True)
    assert "Taken back: its minutes count nowhere." in answer.text
    assert live(pair[1]) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Say why, in a few words."),
        ({"ends": "09:10", "starts": "09:40"}, "The end is not after the start. Correct one of them."),
        ({"starts": ""}, "Enter the start and the end, or only the minutes."),
        ({"on": "2031-01-01"}, "in the future"),
        ({"how": "burn"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_comes_back_with_its_reason_and_everything_typed(
    client, pair, address, changes, sentence
) -> None:
    typed = {"client_token": str(uuid4()), "how": "correct", "on": "2026-03-02", "starts": "09:20", "ends": "09:40"}
    answer = client.post(address(pair[1]), {**typed, "reason": "Began later", **changes})
    assert answer.status_code == 422
    assert live(pair[1]) == [(30, True, False)]
    if "how" not in changes:
        assert sentence in unescape(answer.text)


def test_when_the_other_time_was_taken_back_it_can_count_as_it_is(client, pair, address, by, now) -> None:
    void_time(by=by, at=now, entry=pair[0], reason="Wrong patient")
    page = client.get(address(pair[1])).text
    assert "The time that it overlapped was taken back." in page
    words, sent = offered(page)[0]
    assert words == "Count it: the other time was taken back"
    client.post(address(pair[1]), sent)
    assert live(pair[1]) == [(30, False, True)]


def test_a_time_in_the_middle_of_another_has_nothing_to_offer(client, enrolled, log, address) -> None:
    log(enrolled("Rivera"), minutes=60, ago=120)
    inner = log(enrolled("Okafor"), minutes=10, ago=100)
    assert offered(client.get(address(inner)).text) == []


def test_a_time_around_another_can_end_before_or_begin_after(client, enrolled, log, address) -> None:
    log(enrolled("Rivera"), minutes=10, ago=100)
    around = log(enrolled("Okafor"), minutes=60, ago=120)
    assert [words for words, _ in offered(client.get(address(around)).text)] == [
        "Start at 09:30 instead",
        "End at 09:20 instead",
    ]


def test_only_what_is_held_can_be_settled(client, pair, address) -> None:
    assert "This time was settled already." in client.get(address(pair[0]), follow=True).text


def test_the_list_holds_what_waits_and_nothing_else(client, pair, organization, address) -> None:
    page = client.get(f"/o/{organization.slug}/time/held/").text
    assert re.findall(r'class="row-link" href="([^"]+)"', page) == [address(pair[1])]
    assert "09:10–09:40" in page


def test_an_empty_list_says_so(client, by, organization) -> None:
    assert "Nothing is held" in client.get(f"/o/{organization.slug}/time/held/").text


@pytest.mark.parametrize("more", [0, 3])
def test_the_list_takes_as_many_statements_for_one_as_for_more(client, pair, organization, enrolled, log, more) -> None:
    for number in range(more):
        assert log(enrolled("Okafor"), minutes=10, ago=115 - number).held
    client.get(f"/o/{organization.slug}/time/held/")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/o/{organization.slug}/time/held/")
    assert len(own(captured.captured_queries)) == 1


def test_the_chart_leads_there(client, pair, organization, address) -> None:
    page = client.get(f"/o/{organization.slug}/patients/{pair[1].patient_id}/").text
    assert address(pair[1]) in page
