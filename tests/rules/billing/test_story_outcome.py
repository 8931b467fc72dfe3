"""What is printed of a story, and what is said where something came out otherwise."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules.story_library import examples, examples_of, neighbours_of, topic_of, topics
from billing.rules.story_months import months_of
from billing.rules.story_outcome import Outcome, asked_days, differences, document
from billing.rules.verdicts import judge_in_order

DAY = date(2026, 10, 5)


def outcome_of(story) -> Outcome:
    facts = months_of(story)
    return Outcome(
        facts={one.month: one for one in facts},
        months={verdict.month: verdict for verdict in judge_in_order(facts)},
        signals={DAY: frozenset({"stalled", "safety"})},
        states={DAY: "active"},
    )


def test_what_is_printed_of_a_story():
    story = examples()["br-23"].story
    assert document(story, outcome_of(story)) == {
        "id": "BR-23",
        "months": {
            "2026-10": {
                "minutes": 200,
                "lines": [["99493", 1], ["99494", 4]],
                "gaps": [],
                "flags": ["addon_units_high"],
            }
        },
        "signals": {"2026-10-05": ["safety", "stalled"]},
        "state": {"2026-10-05": "active"},
        "ok": True,
        "differences": [],
    }


def test_an_explained_story_adds_book_reasons_and_citations():
    story = examples()["br-25"].story
    explained = document(story, outcome_of(story), is_explained=True)["months"]["2026-10"]["explained"]
    assert explained["book"] == "medicare_ffs_2026_07"
    assert explained["lines"] == []
    assert [(gap["gap"], gap["citations"][0]["field"]) for gap in explained["gaps"]] == [
        ("not_covered", "options.covers_g2214")
    ]
    billed = examples()["br-23"].story
    lines = document(billed, outcome_of(billed), is_explained=True)["months"]["2026-10"]["explained"]["lines"]
    assert [(line["code"], line["units"], line["citations"][0]["book"]) for line in lines] == [
        ("99493", 1, "medicare_ffs_2020"),
        ("99494", 4, "medicare_ffs_2020"),
    ]


def test_every_difference_is_a_sentence():
    story = examples()["br-23"].story
    month = replace(
        story.expect.months["2026-10"],
        minutes=199,
        lines=(("99493", 1),),
        gaps=frozenset({"other_biller"}),
        flags=frozenset(),
    )
    wanted = replace(
        story.expect,
        months={"2026-10": month, "2026-11": replace(month, lines=None, gaps=None, flags=None)},
        signals={DAY: frozenset({"stalled"})},
        state={DAY: "ended"},
    )
    other = replace(story, expect=wanted)
    assert differences(other, outcome_of(story)) == [
        "2026-10 minutes: expected 199, got 200",
        "2026-10 lines: expected [['99493', 1]], got [['99493', 1], ['99494', 4]]",
        "2026-10 gaps: expected ['other_biller'], got []",
        "2026-10 flags: expected [], got ['addon_units_high']",
        "2026-11 minutes: expected 199, got 0",
        "2026-10-05 signals: expected ['stalled'], got ['safety', 'stalled']",
        "2026-10-05 state: expected ended, got active",
    ]
    assert document(other, outcome_of(story))["ok"] is False
    assert asked_days(other) == [DAY]


def test_a_story_that_expects_nothing_is_neither_right_nor_wrong():
    story = replace(examples()["br-23"].story, expect=None)
    assert (document(story, outcome_of(story))["ok"], differences(story, outcome_of(story))) == (None, [])
    assert asked_days(story) == list(story.days)


def test_examples_are_found_by_word_topic_and_neighbour():
    keys = list(examples())
    assert neighbours_of(keys[0]) == (None, examples()[keys[1]])
    assert neighbours_of(keys[-1]) == (examples()[keys[-2]], None)
    assert neighbours_of(keys[1]) == (examples()[keys[0]], examples()[keys[2]])
    assert "br-25" in {one.key for one in examples_of("not_covered")}
    assert {word for one in examples_of("not_covered") for word in one.words if word == "not_covered"} == {
        "not_covered"
    }
    assert topic_of(keys[0]) == topics()[0]
    assert topic_of(keys[-1]) == topics()[-1]


@pytest.mark.parametrize("find", [neighbours_of, topic_of])
def test_an_example_that_is_not_there(find):
    with pytest.raises(KeyError, match="nothing"):
        find("nothing")
