import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules import instruments
from registry.rules.instruments import (
    Band,
    ImpossibleScore,
    InstrumentMisdefined,
    UnknownInstrument,
    check_total,
    define,
    instrument,
    lowest_critical,
    score,
)

PHQ9 = instrument("phq9")
GAD7 = instrument("gad7")
DATA = tomllib.loads((Path(instruments.__file__).parent / "phq9.toml").read_text(encoding="utf-8"))


def test_an_unknown_scale_is_refused():
    with pytest.raises(UnknownInstrument, match="phq10"):
        instrument("phq10")


@pytest.mark.parametrize(
    ("scale", "items", "highest", "elevated", "step", "remission", "critical", "panel", "total"),
    [
        (PHQ9, 9, 27, 10, 5, 5, 9, "44249-1", "44261-6"),
        (GAD7, 7, 21, 10, 4, 5, None, "69737-5", "70274-6"),
    ],
)
def test_what_each_scale_is(scale, items, highest, elevated, step, remission, critical, panel, total):
    assert (scale.item_count, scale.highest_total) == (items, highest)
    assert (scale.elevated_from, scale.meaningful_change, scale.remission_below) == (elevated, step, remission)
    assert (scale.critical_item, scale.licence_status, scale.languages) == (critical, "bundled", ("en", "es"))
    assert (scale.loinc_panel, scale.loinc_total) == (panel, total)


def test_lowest_answer_of_both_is_not_at_all():
    assert [scale.wordings["en"].answers[0] for scale in (PHQ9, GAD7)] == ["Not at all", "Not at all"]


def test_item_nine_is_the_self_harm_question():
    item = PHQ9.wordings["en"].items[8]
    assert (item.number, item.short, item.loinc) == (9, "Self-harm", "44260-8")
    assert item.text == "Thoughts that you would be better off dead or of hurting yourself in some way"


def test_the_last_two_codes_of_the_gad7_are_not_swapped():
    annoyed, afraid = GAD7.wordings["en"].items[5:]
    assert (annoyed.short, annoyed.loinc, afraid.short, afraid.loinc) == (
        "Irritable",
        "69689-8",
        "Afraid",
        "69736-7",
    )


@pytest.mark.parametrize(
    ("total", "word"),
    [
        (0, "minimal"),
        (4, "minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "moderately severe"),
        (19, "moderately severe"),
        (20, "severe"),
        (27, "severe"),
    ],
)
def test_bands_of_the_phq9(total, word):
    assert PHQ9.band(total).word == word


@pytest.mark.parametrize(
    ("total", "word"),
    [
        (0, "minimal"),
        (4, "minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "severe"),
        (21, "severe"),
    ],
)
def test_bands_of_the_gad7(total, word):
    assert GAD7.band(total).word == word


def test_a_full_form():
    scored = score(PHQ9, [2, 2, 3, 2, 1, 2, 1, 1, 1])
    assert (scored.total, scored.band, scored.critical) == (15, Band(15, 19, "moderately severe"), 1)
    assert (scored.missing, scored.is_prorated, scored.is_critical) == ((), False, True)
    assert scored.items == (2, 2, 3, 2, 1, 2, 1, 1, 1)


@pytest.mark.parametrize(
    ("items", "total", "missing", "is_prorated"),
    [
        ([2, None, 2, 2, 2, 2, 2, 2, 0], 16, (2,), True),  # 14 of 8: 15.75
        ([1, None, None, 1, 1, 1, 1, 1, 0], 8, (2, 3), True),  # 6 of 7: 7.71
        ([1, 1, 1, 1, 0, 0, 0, None, 0], 5, (8,), True),  # 4 of 8: exactly 4.5 is rounded up
        ([3, None, 3, 3, 3, 3, 3, 3, 3], 27, (2,), True),
        ([0, None, None, 0, 0, 0, 0, 0, 0], 0, (2, 3), True),
        ([2, None, None, None, 2, 2, 2, 2, 0], None, (2, 3, 4), False),
    ],
)
def test_up_to_two_missing_items_are_prorated(items, total, missing, is_prorated):
    scored = score(PHQ9, items)
    assert (scored.total, scored.missing, scored.is_prorated) == (total, missing, is_prorated)


def test_a_missing_critical_item_is_never_made_up():
    scored = score(PHQ9, [2, 2, 2, 2, 2, 2, 2, 2, None])
    assert (scored.total, scored.band, scored.critical, scored.is_critical) == (None, None, None, False)


def test_a_positive_critical_item_stands_without_a_total():
    scored = score(PHQ9, [None] * 8 + [2])
    assert (scored.total, scored.critical, scored.is_critical) == (None, 2, True)


def test_the_gad7_needs_all_seven():
    assert score(GAD7, [1, 1, 1, 1, 1, 1, None]).total is None
    assert score(GAD7, [1, 1, 1, 1, 1, 1, 1]).total == 7
    assert score(GAD7, [3] * 7).critical is None


@pytest.mark.parametrize("answer", [-1, 4, 2.0, True, "2"])
def test_impossible_answers_name_the_item_and_the_range_only(answer):
    with pytest.raises(ImpossibleScore) as refused:
        score(PHQ9, [1, 1, answer, 1, 1, 1, 1, 1, 0])
    assert str(refused.value) == "PHQ-9 item 3 takes whole numbers from 0 to 3."
    assert refused.value.item == 3


def test_a_form_of_the_wrong_length_is_refused():
    with pytest.raises(ImpossibleScore, match=r"^PHQ-9 has 9 items; 7 were given\.$"):
        score(PHQ9, [1] * 7)


@pytest.mark.parametrize(("total", "item9"), [(0, 0), (27, 3), (16, None), (3, 3), (24, 0), (25, 1)])
def test_totals_alone(total, item9):
    scored = check_total(PHQ9, total, item9)
    assert (scored.total, scored.critical, scored.items, scored.is_prorated) == (total, item9, (), False)


@pytest.mark.parametrize(
    ("scale", "total", "item9", "sentence"),
    [
        (PHQ9, 28, None, "PHQ-9 takes whole numbers from 0 to 27."),
        (PHQ9, -1, None, "PHQ-9 takes whole numbers from 0 to 27."),
        (PHQ9, 15.5, None, "PHQ-9 takes whole numbers from 0 to 27."),
        (PHQ9, 10, 4, "PHQ-9 item 9 takes whole numbers from 0 to 3."),
        (PHQ9, 2, 3, "PHQ-9 item 9 cannot be more than the total."),
        (GAD7, 22, None, "GAD-7 takes whole numbers from 0 to 21."),
        (GAD7, 10, 1, "GAD-7 has no item that is kept beside its total."),
    ],
)
def test_impossible_totals(scale, total, item9, sentence):
    with pytest.raises(ImpossibleScore) as refused:
        check_total(scale, total, item9)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(("total", "lowest"), [(0, 0), (24, 0), (25, 1), (26, 2), (27, 3)])
def test_a_high_total_needs_some_of_its_critical_item(total, lowest):
    assert lowest_critical(PHQ9, total) == lowest


def test_what_was_written_in_the_past_is_kept_as_it_was():
    assert check_total(PHQ9, 27, 0).critical == 0


ANSWERS = st.lists(st.none() | st.integers(0, 3), min_size=9, max_size=9)


@given(ANSWERS)
def test_a_total_lies_in_its_band_and_between_the_possible_extremes(items):
    scored = score(PHQ9, items)
    if scored.total is not None:
        answered = sum(answer or 0 for answer in items)
        assert answered <= scored.total <= answered + 3 * len(scored.missing)
        assert scored.band.lowest <= scored.total <= scored.band.highest
    assert scored.critical == items[8]


def _without(field):
    return {key: value for key, value in DATA.items() if key != field}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (DATA | {"colour": "red"}, "PHQ-9: unknown field colour"),
        (_without("licence"), "PHQ-9: licence is missing"),
        (_without("name"), "a scale without a name: name is missing"),
        (DATA | {"source": []}, "PHQ-9: no source is named"),
        (DATA | {"critical_item": 10}, "PHQ-9: the critical item is not one of its items"),
        (DATA | {"optional": [10]}, "PHQ-9: an item is named that it does not have"),
        (
            DATA | {"asked_if": {"2": {"item": 2, "at_least": 1}}},
            "PHQ-9: an item may depend on an earlier one only",
        ),
        (DATA | {"may_miss": 9}, "PHQ-9: not every item may be missing"),
        (
            DATA | {"tier": [{"key": "high", "word": "High", "any_of": [], "steps": []}] * 2},
            "PHQ-9: the last tier, and only that, must stand for nothing found",
        ),
        (_without("remission_below"), "PHQ-9: remission_below is missing"),
        (DATA | {"licence_status": "score_only"}, "PHQ-9: its wording is here if and only if it is bundled"),
        (DATA | {"licence_status": "free"}, "PHQ-9: unknown licence status"),
        (DATA | {"highest_answer": 4}, "PHQ-9: each score needs its answer in every language"),
        (DATA | {"band": [{"from": 1, "word": "some"}]}, "PHQ-9: the first band must begin at 0"),
        (
            DATA | {"band": [{"from": 0, "word": "a"}, {"from": 9, "word": "b"}, {"from": 5, "word": "c"}]},
            "PHQ-9: bands must rise",
        ),
        (
            DATA | {"text": {"en": DATA["text"]["en"] | {"short": ["one"]}}},
            "items, short labels and LOINC codes must be of one number",
        ),
    ],
)
def test_a_faulty_definition_is_refused(data, sentence):
    with pytest.raises(InstrumentMisdefined) as refused:
        define(data)
    assert str(refused.value) == sentence
