"""Every tool that ships, against tables worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.instruments import (
    INSTRUMENTS,
    TARGET_SCALES,
    ImpossibleScore,
    TargetScale,
    check_total,
    instrument,
    remarks_on,
    scale_key_of,
    score,
)
from registry.rules.instruments.words import critical_words, result_words

BUNDLED = ["auditc", "cssrs", "cssrs_followup", "gad2", "gad7", "pcl5", "pcptsd5", "phq2", "phq9", "phqa"]
ATTESTED = ["audit", "dast10"]
SCORE_ONLY = ["epds", "isi", "mdq", "psc17", "scared", "smfq", "whodas12"]
CSSRS, PCPTSD, AUDITC, PHQA = map(instrument, ("cssrs", "pcptsd5", "auditc", "phqa"))
WITH_TOTAL = [made for made in INSTRUMENTS.values() if made.has_total]


def _of_status(status):
    return [key for key, made in INSTRUMENTS.items() if made.licence_status == status]


def test_which_tools_ship_and_under_what_licence():
    found = {status: _of_status(status) for status in ("bundled", "site_attested", "score_only")}
    assert found == {"bundled": BUNDLED, "site_attested": ATTESTED, "score_only": SCORE_ONLY}


def test_only_bundled_tools_carry_a_wording():
    assert [key for key, made in INSTRUMENTS.items() if made.wordings] == BUNDLED


@pytest.mark.parametrize("made", INSTRUMENTS.values(), ids=INSTRUMENTS)
def test_answers_are_taken_one_by_one_only_where_the_licence_lets_them(made):
    expected = {"bundled": (True, True), "site_attested": (False, True), "score_only": (False, False)}
    assert (made.takes_items(), made.takes_items(is_attested=True)) == expected[made.licence_status]


def test_patients_answer_what_has_a_wording_and_is_not_for_staff_to_ask():
    of_patients = [key for key in BUNDLED if not key.startswith("cssrs")]
    assert [key for key, made in INSTRUMENTS.items() if made.may_be_sent] == of_patients


@pytest.mark.parametrize(
    ("key", "languages"),
    [*((key, ("en", "es")) for key in ("phq2", "phq9", "gad2", "gad7"))]
    + [(key, ("en",)) for key in ("auditc", "cssrs", "cssrs_followup", "pcl5", "pcptsd5", "phqa")],
)
def test_each_language_has_every_item_and_an_answer_for_each_of_its_points(key, languages):
    made = instrument(key)
    assert made.languages == languages
    for words in made.wordings.values():
        assert [len(item.answers) for item in words.items] == [len(points) for points in made.points]
        assert all(item.text and item.short and all(item.answers) for item in words.items)
        assert bool(words.difficulty) == (len(words.difficulty_answers) == 4)


@pytest.mark.parametrize(
    ("key", "items", "highest"),
    [
        ("audit", 10, 40),
        ("auditc", 3, 12),
        ("cssrs", 7, 0),
        ("dast10", 10, 10),
        ("epds", 10, 30),
        ("gad2", 2, 6),
        ("gad7", 7, 21),
        ("isi", 7, 28),
        ("mdq", 13, 13),
        ("pcl5", 20, 80),
        ("pcptsd5", 6, 5),
        ("phq2", 2, 6),
        ("phq9", 9, 27),
        ("phqa", 12, 27),
        ("psc17", 17, 34),
        ("scared", 41, 82),
        ("smfq", 13, 26),
        ("whodas12", 12, 48),
    ],
)
def test_items_and_the_highest_total(key, items, highest):
    assert (instrument(key).item_count, instrument(key).highest_total) == (items, highest)


# Both edges of every band.
BANDS = {
    "phq9": [
        (0, 4, "minimal"),
        (5, 9, "mild"),
        (10, 14, "moderate"),
        (15, 19, "moderately severe"),
        (20, 27, "severe"),
    ],
    "phqa": [
        (0, 4, "minimal"),
        (5, 9, "mild"),
        (10, 14, "moderate"),
        (15, 19, "moderately severe"),
        (20, 27, "severe"),
    ],
    "gad7": [(0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"), (15, 21, "severe")],
    "phq2": [(0, 2, "negative screen"), (3, 6, "positive screen")],
    "gad2": [(0, 2, "negative screen"), (3, 6, "positive screen")],
    "pcl5": [(0, 30, "below the cut"), (31, 32, "near the cut"), (33, 80, "at or above the cut")],
    "pcptsd5": [(0, 3, "negative screen"), (4, 5, "positive screen")],
    "auditc": [],
    "audit": [(0, 7, "low risk"), (8, 15, "hazardous"), (16, 19, "harmful"), (20, 40, "possible dependence")],
    "dast10": [(0, 0, "none reported"), (1, 2, "low"), (3, 5, "moderate"), (6, 8, "substantial"), (9, 10, "severe")],
    "epds": [(0, 9, "below the cut"), (10, 12, "possible depression"), (13, 30, "probable depression")],
    "mdq": [(0, 6, "negative screen"), (7, 13, "positive if both follow-up questions agree")],
    "isi": [(0, 7, "none"), (8, 14, "subthreshold"), (15, 21, "moderate"), (22, 28, "severe")],
    "whodas12": [],
    "psc17": [(0, 14, "negative screen"), (15, 34, "positive screen")],
    "scared": [(0, 24, "below the cut"), (25, 30, "possible anxiety disorder"), (31, 82, "more specific")],
    "smfq": [(0, 11, "below the cut"), (12, 26, "at or above the cut")],
    "cssrs": [],
    "cssrs_followup": [],
}


@pytest.mark.parametrize("key", INSTRUMENTS)
def test_bands(key):
    made = instrument(key)
    assert [(band.lowest, band.highest, band.word) for band in made.bands] == BANDS[key]
    for lowest, highest, word in BANDS[key]:
        assert [made.band(total).word for total in (lowest, highest)] == [word, word]


@pytest.mark.parametrize(
    ("key", "cuts"),
    [
        ("phq2", (3, 3, 3)),
        ("gad2", (3, 3, 3)),
        ("pcptsd5", (4, 4, 4)),
        ("auditc", (3, 4, 3)),
        ("audit", (8, 8, 8)),
        ("epds", (10, 10, 10)),
        ("mdq", (7, 7, 7)),
        ("psc17", (15, 15, 15)),
        ("scared", (25, 25, 25)),
        ("smfq", (12, 12, 12)),
        ("phq9", (None, None, None)),
        ("dast10", (None, None, None)),
        ("isi", (None, None, None)),
    ],
)
def test_cuts_for_women_men_and_others(key, cuts):
    made = instrument(key)
    assert tuple(made.cut(sex) for sex in ("F", "M", "X")) == cuts
    for sex, cut in zip(("F", "M", "X"), cuts, strict=True):
        expected = (None, None) if cut is None else (False, True)
        assert (made.is_positive((cut or 1) - 1, sex), made.is_positive(cut or 1, sex)) == expected


@pytest.mark.parametrize(
    ("key", "steering"),
    [("phq9", (10, 5, 5, None)), ("gad7", (10, 4, 5, None)), ("pcl5", (33, 10, 33, 12)), ("phqa", (10, 5, 5, None))],
)
def test_what_steers_treatment(key, steering):
    made = instrument(key)
    assert isinstance(made, TargetScale)
    assert (made.elevated_from, made.meaningful_change, made.remission_below, made.improved_by) == steering


def test_only_these_are_scales_of_their_own_to_be_steered_by():
    assert sorted(TARGET_SCALES) == ["gad7", "pcl5", "phq9"]


@pytest.mark.parametrize(
    ("key", "scale"), [("phqa", "phq9"), ("phq9", "phq9"), ("gad2", "gad2"), ("unknown", "unknown")]
)
def test_a_phqa_counts_as_a_phq9(key, scale):
    assert scale_key_of(key) == scale


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("phq2", ("", "55758-7", ("44250-9", "44255-8"))),
        ("gad2", ("", "", ("69725-0", "68509-9"))),
        ("phqa", ("89206-7", "89204-2", ("",) * 12)),
        ("pcl5", ("101697-1", "101698-9", ("",) * 20)),
        ("pcptsd5", ("", "", ("",) * 6)),
        ("auditc", ("72109-2", "75626-2", ("", "68519-8", "68520-6"))),
        ("cssrs", ("93373-9", "", ("93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9"))),
    ],
)
def test_codes_are_those_with_a_source(key, codes):
    made = instrument(key)
    items = tuple(item.loinc for item in made.wordings["en"].items)
    assert (made.loinc_panel, made.loinc_total, items) == codes


def test_the_tier_of_the_screener_has_a_code():
    assert [made.key for made in INSTRUMENTS.values() if made.loinc_tier] == ["cssrs"]
    assert CSSRS.loinc_tier == "93374-7"


# Questions 1 to 5, 6 ever, 6 within three months; n: not answered.
@pytest.mark.parametrize(
    ("answers", "tier", "missing"),
    [
        ("00nnn0n", "none", ()),
        ("10nnn0n", "low", ()),
        ("010000n", "low", ()),
        ("110000n", "low", ()),
        ("111000n", "moderate", ()),
        ("00nnn10", "moderate", ()),
        ("111010n", "high", ()),
        ("110100n", "high", ()),
        ("110010n", "high", ()),
        ("00nnn11", "high", ()),
        ("1111111", "high", ()),
        ("nnnnnnn", None, (1, 2, 3, 4, 5, 6, 7)),
        ("00nnnnn", None, (6, 7)),
        ("n0nnn0n", None, (1,)),
        ("10nnnnn", "low", (6, 7)),
        ("11100nn", "moderate", (6, 7)),
        ("00nnn1n", "moderate", (7,)),
        ("1nn1nnn", "high", (2, 3, 5, 6, 7)),
    ],
)
def test_tiers_of_the_suicide_screener(answers, tier, missing):
    scored = score(CSSRS, [None if answer == "n" else int(answer) for answer in answers])
    assert (scored.tier.key if scored.tier else None, scored.missing) == (tier, missing)
    assert (scored.total, scored.band, scored.critical, scored.is_prorated) == (None, None, None, False)
    assert scored.is_critical == ("1" in answers)
    assert scored.is_at_least == (tier is not None and bool(missing))


def test_no_to_a_question_that_was_not_to_be_asked_is_dropped():
    scored = score(CSSRS, [0, 0, 0, 0, 0, 0, 0])
    assert (scored.items, scored.tier.key) == ((0, 0, None, None, None, 0, None), "none")


@pytest.mark.parametrize(
    ("items", "item", "sentence"),
    [
        (
            [0, 0, None, 1, None, 0, None],
            4,
            "C-SSRS screener: item 4 is answered although item 2 rules it out. Change one of them.",
        ),
        (
            [0, 0, None, None, None, 0, 1],
            7,
            "C-SSRS screener: the question after item 6 is answered although item 6 rules it out. Change one of them.",
        ),
    ],
)
def test_yes_to_a_question_that_was_not_to_be_asked_is_asked_about(items, item, sentence):
    with pytest.raises(ImpossibleScore) as refused:
        score(CSSRS, items)
    assert (refused.value.item, str(refused.value)) == (item, sentence)


def test_each_tier_says_what_to_do_and_when_to_ask_again():
    assert [(tier.key, tier.recheck_days) for tier in CSSRS.tiers] == [
        ("high", 7),
        ("moderate", 14),
        ("low", 30),
        ("none", None),
    ]
    assert all(tier.steps for tier in CSSRS.tiers)
    assert CSSRS.tier("high").steps[0] == "Do not leave the patient alone."
    assert CSSRS.tier("severe") is None


def test_the_screener_has_no_total():
    with pytest.raises(ImpossibleScore, match=r"^C-SSRS screener has no total\. Enter its answers\.$"):
        check_total(CSSRS, 3)


def test_the_screener_carries_its_owners_notice():
    assert CSSRS.licence.startswith("© 2008 The Research Foundation for Mental Hygiene, Inc.")


@pytest.mark.parametrize(
    ("items", "total", "missing"),
    [
        ([0, None, None, None, None, None], 0, ()),
        ([0, 0, 0, 0, 0, 0], 0, ()),
        ([1, 0, 0, 0, 0, 0], 0, ()),
        ([1, 1, 1, 1, 0, 0], 3, ()),
        ([1, 1, 1, 1, 1, 0], 4, ()),
        ([1, 1, 1, 1, 1, 1], 5, ()),
        ([1, 1, 1, 1, 1, None], None, (6,)),
        ([None, 1, 1, 1, 1, 1], None, (1,)),
    ],
)
def test_the_trauma_screen_begins_with_whether_anything_happened(items, total, missing):
    scored = score(PCPTSD, items)
    assert (scored.total, scored.missing, scored.is_prorated) == (total, missing, False)


def test_the_trauma_screen_asks_about_answers_without_an_event():
    with pytest.raises(ImpossibleScore) as refused:
        score(PCPTSD, [0, 1, 0, 0, 0, 0])
    assert str(refused.value) == (
        "PC-PTSD-5: item 1 is answered although the first question rules it out. Change one of them."
    )


@pytest.mark.parametrize(
    ("items", "total", "remark"),
    [
        ([0, None, None], 0, False),
        ([0, 0, 0], 0, False),
        ([4, 4, 4], 12, False),
        ([3, 0, 0], 3, True),
        ([4, 0, 0], 4, True),
        ([2, 1, 0], 3, False),
        ([2, None, 0], None, True),
    ],
)
def test_drinking(items, total, remark):
    scored = score(AUDITC, items)
    assert scored.total == total
    assert bool(remarks_on(AUDITC, scored.items)) == remark


def test_drinking_never_and_much_is_refused():
    with pytest.raises(ImpossibleScore, match=r"item 3 is answered although item 1 rules it out"):
        score(AUDITC, [0, 0, 2])


def test_each_item_of_the_alcohol_screen_has_its_own_answers():
    words = AUDITC.wordings["en"]
    assert [item.answers[0] for item in words.items] == ["Never", "1 or 2", "Never"]
    assert words.answers == ()
    assert PHQA.wordings["en"].answers == ()
    assert instrument("phq9").wordings["en"].answers[3] == "Nearly every day"


@pytest.mark.parametrize(
    ("items", "total", "critical", "concerns", "missing", "is_prorated"),
    [
        ([1] * 9 + [None] * 3, 9, 1, (9,), (), False),
        ([2] * 8 + [0, 0, 0, 0], 16, 0, (), (), False),
        ([2] * 8 + [0, 1, 1, 1], 16, 0, (11, 12), (), False),
        ([None, None, *[1] * 6, 0, 1, 0, 0], 8, 0, (), (1, 2), True),  # 6 of 7: 7.71
        ([None, None, None, *[1] * 5, 0, 0, 0, 0], None, 0, (), (1, 2, 3), False),
        ([1] * 8 + [None, 0, 0, 1], None, None, (12,), (9,), False),
    ],
)
def test_the_phqa_with_its_unscored_questions(items, total, critical, concerns, missing, is_prorated):
    scored = score(PHQA, items)
    assert (scored.total, scored.critical, scored.concerns) == (total, critical, concerns)
    assert (scored.missing, scored.is_prorated) == (missing, is_prorated)
    assert scored.is_critical == bool(critical or concerns)


@pytest.mark.parametrize(
    ("key", "items", "total"),
    [
        ("phq2", [3, 3], 6),
        ("phq2", [1, 2], 3),
        ("phq2", [3, None], None),
        ("gad2", [0, 0], 0),
        ("gad2", [None, 3], None),
        ("pcl5", [4] * 20, 80),
        ("pcl5", [1] * 19 + [None], None),
        ("audit", [4, 4, 4, 4, 4, 4, 4, 4, 4, 4], 40),
        ("audit", [1, 0, 0, 0, 0, 0, 0, 0, 2, 0], 3),
        ("dast10", [1] * 10, 10),
    ],
)
def test_sums(key, items, total):
    assert score(instrument(key), items).total == total


@pytest.mark.parametrize(
    ("key", "items", "sentence"),
    [
        ("audit", [1, 0, 0, 0, 0, 0, 0, 0, 3, 0], "AUDIT item 9 takes 0, 2 or 4."),
        ("pcptsd5", [2, 0, 0, 0, 0, 0], "PC-PTSD-5 the first question takes 0 or 1."),
        ("cssrs", [0, 0, None, None, None, 2, None], "C-SSRS screener item 6 takes 0 or 1."),
        ("phqa", [0] * 11 + [2], "PHQ-A item 12 takes 0 or 1."),
        ("pcl5", [5] + [0] * 19, "PCL-5 item 1 takes whole numbers from 0 to 4."),
    ],
)
def test_impossible_answers(key, items, sentence):
    with pytest.raises(ImpossibleScore) as refused:
        score(instrument(key), items)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("made", WITH_TOTAL, ids=lambda made: made.key)
def test_totals_alone_stay_in_their_range(made):
    assert [check_total(made, total).total for total in (0, made.highest_total)] == [0, made.highest_total]
    for total in (-1, made.highest_total + 1):
        with pytest.raises(ImpossibleScore) as refused:
            check_total(made, total)
        assert str(refused.value) == f"{made.name} takes whole numbers from 0 to {made.highest_total}."


@pytest.mark.parametrize(("total", "item10"), [(0, 0), (30, 3), (13, 1), (27, 0)])
def test_the_critical_item_of_the_epds_stands_beside_its_total(total, item10):
    scored = check_total(instrument("epds"), total, item10)
    assert (scored.total, scored.critical, scored.is_critical) == (total, item10, item10 > 0)


@pytest.mark.parametrize(
    ("key", "result", "sentence"),
    [
        ("phq9", {"total": 16}, "16, moderately severe"),
        ("phq9", {"total": 16, "is_prorated": True}, "16, moderately severe (prorated)"),
        ("phq9", {"total": None}, "incomplete"),
        ("auditc", {"total": 3, "sex": "F"}, "3, positive screen"),
        ("auditc", {"total": 3, "sex": "M"}, "3, negative screen"),
        ("whodas12", {"total": 20}, "20"),
        ("cssrs", {"total": None, "tier": CSSRS.tier("high")}, "high risk"),
        ("cssrs", {"total": None, "tier": CSSRS.tier("low"), "is_at_least": True}, "at least low risk"),
    ],
)
def test_results_in_words(key, result, sentence):
    assert result_words(instrument(key), **result) == sentence


def test_the_critical_answer_in_words():
    assert critical_words(instrument("epds"), 2) == "item 10: 2"


def _answered(made):
    """A key with answers, some of them missing."""
    answers = [st.none() | st.sampled_from(points) for points in made.points]
    return st.tuples(st.just(made.key), st.tuples(*answers))


@given(st.one_of([_answered(one) for one in WITH_TOTAL if not one.asked_if and one.item_count <= 12]))
def test_a_total_is_possible_and_lies_in_its_band(given_to):
    key, items = given_to
    made = instrument(key)
    scored = score(made, items)
    counted = sum(items[number - 1] or 0 for number in made.scored_items)
    assert (scored.total is None) == (len(scored.missing) > made.may_miss or made.critical_item in scored.missing)
    if scored.total is not None:
        assert counted <= scored.total <= made.highest_total
        assert scored.is_prorated == bool(scored.missing)
        assert scored.band == made.band(scored.total)
        assert scored.total == counted or scored.is_prorated


@given(st.lists(st.none() | st.integers(0, 1), min_size=7, max_size=7))
def test_a_yes_never_lowers_the_tier(answers):
    order = {None: -1, "none": 0, "low": 1, "moderate": 2, "high": 3}
    asked = [1, *answers[:5], None] if answers[5] is None else [1, 1, *answers[2:6], answers[6] if answers[5] else None]
    more = [1 if place in (1, 3) else answer for place, answer in enumerate(asked)]
    try:
        before = score(CSSRS, asked).tier
    except ImpossibleScore:
        before = None
    after = score(CSSRS, more).tier
    assert order[after.key] >= order[before.key if before else None]
