"""The worked examples as documentation: all of them there, each with its reason, months and sources."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.queries.trial import months_shown
from billing.rules.story_library import Example, examples, examples_of, neighbours_of, topic_of, topics
from billing.rules.words import FLAGS, GAPS
from tests.billing.test_pages import text_of
from tests.rules.billing.billing_stories import said, story_files, story_in
from tests.statements import own

pytestmark = pytest.mark.django_db

PAGE = "/o/lakeside/billing/examples/"


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def test_every_story_stands_in_one_topic():
    shown = [example.key for topic in topics() for example in topic.examples]
    assert sorted(shown) == sorted(story_in(path).id.lower() for path in story_files("billing"))
    assert [topic_of(key).key for key in ("br-01", "bs-101")] == ["first_months", "access"]
    with pytest.raises(KeyError):
        topic_of("br-999")


def test_neighbours_go_through_all_in_order():
    keys = list(examples())
    chain, following = [keys[0]], neighbours_of(keys[0])[1]
    while following is not None:
        chain.append(following.key)
        following = neighbours_of(following.key)[1]
    assert chain == keys
    assert (neighbours_of(keys[0])[0], neighbours_of(keys[1])[0].key) == (None, keys[0])
    with pytest.raises(KeyError):
        neighbours_of("br-999")


def test_every_gap_and_flag_has_an_example():
    assert [word for word in (*GAPS, *FLAGS) if not examples_of(word)] == []


def test_sources_are_said_in_words():
    assert examples()["br-30"].sources == (
        "Follows from other rules by arithmetic or logic",
        "From memory, not checked against a source",
    )
    assert examples()["br-23"].differences[0].label == "Most units of 99494 a month"
    assert examples()["br-30"].sureness == "0.75 of 1"


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("br-41", "not both; 99492 over 99484."),
        ("br-43", "G2214 &gt; 99484 non-facility"),
        ("br-44", "Facility: 99484 &gt; G2214, so"),
    ],
)
def test_reasons_name_no_dollars_to_care_managers(client_for: Any, key: str, told: str):
    words = text_of(client_for("care_manager").get(f"{PAGE}{key}/"))
    assert (told in words, re.findall(r"\d+\.\d\d\b(?! of 1)", words.split("Sources")[0])) == (True, [])


def test_whoever_sees_dollars_reads_the_reason_as_it_is(billing: Client):
    assert "G2214 60.79 &gt; 99484 57.45 non-facility" in text_of(billing.get(f"{PAGE}br-43/"))


def test_the_list_shows_topics_with_what_each_comes_to(billing: Client):
    with CaptureQueriesContext(connection) as queries:
        response = billing.get(PAGE)
    words = text_of(response)
    assert (response.status_code, own(queries.captured_queries)) == (200, [])
    assert "Initial month, 15 min nothing Initial month, 16 min G2214" in words
    assert response.content.decode().count(f'href="{PAGE}b') == 118


def test_examples_of_one_gap(billing: Client):
    words = text_of(billing.get(f"{PAGE}?about=consent_missing"))
    assert ("Consent missing for whole month, 80 min" in words, "Initial month, 15 min" in words) == (True, False)
    assert "Initial month, 15 min" in text_of(billing.get(f"{PAGE}?about=nonsense"))


@pytest.mark.parametrize("example", list(examples().values()), ids=lambda example: example.key)
def test_every_example_is_shown_as_it_must_come_out(example: Example):
    months = {one.month: said(one.verdict) for one in months_shown(example.story)}
    expected = example.story.expect.months
    assert {month: (one.minutes, one.lines) for month, one in expected.items() if one.minutes or one.lines} == {
        month: (months[month].minutes, months[month].lines)
        for month, one in expected.items()
        if one.minutes or one.lines
    }


def test_an_example_leads_to_its_neighbours_and_to_trying_it(billing: Client):
    content = billing.get(f"{PAGE}br-02/").content.decode()
    assert [f'href="{PAGE}{key}/"' in content for key in ("br-01", "br-04")] == [True, True]
    assert 'href="/o/lakeside/billing/trial/?example=br-02"' in content


def test_no_dollars_for_care_managers(client_for: Any):
    words = text_of(client_for("care_manager").get(f"{PAGE}br-02/"))
    assert ("bills as G2214" in words, "$" in words, "Estimate" in words) == (True, False, False)


def test_an_unknown_example_is_not_found(billing: Client):
    assert billing.get(f"{PAGE}br-999/").status_code == 404
