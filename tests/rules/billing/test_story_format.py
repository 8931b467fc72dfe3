"""The story format: what is read, what is supplied, and what is refused at which place."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.rules.documents import DocumentInvalid
from billing.rules.facts import AccessModel, EarlierLine, OtherService, Visit
from billing.rules.story import load_story, read_story
from billing.rules.story_parts import (
    Consent,
    End,
    ExpectedMonth,
    ProgramChange,
    Review,
    Score,
    StoryClinic,
    StoryPatient,
    Work,
)

LEAST = {"id": "X-1", "title": "A story", "enrolled_on": "2026-10-05"}


def story(**said):
    return read_story(LEAST | said)


def work(at: str = "2026-10-06T10:00", **said) -> dict:
    return {"at": at, "minutes": 20, **said}


def test_what_is_not_said_has_its_default():
    found = story()
    assert (found.id, found.title, found.source, found.confidence, found.reason) == ("X-1", "A story", (), None, None)
    assert found.clinic == StoryClinic("America/New_York", "office", "11")
    assert (found.book, found.options, found.program, found.program_changes) == ("medicare_ffs", (), "cocm", ())
    assert (found.referred_on, found.enrolled_on, found.ended) == (None, date(2026, 10, 5), None)
    assert found.patient == StoryPatient(date(1980, 5, 17), "F", None)
    assert (found.relapse_prevention_from, found.access_model, found.days, found.expect) == (None, None, (), None)
    assert (found.served_before, found.billed_before, found.work, found.other_services) == ((), (), (), ())
    assert found.episode_from == date(2026, 10, 5)


def test_a_story_in_order_is_supplied_with_what_its_months_need():
    found = story(
        work=[
            work("2026-09-30T10:00"),
            work("2026-10-02T10:00"),
            work("2026-11-20", service="ccm"),
            work("2026-11-25T10:00"),
            work("2026-12-04", activity="no_show", service="bhi"),
        ]
    )
    assert found.consents == (Consent(datetime(2026, 10, 5, 4, tzinfo=UTC), "bhi"),)
    assert found.visits == (Visit(date(2026, 9, 21), "99214"),)
    assert (found.diagnoses, found.care_plans) == (("F32.1",), (date(2026, 10, 5),))
    assert found.scores == (
        Score(date(2026, 10, 5), "phq9", 16, 0),
        Score(date(2026, 11, 20), "phq9", 14, 0),
        Score(date(2026, 12, 4), "phq9", 14, 0),
    )
    assert found.reviews == (Review(date(2026, 10, 5), "continue"), Review(date(2026, 11, 25), "continue"))


KINDS = ("consents", "visits", "diagnoses", "care_plans", "scores", "reviews")


@pytest.mark.parametrize(
    ("word", "kind"),
    list(zip(("consent", "visit", "diagnosis", "care_plan", "score", "review"), KINDS, strict=True)),
)
def test_a_story_may_do_without_one_kind(word, kind):
    found = story(work=[work()], without=[word])
    assert [name for name in KINDS if not getattr(found, name)] == [kind]


def test_a_story_not_in_order_is_supplied_with_nothing():
    found = story(work=[work()], in_order=False)
    assert [getattr(found, name) for name in KINDS] == [()] * 6


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_given_replaces_what_would_be_supplied(kind):
    assert getattr(story(work=[work()], **{kind: []}), kind) == ()


def test_what_is_given_stands_even_where_the_story_is_to_do_without():
    assert story(diagnoses=["F41.1"], without=["diagnosis"]).diagnoses == ("F41.1",)


EVERYTHING = {
    "source": ["here"],
    "confidence": 0.85,
    "reason": "because",
    "clinic": {"time_zone": "America/Los_Angeles", "setting": "hospital_outpatient"},
    "payer": {
        "book": "commercial",
        "options": {"scale_within": 60, "addon_cap": None, "extra_visit_codes": ["99395"]},
    },
    "program": "bhi",
    "program_changes": [{"on": "2026-11-01", "to": "bhi"}, {"on": "2026-10-12", "to": "cocm"}],
    "referred_on": "2026-10-01",
    "ended": {"on": "2026-12-01", "reason": "graduated"},
    "relapse_prevention_from": "2026-11-15",
    "patient": {"birth_date": "1950-02-01", "sex": "M", "died_on": "2026-12-24"},
    "consents": [{"given_at": "2026-10-01T09:00", "service": "bhi", "revoked_on": "2026-11-30"}],
    "visits": [{"on": "2026-09-30", "code": "99213", "by": "other"}],
    "diagnoses": ["F41.1"],
    "served_before": ["2026-02"],
    "billed_before": [{"month": "2026-02", "code": "99492"}],
    "scores": [
        {"on": "2026-10-05", "instrument": "phq9", "items": [2, 2, 3, 2, 1, 2, 1, 1, 1]},
        {"on": "2026-10-06", "instrument": "gad7", "items": [1] * 7},
        {"on": "2026-10-07", "instrument": "pcl5", "total": 33},
        {"on": "2026-10-08", "instrument": "audit", "items": [0, 3]},
        {"on": "2026-10-09", "instrument": "phq9", "total": 27, "item9": 3},
    ],
    "care_plans": ["2026-10-06"],
    "reviews": [{"on": "2026-10-13", "recommendation": "medication"}],
    "other_services": [
        {"month": "2026-10", "code": "G0557"},
        {"month": "2026-11", "code": "99490", "by": "other", "minutes": 22},
    ],
    "access_model": {"aligned": True},
    "days": ["2026-10-31"],
    "expect": {
        "months": {
            "2026-10": {"minutes": 40, "lines": [["99492", 1]], "gaps": ["minutes_short"], "flags": []},
            "2026-11": {},
        },
        "signals": {"2026-10-31": ["stalled", "safety"]},
        "state": {"2026-10-31": "no_change"},
    },
}


def test_everything_said_is_read():
    found = story(**EVERYTHING)
    assert (found.source, found.confidence, found.reason) == (("here",), Decimal("0.85"), "because")
    assert found.clinic == StoryClinic("America/Los_Angeles", "hospital_outpatient", "22")
    assert found.book == "commercial"
    assert found.options == (("addon_cap", None), ("extra_visit_codes", ("99395",)), ("scale_within", 60))
    assert found.program_changes == (ProgramChange(date(2026, 10, 12), "cocm"), ProgramChange(date(2026, 11, 1), "bhi"))
    assert (found.referred_on, found.episode_from) == (date(2026, 10, 1), date(2026, 10, 1))
    assert found.ended == End(date(2026, 12, 1), "graduated")
    assert found.relapse_prevention_from == date(2026, 11, 15)
    assert found.patient == StoryPatient(date(1950, 2, 1), "M", date(2026, 12, 24))
    assert found.consents == (Consent(datetime(2026, 10, 1, 16, tzinfo=UTC), "bhi", date(2026, 11, 30)),)
    assert found.visits == (Visit(date(2026, 9, 30), "99213", "other"),)
    assert (found.served_before, found.billed_before) == (("2026-02",), (EarlierLine("2026-02", "99492"),))
    assert found.scores == (
        Score(date(2026, 10, 5), "phq9", 15, 1, (2, 2, 3, 2, 1, 2, 1, 1, 1)),
        Score(date(2026, 10, 6), "gad7", 7, None, (1,) * 7),
        Score(date(2026, 10, 7), "pcl5", 33),
        Score(date(2026, 10, 8), "audit", 3, None, (0, 3)),
        Score(date(2026, 10, 9), "phq9", 27, 3),
    )
    assert (found.care_plans, found.reviews) == ((date(2026, 10, 6),), (Review(date(2026, 10, 13), "medication"),))
    assert found.other_services == (
        ("2026-10", OtherService("G0557")),
        ("2026-11", OtherService("99490", "other", 22)),
    )
    assert (found.access_model, found.days) == (AccessModel(aligned=True, participant=False), (date(2026, 10, 31),))
    assert found.expect.months == {
        "2026-10": ExpectedMonth(40, (("99492", 1),), frozenset({"minutes_short"}), frozenset()),
        "2026-11": ExpectedMonth(),
    }
    assert found.expect.signals == {date(2026, 10, 31): frozenset({"stalled", "safety"})}
    assert found.expect.state == {date(2026, 10, 31): "no_change"}


@pytest.mark.parametrize(
    ("at", "instant", "on"),
    [
        ("2026-10-06T10:00", datetime(2026, 10, 6, 14, tzinfo=UTC), date(2026, 10, 6)),
        ("2026-10-06T10:00:30", datetime(2026, 10, 6, 14, 0, 30, tzinfo=UTC), date(2026, 10, 6)),
        ("2026-10-07T02:00Z", datetime(2026, 10, 7, 2, tzinfo=UTC), date(2026, 10, 6)),
        ("2026-10-07T02:00+02:00", datetime(2026, 10, 7, 0, tzinfo=UTC), date(2026, 10, 6)),
        ("2026-11-01T01:10", datetime(2026, 11, 1, 5, 10, tzinfo=UTC), date(2026, 11, 1)),
        ("2026-11-01T01:10-05:00", datetime(2026, 11, 1, 6, 10, tzinfo=UTC), date(2026, 11, 1)),
        ("2026-10-07T02:30-03:30", datetime(2026, 10, 7, 6, tzinfo=UTC), date(2026, 10, 7)),
        ("2026-10-07T03:00+23:30", datetime(2026, 10, 6, 3, 30, tzinfo=UTC), date(2026, 10, 5)),
        ("2026-10-06", None, date(2026, 10, 6)),
    ],
)
def test_work_has_a_local_time_one_with_an_offset_or_only_a_day(at, instant, on):
    found = story(work=[work(at)]).work[0]
    assert (found.at, found.on) == (instant, on)
    assert found.at is None or found.at.tzinfo is UTC


def test_work_has_its_defaults_and_the_program_of_its_day():
    changes = [{"on": "2026-10-12", "to": "cocm"}]
    found = story(
        program="bhi",
        program_changes=changes,
        work=[
            work("2026-10-11"),
            work("2026-10-12"),
            {
                "at": "2026-10-13",
                "seconds": 90,
                "by": "clinical_staff",
                "staff": "N",
                "activity": "message",
                "service": "ccm",
                "billed_as": "96127",
                "facility_stay": True,
            },
        ],
    )
    manager = ("care_manager", "care_manager", "treatment")
    assert found.work == (
        Work(None, date(2026, 10, 11), 1200, *manager, "bhi", None, facility_stay=False),
        Work(None, date(2026, 10, 12), 1200, *manager, "cocm", None, facility_stay=False),
        Work(None, date(2026, 10, 13), 90, "clinical_staff", "N", "message", "ccm", "96127", facility_stay=True),
    )
    assert [found.program_on(date(2026, 10, day)) for day in (11, 12)] == ["bhi", "cocm"]


@pytest.mark.parametrize(
    ("document", "path", "fault"),
    [
        ([], "$", "an object is expected"),
        ({}, "$", "id is missing"),
        ({"id": "X", "title": "T"}, "$", "enrolled_on is missing"),
        (LEAST | {"colour": "blue"}, "$.colour", "no such field"),
        (LEAST | {"id": " "}, "$.id", "a text is expected"),
        (LEAST | {"title": 7}, "$.title", "a text is expected"),
        (LEAST | {"enrolled_on": "5 October"}, "$.enrolled_on", "a date like 2026-10-05 is expected"),
        (LEAST | {"enrolled_on": "2026-02-30"}, "$.enrolled_on", "there is no such day"),
        (LEAST | {"enrolled_on": None}, "$.enrolled_on", "a date like 2026-10-05 is expected"),
        (LEAST | {"source": "one"}, "$.source", "a list is expected"),
        (LEAST | {"source": [7]}, "$.source[0]", "a text is expected"),
        (LEAST | {"confidence": 1.5}, "$.confidence", "a number from 0 to 1 is expected"),
        (LEAST | {"confidence": True}, "$.confidence", "a number from 0 to 1 is expected"),
        (LEAST | {"confidence": "high"}, "$.confidence", "a number from 0 to 1 is expected"),
        (LEAST | {"clinic": "office"}, "$.clinic", "an object is expected"),
        (LEAST | {"clinic": {"time_zone": "Mars/Olympus"}}, "$.clinic.time_zone", "a time zone like America/New_York"),
        (LEAST | {"clinic": {"time_zone": "../etc"}}, "$.clinic.time_zone", "a time zone like America/New_York"),
        (LEAST | {"clinic": {"setting": "barn"}}, "$.clinic.setting", "one of fqhc, hospital_outpatient, office, rhc"),
        (
            LEAST | {"clinic": {"place_of_service": "1"}},
            "$.clinic.place_of_service",
            "a place of service of two digits",
        ),
        (LEAST | {"payer": {"book": "acme"}}, "$.payer.book", "one of bcbs_nd, co_medicaid, commercial, horizon, "),
        (LEAST | {"payer": {"options": []}}, "$.payer.options", "an object is expected"),
        (LEAST | {"payer": {"options": {"speed": 1}}}, "$.payer.options.speed", "speed: no such payer option"),
        (
            LEAST | {"payer": {"options": {"g2214_min": 20}}},
            "$.payer.options.g2214_min",
            "g2214_min: 20 is not 16 or 30",
        ),
        (LEAST | {"program": "ccm"}, "$.program", "one of bhi, cocm is expected"),
        (LEAST | {"program_changes": [{"on": "2026-10-12"}]}, "$.program_changes[0]", "to is missing"),
        (
            LEAST | {"ended": {"on": "2026-10-12", "reason": "bored"}},
            "$.ended.reason",
            "one of administrative_inactivity",
        ),
        (LEAST | {"patient": {"sex": "female"}}, "$.patient.sex", "one of F, M, U, X is expected"),
        (LEAST | {"enrolled_on": "9999-12-31"}, "$.enrolled_on", "a year from 1900 to 2199 is expected"),
        (LEAST | {"enrolled_on": "1899-12-31"}, "$.enrolled_on", "a year from 1900 to 2199 is expected"),
        (LEAST | {"served_before": ["9999-12"]}, "$.served_before[0]", "a year from 1900 to 2199 is expected"),
        (LEAST | {"work": [work("9999-12-31T23:59-10:00")]}, "$.work[0].at", "a year from 1900 to 2199 is expected"),
        (LEAST | {"enrolled_on": "٢٠٢٦-١٠-٠٥"}, "$.enrolled_on", "a date like 2026-10-05 is expected"),
        (LEAST | {"served_before": ["٢٠٢٦-٠٢"]}, "$.served_before[0]", "a month like 2026-10 is expected"),
        (LEAST | {"visits": [{"on": "2026-10-05", "code": "9٢٠٢4"}]}, "$.visits[0].code", "a five-character code"),
        (LEAST | {"id": "a\0b"}, "$.id", "a text without NUL and half characters is expected"),
        (LEAST | {"work": [work(staff="\ud800")]}, "$.work[0].staff", "a text without NUL and half characters"),
        (LEAST | {"work": [work(staff="x" * 101)]}, "$.work[0].staff", "a text of at most 100 characters"),
        (LEAST | {"patient": {"age": 40}}, "$.patient.age", "no such field"),
        (LEAST | {"in_order": "yes"}, "$.in_order", "true or false is expected"),
        (LEAST | {"without": ["consents"]}, "$.without[0]", "one of care_plan, consent"),
        (LEAST | {"without": [["consent"]]}, "$.without[0]", "one of care_plan, consent"),
        (LEAST | {"consents": [{"service": "bhi"}]}, "$.consents[0]", "given_at is missing"),
        (LEAST | {"consents": [{"given_at": "2026-10-05", "service": "bhi"}]}, "$.consents[0].given_at", "a time like"),
        (
            LEAST | {"consents": [{"given_at": "2026-10-05T25:00", "service": "bhi"}]},
            "$.consents[0].given_at",
            "there is no such time",
        ),
        (LEAST | {"visits": [{"on": "2026-10-05", "code": "office"}]}, "$.visits[0].code", "a five-character code"),
        (LEAST | {"visits": [{"on": "2026-10-05", "code": 99214}]}, "$.visits[0].code", "a five-character code"),
        (LEAST | {"visits": None}, "$.visits", "a list is expected"),
        (LEAST | {"served_before": ["2026-13"]}, "$.served_before[0]", "a month like 2026-10 is expected"),
        (LEAST | {"billed_before": [{"month": "2026-1", "code": "99492"}]}, "$.billed_before[0].month", "a month like"),
        (LEAST | {"work": [{"minutes": 20}]}, "$.work[0]", "at is missing"),
        (LEAST | {"work": [work(), work("noon")]}, "$.work[1].at", "a date like 2026-10-05 is expected"),
        (LEAST | {"work": [work("10T:00")]}, "$.work[0].at", "a time like 2026-10-05T10:00"),
        (LEAST | {"work": [{"at": "2026-10-05"}]}, "$.work[0]", "either minutes or seconds are expected"),
        (LEAST | {"work": [work(seconds=60)]}, "$.work[0]", "either minutes or seconds are expected"),
        (LEAST | {"work": [work(minutes=0)]}, "$.work[0].minutes", "a number from 1 to 1440 is expected"),
        (LEAST | {"work": [work(minutes=2000)]}, "$.work[0].minutes", "a number from 1 to 1440 is expected"),
        (LEAST | {"work": [work(minutes=1.5)]}, "$.work[0].minutes", "a whole number is expected"),
        (LEAST | {"work": [work(minutes=True)]}, "$.work[0].minutes", "a whole number is expected"),
        (LEAST | {"work": [{"at": "2026-10-05", "seconds": -5}]}, "$.work[0].seconds", "a number from 1 to 86400"),
        (LEAST | {"work": [work(by="nurse")]}, "$.work[0].by", "one of care_manager"),
        (LEAST | {"work": [work(activity="golf")]}, "$.work[0].activity", "one of care_planning"),
        (LEAST | {"work": [work(service="apcm")]}, "$.work[0].service", "one of bhi, ccm, cocm is expected"),
        (LEAST | {"scores": [{"on": "2026-10-05", "instrument": "phq9"}]}, "$.scores[0]", "either items or a total"),
        (
            LEAST | {"scores": [{"on": "2026-10-05", "instrument": "phq9", "total": 28}]},
            "$.scores[0].total",
            "a number from 0 to 27 is expected",
        ),
        (
            LEAST | {"scores": [{"on": "2026-10-05", "instrument": "gad7", "items": [0] * 9}]},
            "$.scores[0].items",
            "7 items are expected",
        ),
        (
            LEAST | {"scores": [{"on": "2026-10-05", "instrument": "phq9", "items": [4] * 9}]},
            "$.scores[0].items[0]",
            "a number from 0 to 3 is expected",
        ),
        (
            LEAST | {"reviews": [{"on": "2026-10-05", "recommendation": "wait"}]},
            "$.reviews[0].recommendation",
            "one of continue",
        ),
        (LEAST | {"other_services": [{"code": "G0557"}]}, "$.other_services[0]", "month is missing"),
        (
            LEAST | {"other_services": [{"month": "2026-10", "code": "G0557", "by": "me"}]},
            "$.other_services[0].by",
            "one of billing, other is expected",
        ),
        (LEAST | {"access_model": {"aligned": 1}}, "$.access_model.aligned", "true or false is expected"),
        (LEAST | {"days": ["soon"]}, "$.days[0]", "a date like"),
        (LEAST | {"expect": {"weeks": {}}}, "$.expect.weeks", "no such field"),
        (LEAST | {"expect": {"months": []}}, "$.expect.months", "an object is expected"),
        (
            LEAST | {"expect": {"months": {"October": {}}}},
            "$.expect.months.October",
            "a month like 2026-10 is expected",
        ),
        (
            LEAST | {"expect": {"months": {"2026-10": {"gaps": ["g2214_under_30"]}}}},
            "$.expect.months.2026-10.gaps[0]",
            "one of access_participant",
        ),
        (
            LEAST | {"expect": {"months": {"2026-10": {"lines": [["99492"]]}}}},
            "$.expect.months.2026-10.lines[0]",
            "a line is [code, units]",
        ),
        (
            LEAST | {"expect": {"months": {"2026-10": {"lines": [["99492", 0]]}}}},
            "$.expect.months.2026-10.lines[0][1]",
            "a number from 1 to 99 is expected",
        ),
        (LEAST | {"expect": {"signals": {"2026-10-05": ["sad"]}}}, "$.expect.signals.2026-10-05[0]", "one of"),
        (LEAST | {"expect": {"state": {"2026-10-05": "fine"}}}, "$.expect.state.2026-10-05", "one of"),
    ],
)
def test_a_fault_is_named_with_its_place(document, path, fault):
    with pytest.raises(DocumentInvalid) as raised:
        load_story(json.dumps(document))
    assert raised.value.path == path
    assert raised.value.fault.startswith(fault)
    assert str(raised.value) == f"{path}: {raised.value.fault}"


def test_what_is_not_json_is_refused():
    with pytest.raises(DocumentInvalid, match=r"\$: not JSON"):
        load_story('{"id": ')


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ('"id": "Y"', "$.id"),
        ('"work": [{"at": "2026-10-06", "minutes": 20, "minutes": 40}]', "$.work[0].minutes"),
        ('"expect": {"state": {"2026-10-05": "worse", "2026-10-05": "partial"}}', "$.expect.state.2026-10-05"),
    ],
)
def test_a_name_given_twice_is_refused(said, path):
    with pytest.raises(DocumentInvalid) as raised:
        load_story(f'{{"id": "X", "title": "T", "enrolled_on": "2026-10-05", {said}}}')
    assert (raised.value.path, raised.value.fault) == (path, "this is given twice")


def test_what_is_nested_too_deeply_is_refused():
    with pytest.raises(DocumentInvalid) as raised:
        load_story("[" * 100_000)
    assert (raised.value.path, raised.value.fault) == ("$", "objects and lists are nested too deeply")
