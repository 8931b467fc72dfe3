"""Facts as they were frozen, of every version and every book, give the verdict that they gave then, byte for byte.

`golden_verdicts.jsonl` holds one month a line: the facts as a close stores them, the book with its hash, and the
verdict. Lines are added with each facts version and each book (`golden_line`); none is ever changed. Where this test
fails, a month that was closed would be explained otherwise than when it was asked for.
"""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from billing.rules.books import RuleBook, book_in_force
from billing.rules.books.library import book_named, library
from billing.rules.canonical import plain, to_json
from billing.rules.facts import FACTS_VERSION, MonthFacts, OtherService, Visit, from_json, sha256
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day
from caseload.rules.minutes import Counted, MonthMinutes

STORED = Path(__file__).with_name("golden_verdicts.jsonl")
GOLDEN: list[dict[str, Any]] = [json.loads(line) for line in STORED.read_text().splitlines()]


def golden_line(facts: MonthFacts, book: RuleBook) -> str:
    """A line to add for a new book or a new version of the facts."""
    told = {"book": book.id, "book_sha256": book.sha256, "facts": plain(facts), "verdict": plain(judge(facts, book))}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def samples(book: RuleBook) -> list[MonthFacts]:
    """Months that try a book: a first and a later one, in an office and a hospital, with an option and another
    service, and one with nothing in order.
    """
    first = book.effective.replace(day=1) if book.effective.day == 1 else first_after(book.effective)
    day, time = first.replace(day=5), Counted(5160, 6360, first.replace(day=5), engaged=True)
    facts = MonthFacts(
        month=f"{first:%Y-%m}",
        enrolled_on=first,
        payer=book.family,
        time=MonthMinutes(time, time, ccm_seconds=1200, logged_seconds=6600),
        visits=(Visit(first - timedelta(days=14), "99214"),),
        diagnoses=("F32.1",),
        care_plans=(day,),
        scores=(day,),
        reviews=(day,),
    )
    short = Counted(1200, 1500, day, engaged=True)
    return [
        facts,
        replace(facts, setting="hospital_outpatient", place_of_service="22", time=MonthMinutes(short, short)),
        replace(facts, setting="fqhc", served_before=(f"{first - timedelta(days=1):%Y-%m}",), conversion="qualifying"),
        replace(facts, options=(("time_rule", "full"),), other_services=(OtherService("G0557"), OtherService("99490"))),
        replace(facts, visits=(), diagnoses=(), scores=(), reviews=(), assumed_care_plans=(day,), care_plans=()),
    ]


def first_after(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


@pytest.mark.parametrize("stored", GOLDEN, ids=lambda one: f"{one['book']} {sha256_of(one)[:8]}")
def test_the_same_verdict_comes_out_years_later(stored):
    book = book_named(stored["book"])
    facts = from_json(json.dumps(stored["facts"]))
    assert book.sha256 == stored["book_sha256"]
    assert to_json(judge(facts, book)) == json.dumps(
        stored["verdict"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert book_in_force(facts.payer, first_day(facts.month)) == book


def sha256_of(stored: dict[str, Any]) -> str:
    return sha256(from_json(json.dumps(stored["facts"])))


def test_every_version_of_the_facts_and_every_book_is_held():
    versions = {one["facts"]["facts_version"] for one in GOLDEN}
    assert versions == set(range(1, FACTS_VERSION + 1))
    assert {one["book"] for one in GOLDEN} == {book.id for books in library().values() for book in books}


def test_facts_of_this_version_are_stored_as_they_would_be_now():
    for stored in (one for one in GOLDEN if one["facts"]["facts_version"] == FACTS_VERSION):
        facts = from_json(json.dumps(stored["facts"]))
        assert plain(facts) == stored["facts"]
