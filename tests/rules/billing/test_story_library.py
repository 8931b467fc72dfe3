"""One example by itself, also one that says less than ours do."""

from billing.rules.story import read_story
from billing.rules.story_library import Example, examples


def test_what_an_example_says_of_itself():
    capped = examples()["br-23"]
    assert (capped.payer, capped.sureness[-4:]) == ("Medicare fee-for-service", "of 1")
    assert [one.value for one in capped.differences] == ["4"]
    assert capped.bills == ((("99493", 1), ("99494", 4)),)
    assert capped.title == capped.story.title
    assert examples()["bs-81"].title == "40 min, and no papers at all"
    assert capped.words == frozenset({"addon_units_high"})


def test_one_that_expects_nothing_and_is_not_sure():
    bare = {"id": "B", "title": "Bare", "enrolled_on": "2026-10-01"}
    example = Example("b", read_story(bare), bare)
    assert (example.sources, example.bills, example.words, example.sureness) == ((), (), frozenset(), "not said")
    part = bare | {"expect": {"months": {"2026-10": {"minutes": 3}}}}
    assert Example("b", read_story(part), part).bills == ()
    assert Example("b", read_story(part), part).words == frozenset()
