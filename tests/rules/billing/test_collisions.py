"""The matrix of what stands beside what: its data, and what it says of a month."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from billing.rules.books import BookMisdefined, book_in_force
from billing.rules.collisions import MATRIX, RULES, collisions, matrix, read_matrix
from billing.rules.facts import MonthFacts, OtherService
from billing.rules.findings import Source
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day, last_day
from caseload.rules.minutes import Counted, MonthMinutes
from tests.rules.billing.test_facts import WHOLE

BARE = replace(WHOLE, other_services=(), options=(), access=None)
BOOK = book_in_force("medicare_ffs", date(2026, 10, 1))
SOURCES = {"S1": Source("S1", "A source", "")}


def said(facts: MonthFacts) -> list[tuple[str, str, str]]:
    book = book_in_force(facts.payer, first_day(facts.month))
    return [(one.one, one.beside, one.rule) for one in collisions(facts, judge(facts, book), book)]


def beside(*services: str | tuple[str, str], month: str = "2026-10") -> MonthFacts:
    found = (OtherService(*((one,) if isinstance(one, str) else one)) for one in services)
    return replace(BARE, month=month, other_services=tuple(found))


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], []),
        (["99490"], [("99493", "99490", "distinct")]),
        (["99214"], [("99493", "99214", "allowed")]),
        (["90837"], [("99493", "90837", "allowed")]),
        (["99426"], [("99493", "99426", "distinct")]),
        (["99495"], [("99493", "99495", "distinct")]),
        (["99457"], [("99493", "99457", "distinct")]),
        (["96127"], [("99493", "96127", "allowed")]),
        ([("99451", "other")], [("99493", "99451", "never")]),
        ([("G0547", "other")], [("99493", "G0547", "never")]),
        (["G2087"], [("99493", "G2087", "unsettled")]),
        (["G0323"], [("99493", "G0323", "never")]),
        ([("G0323", "other")], [("99493", "G0323", "hold")]),
        ([("99492", "other")], [("99493", "99492", "hold")]),
        (["99484"], [("99493", "99484", "never")]),
        (["G2214"], [("99493", "G2214", "never")]),
        (["99492"], [("99492", "99493", "never")]),
        (["77777"], []),
        (["G0557"], [("G0569", "G0557", "requires")]),
        ([("G0557", "other")], []),
        (
            ["G0557", "99490"],
            [("G0557", "99490", "never"), ("G0569", "G0557", "requires")],
        ),
        (["G0678"], [("G0678", "99493", "allowed")]),
        (["99490", "99214"], [("99493", "99214", "allowed"), ("99493", "99490", "distinct")]),
    ],
)
def test_what_is_listed_beside_a_month_is_explained(services, expected):
    facts = beside(*services)
    assert sorted(said(facts)) == expected


APCM_BESIDE_CCM = (
    "G0557 (APCM, level 2) beside 99490 (Chronic care management, 20 minutes) by the same practitioner: "
    "never, since 2025."
)


def test_a_sentence_says_who_since_when_and_on_whose_word():
    facts = beside("G0557", "99490")
    book = book_in_force("medicare_ffs", date(2026, 10, 1))
    barred = [one for one in collisions(facts, judge(facts, book), book) if one.is_barred]
    assert [(one.sentence, one.because, one.citation.book) for one in barred] == [
        (
            APCM_BESIDE_CCM,
            "APCM already contains them.",
            "collisions",
        )
    ]
    assert [source.key for source in barred[0].citation.sources] == ["S28", "S44"]


def test_another_practitioner_is_named_as_such():
    facts = beside(("99451", "other"))
    book = book_in_force("medicare_ffs", date(2026, 10, 1))
    (found,) = collisions(facts, judge(facts, book), book)
    assert found.sentence == "99493 (CoCM, later month) beside 99451 by another practitioner: never, since 2019."
    assert found.is_barred


def test_a_psychologists_own_code_holds_the_month_from_the_year_that_has_it():
    facts = beside(("G0323", "other"))
    (found,) = collisions(facts, judge(facts, BOOK), BOOK)
    assert found.sentence.endswith(
        "by another practitioner: held back until it is clear who bills the month, since 2023."
    )
    assert (found.citation.evidence, found.is_barred) == ("recalled", True)


@pytest.mark.parametrize(
    ("service", "month", "expected"),
    [
        ("G0557", "2024-12", []),
        ("G0557", "2025-01", [("G0557", "99493", "either")]),
        ("G0557", "2025-12", [("G0557", "99493", "either")]),
        ("G0557", "2026-01", [("G0569", "G0557", "requires")]),
        ("G0323", "2022-12", []),
        ("G0323", "2023-01", [("99493", "G0323", "never")]),
        ("G3002", "2022-12", []),
        ("G3002", "2023-01", [("99493", "G3002", "distinct")]),
        ("G0678", "2026-06", []),
        ("G0678", "2026-07", [("G0678", "99493", "allowed")]),
    ],
)
def test_a_rule_holds_from_its_day_on(service, month, expected):
    begun = date(int(month[:4]), 1, 1) - timedelta(days=90)
    within = last_day(month)
    facts = replace(
        beside(service, month=month),
        enrolled_on=begun,
        scores=(within,),
        care_plans=(begun,),
        reviews=(begun,),
        visits=(replace(BARE.visits[0], on=begun),),
        served_before=("2024-11", "2025-11", "2022-11", "2026-05"),
        billed_before=(),
        own_served=(),
        own_lines=(),
        time=MonthMinutes(*(Counted(2460, 2460, within, engaged=True),) * 2, logged_seconds=2460),
    )
    assert said(facts) == expected


def test_a_month_that_is_held_back_is_explained_by_what_it_would_bill():
    """The other practitioner's claim is why nothing bills, so it is explained against the code that minutes reach."""
    facts = beside(("99493", "other"))
    assert said(facts) == [("99493", "99493", "hold")]
    assert judge(facts, book_in_force("medicare_ffs", date(2026, 10, 1))).lines == ()


def test_lines_of_the_month_itself_are_not_explained_to_each_other():
    time = replace(BARE.time, counted=replace(BARE.time.counted, cocm_seconds=6360, bhi_seconds=6360))
    facts = replace(BARE, time=time)
    assert [line.code for line in judge(facts, BOOK).lines] == ["99493", "99494"]
    assert said(facts) == []
    assert said(replace(facts, other_services=(OtherService("99490"),))) == [("99493", "99490", "distinct")]


def test_what_bills_is_explained_and_not_what_was_tried_before_it():
    """Without a case review 99484 bills in the place of 99493."""
    facts = replace(beside("99490"), reviews=())
    assert [line.code for line in judge(facts, BOOK).lines] == ["99484"]
    assert said(facts) == [("99484", "99490", "distinct")]


def test_a_rule_names_its_place_in_the_matrix():
    assert (matrix()[0].citation.book, matrix()[0].citation.field) == ("collisions", "pair 1")
    assert (matrix()[-1].citation.field, matrix()[-1].who) == ("pair 31", "same")
    assert {pair.who for pair in matrix()} == {"same", "other", "any"}


def test_the_matrix_is_whole():
    assert {pair.rule for pair in matrix()} == set(RULES)
    assert len(matrix()) == 31
    assert all(pair.citation.sources and pair.because.endswith(".") for pair in matrix())
    assert all(pair.citation.confidence for pair in matrix() if pair.citation.evidence == "recalled")


def test_no_two_rules_contradict_each_other_for_one_practitioner():
    """Of a pair of codes the first rule speaks; where two fit, they must not say never and allowed."""
    said_of: dict[frozenset[str], set[str]] = {}
    for pair in matrix():
        for one, other in product(pair.one, pair.beside):
            if pair.who != "other":
                said_of.setdefault(frozenset((one, other)), set()).add(pair.rule)
    assert [(sorted(codes), rules) for codes, rules in said_of.items() if len(rules) > 1] == []


GOOD = tomllib.loads(MATRIX.read_text())["pair"][2] | {"cite": ["S1"]}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"rule": "maybe"}, "pair 1 has because"),
        ({"who": "me"}, "pair 1 has because"),
        ({"because": ""}, "pair 1 has because"),
        ({"speed": 1}, "pair 1 has because"),
        ({"one": ["nothing"]}, "nothing is neither a code"),
        ({"one": ["99492-G9493"]}, "is neither a code"),
        ({"cite": []}, "has no source"),
    ],
)
def test_a_matrix_that_is_not_right_is_refused(changes, fault):
    with pytest.raises(BookMisdefined, match=fault):
        read_matrix({"pair": [GOOD | changes]}, SOURCES)


def test_codes_are_single_ranges_or_named():
    document = {"codes": {"few": ["G0002-G0004"]}, "pair": [GOOD | {"one": ["few", "99999", "G0100"]}]}
    (pair,) = read_matrix(document, SOURCES)
    assert pair.one == {"G0002", "G0003", "G0004", "99999", "G0100"}
