"""Facts are frozen as canonical JSON, and read back for ever."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rules import canonical
from billing.rules.books import book_in_force, book_named
from billing.rules.canonical import Unreadable
from billing.rules.facts import (
    AccessModel,
    EarlierLine,
    FactsFromALaterVersion,
    MonthFacts,
    OtherService,
    Visit,
    from_json,
    sha256,
    to_json,
)
from billing.rules.findings import Verdict
from billing.rules.story_months import months_of
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day
from caseload.rules.minutes import Counted, MonthMinutes
from tests.rules.billing.billing_stories import story_files, story_in

WHOLE = MonthFacts(
    month="2026-10",
    enrolled_on=date(2026, 9, 1),
    episode_from=date(2026, 8, 30),
    options=(("addon_cap", None), ("extra_visit_codes", ("99395",)), ("scale_within", 60)),
    time=MonthMinutes(
        counted=Counted(2460, 2460, date(2026, 10, 5), engaged=True),
        if_consented=Counted(2460, 2460, date(2026, 10, 5), engaged=True),
        logged_seconds=3000,
    ),
    visits=(Visit(date(2026, 8, 20), "99214"),),
    diagnoses=("F32.1",),
    care_plans=(date(2026, 9, 1),),
    scores=(date(2026, 10, 5),),
    reviews=(date(2026, 9, 20),),
    other_services=(OtherService("G0557", "other"), OtherService("99490", minutes=22)),
    served_before=("2026-06",),
    billed_before=(EarlierLine("2026-06", "99492"),),
    own_served=("2026-09",),
    own_lines=(EarlierLine("2026-09", "99493"), EarlierLine("2026-09", "99494", 2)),
    access=AccessModel(aligned=True),
)
FROZEN_AT_1 = (
    '{"access":{"aligned":true,"participant":false},"assumed_care_plans":[],"billed_before":[{"code":"99492","month":"2026-06","units":1}],'
    '"care_plans":["2026-09-01"],"diagnoses":["F32.1"],"enrolled_on":"2026-09-01","episode_from":"2026-08-30",'
    '"facts_version":1,"month":"2026-10","options":[["addon_cap",null],["extra_visit_codes",["99395"]],'
    '["scale_within",60]],"other_services":[{"by":"other","code":"G0557","minutes":null},'
    '{"by":"billing","code":"99490","minutes":22}],"own_lines":[{"code":"99493","month":"2026-09","units":1},'
    '{"code":"99494","month":"2026-09","units":2}],"own_served":["2026-09"],"payer":"medicare_ffs",'
    '"place_of_service":"11","program":"cocm","reviews":["2026-09-20"],"scores":["2026-10-05"],'
    '"served_before":["2026-06"],"setting":"office","time":{"ccm_logged_seconds":0,"ccm_seconds":0,'
    '"counted":{"bhi_seconds":2460,"cocm_seconds":2460,"engaged":true,"first_on":"2026-10-05"},'
    '"if_consented":{"bhi_seconds":2460,"cocm_seconds":2460,"engaged":true,"first_on":"2026-10-05"},'
    '"logged_seconds":3000,"only_after_end":false},"visits":[{"by":"billing","code":"99214","on":"2026-08-20"}]}'
)


FROZEN = FROZEN_AT_1.replace('"diagnoses"', '"conversion":"standard","diagnoses"').replace(
    '"facts_version":1', '"facts_version":2'
)


def test_facts_have_one_written_form_for_ever():
    assert to_json(WHOLE) == FROZEN
    assert sha256(WHOLE) == "a0a0552a0b264e1928ae50aa1faff15b8457c2946aa45a97cc2564dd0bb86045"


def test_frozen_facts_of_version_1_give_the_verdict_they_gave():
    facts = from_json(FROZEN_AT_1)
    assert facts == replace(WHOLE, facts_version=1)
    assert facts.conversion == "standard"
    verdict = judge(facts, book_named("medicare_ffs_2026_07"))
    assert [(line.code, line.units) for line in verdict.lines] == [("99493", 1), ("99490", 1)]
    assert [gap.word for gap in verdict.gaps] == ["apcm_base_missing"]
    assert [flag.word for flag in verdict.flags] == ["minutes_excluded"]


def test_a_field_that_was_not_written_takes_its_default():
    assert from_json('{"month":"2026-10","enrolled_on":"2026-09-01"}') == MonthFacts("2026-10", date(2026, 9, 1))


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"speed": 1}, "no field 'speed'"),
        ({"time": {"speed": 1}}, "no field 'speed'"),
        ({"month": None, "enrolled_on": 7}, "MonthFacts"),
        ({"visits": [{"on": "2026-10-40", "code": "99214"}]}, "Visit"),
        ({"visits": [7]}, "MonthFacts"),
        ({"month": ["2026-10"]}, "MonthFacts"),
        ({"enrolled_on": ["2026-10-01"]}, "MonthFacts"),
    ],
)
def test_what_is_not_of_the_version_is_refused(document, fault):
    with pytest.raises(Unreadable, match=fault):
        from_json(json.dumps({"month": "2026-10", "enrolled_on": "2026-09-01"} | document))


@pytest.mark.parametrize("text", ["{}", "[]", "7", '{"month":"2026-10"}'])
def test_what_is_no_facts_is_refused(text):
    with pytest.raises(Unreadable):
        from_json(text)


def test_facts_of_a_later_version_are_refused():
    with pytest.raises(FactsFromALaterVersion, match="version 3"):
        from_json('{"facts_version": 3, "colour": "blue"}')


@pytest.mark.parametrize("path", story_files("billing"), ids=lambda path: path.stem)
def test_the_verdict_of_frozen_facts_is_the_same(path):
    for facts in months_of(story_in(path)):
        thawed = from_json(to_json(facts))
        book = book_in_force(facts.payer, first_day(facts.month))
        assert thawed == facts
        assert judge(thawed, book) == judge(facts, book)


def test_a_verdict_is_frozen_and_read_back_too():
    verdict = judge(WHOLE, book_named("medicare_ffs_2026_07"))
    frozen = canonical.to_json(verdict)
    assert canonical.read(Verdict, json.loads(frozen)) == verdict
    assert json.loads(frozen)["lines"][0]["amount"] == "144.96"


def test_equal_facts_have_equal_fingerprints_and_others_not():
    assert sha256(replace(WHOLE)) == sha256(WHOLE)
    assert sha256(replace(WHOLE, diagnoses=())) != sha256(WHOLE)
    assert canonical.plain(Decimal("1.50")) == "1.50"
