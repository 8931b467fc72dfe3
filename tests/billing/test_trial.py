"""What would this bill? Typed, answered, saved, opened; nothing stored, and no dollars for care managers."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from billing.forms.trial import MOST_WORK, Trial, nothing_typed, typed_of
from billing.rules.story_library import Example, examples
from billing.rules.story_months import told_months
from tests.billing.test_pages import text_of

pytestmark = pytest.mark.django_db

PAGE = "/o/lakeside/billing/trial/"
OPEN = f"{PAGE}open/"
# As the page sends it: an office patient of Medicare, enrolled on the first, 40 minutes in two pieces.
TYPED = {
    "book": "medicare_ffs",
    "setting": "office",
    "program": "cocm",
    "enrolled_on": "2026-10-01",
    "work-rows": "3",
    "work-0-day": "2026-10-05",
    "work-0-clock": "10:00",
    "work-0-minutes": "25",
    "work-0-by": "care_manager",
    "work-0-activity": "treatment",
    "work-1-day": "2026-10-19",
    "work-1-minutes": "15:30",
    "work-1-by": "care_manager",
    "work-1-activity": "coordination",
    "work-2-by": "care_manager",
    "work-2-activity": "treatment",
}


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def test_the_empty_page_asks_and_judges_nothing(billing: Client):
    response = billing.get(PAGE)
    words = text_of(response)
    assert (response.status_code, "bills as" in words, "does not fit" in words) == (200, False, False)


def test_a_month_is_judged_with_its_ladder(billing: Client):
    response = billing.post(PAGE, TYPED)
    words = text_of(response)
    assert response.status_code == 200
    assert "October 2026: bills as 99492 40 minutes count · $" in words
    assert "CoCM, first calendar month. 40 minutes of CoCM, initial month; 36 are enough." in words
    assert "medicare_ffs_2020, codes.99492.midpoint_minutes" in words
    assert "0 to 15 Nothing 16 to 35 G2214" in words
    assert "36 to 85 now 40 99492" in words
    assert 'value="15:30"' in response.content.decode()


def test_gaps_say_what_closes_them_and_time_why_it_does_not_count(billing: Client):
    words = text_of(billing.post(PAGE, {**TYPED, "without": ["consent"]}))
    assert "October 2026: bills nothing" in words
    assert "Consent missing No consent was in force for any of the month" in words
    assert "Not counted: no consent on file." in words


def test_care_managers_never_see_dollars(client_for: Any):
    words = text_of(client_for("care_manager").post(PAGE, TYPED))
    assert ("bills as 99492" in words, "$" in words, "Estimate" in words) == (True, False, False)


def test_the_treating_clinician_may_not(client_for: Any):
    assert client_for("treating_clinician").get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"enrolled_on": ""}, "Enter the day of enrolment."),
        ({"work-0-minutes": "soon"}, "Enter minutes such as 20, or 20:30 with seconds."),
        ({"work-0-minutes": "0"}, "A number from 1 to 1440 is expected."),
        ({"work-0-minutes": "721"}, "This is longer than 12 hours. Minutes are a whole number from 1 to 720."),
        ({"work-0-billed_as": "992"}, "A five-character code is expected."),
        ({"place_of_service": "x1"}, "A place of service of two digits is expected."),
        ({"time_zone": "Paris"}, "A time zone like America/New_York is expected."),
        ({"option_addon_cap": "many"}, "Enter it so: A number from 0 to 99, or “no limit”."),
        ({"earlier-rows": "1", "earlier-0-month": "soon"}, "A month like 2026-10 is expected."),
        (
            {"earlier-rows": "1", "earlier-0-month": "2026-09", "earlier-0-code": "9"},
            "A five-character code is expected.",
        ),
        ({"diagnoses-rows": "1", "diagnoses-0-code": "sad"}, "A diagnosis is an ICD-10-CM code such as F32.1."),
        ({"referred_on": "2026-10-09"}, "The date of enrolment is before that of referral. Correct one of them."),
        ({"ended_on": "2026-09-09"}, "This date is before the enrolment. Correct one of them."),
        ({"work-0-day": "2018-10-05"}, "Choose another payer, or later days."),
        ({"enrolled_on": "1776-07-04"}, "A year from 1900 to 2199 is expected."),
    ],
)
def test_a_fault_is_said_at_its_field_and_nothing_is_lost(billing: Client, changes: dict[str, str], fault: str):
    response = billing.post(PAGE, {**TYPED, **changes})
    content = response.content.decode()
    assert response.status_code == 422
    assert fault in text_of(response)
    assert all(f'value="{text}"' in content for name, text in changes.items() if text and name.count("-") != 1)
    assert 'value="15:30"' in content


def test_every_fault_lies_in_a_field():
    """Whatever the validator refuses of what the form sends is said at a field, never above the form."""
    for changes in ({"place_of_service": "x1"}, {"work-0-billed_as": "1"}, {"ended_on": "2020-01-01"}):
        data = nothing_typed()
        for name, text in {**TYPED, **changes}.items():
            data[name] = text
        trial = Trial(data, is_read=True)
        assert trial.story() is None
        assert trial.form.non_field_errors() == []


def test_a_nought_is_something_typed():
    """A score of 0 is a score, and 0 minutes of CCM are not minutes that nobody knows."""
    score = {"on": "2026-10-05", "instrument": "phq9", "total": 0}
    other = {"month": "2026-10", "code": "99490", "by": "billing", "minutes": 0}
    trial = Trial(typed_of({"scores": [score], "other_services": [other]}), is_read=True)
    rows = [trial.rows[kind].forms[0] for kind in ("scores", "other_services")]
    assert [row.is_valid() for row in rows] == [True, True]
    assert [row.told() for row in rows] == [score, other]


def test_more_rows_lose_nothing_and_judge_nothing(billing: Client):
    response = billing.post(PAGE, {**TYPED, "work-0-minutes": "soon", "act": "more-work"})
    content = response.content.decode()
    assert (response.status_code, "Enter minutes" in content) == (200, False)
    assert ('name="work-rows" value="5"' in content, 'name="work-4-day"' in content) == (True, True)
    assert ('value="soon"' in content, 'value="2026-10-19"' in content) == (True, True)


def test_rows_end_somewhere(billing: Client):
    content = billing.post(PAGE, {**TYPED, "work-rows": "9999", "act": "more-work"}).content.decode()
    assert f'name="work-rows" value="{MOST_WORK}"' in content
    assert 'value="more-work"' not in content


def test_what_is_saved_is_a_story_that_comes_out_the_same(billing: Client, tmp_path: Path, capsys: Any):
    saved = billing.post(PAGE, {**TYPED, "act": "save"})
    assert saved["Content-Disposition"] == 'attachment; filename="story.json"'
    assert saved["Content-Type"] == "application/json"
    path = tmp_path / "story.json"
    path.write_bytes(saved.content)
    call_command("story", str(path))
    played = json.loads(capsys.readouterr().out)
    assert (played["ok"], played["months"]["2026-10"]["lines"]) == (True, [["99492", 1]])


def test_nothing_is_saved_of_what_does_not_fit(billing: Client):
    response = billing.post(PAGE, {**TYPED, "enrolled_on": "", "act": "save"})
    assert (response.status_code, "Content-Disposition" in response) == (422, False)


def opened(client: Client, content: bytes) -> Any:
    return client.post(OPEN, {"story": SimpleUploadedFile("any.json", content)})


def test_a_saved_file_opens_as_it_was_typed(billing: Client):
    saved = billing.post(PAGE, {**TYPED, "without": ["score"], "option_g2214_min": "30", "act": "save"}).content
    again = opened(billing, saved)
    assert again.status_code == 200
    assert "No rating scale this month" in text_of(again)
    trial = again.context["trial"]
    document = {**trial.document(), "expect": json.loads(saved)["expect"]}
    assert document == json.loads(saved)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{", "$: not JSON"),
        (b"\xff\xfe", "This file is not text. A story is a JSON file."),
        (b'{"id": "a", "title": "b"}', "$: enrolled_on is missing"),
        (b'{"id": "a", "title": "b", "enrolled_on": "2026-10-01", "colour": 1}', "$.colour: no such field"),
        (
            b'{"id": "a", "title": "b", "enrolled_on": "2026-10-01", "diagnoses": ["sad"]}',
            "$.diagnoses[0]: A diagnosis",
        ),
        (b" " * 200_001, "larger than 200 kB"),
    ],
)
def test_a_wrong_file_is_answered_in_the_validators_words(billing: Client, content: bytes, fault: str):
    response = opened(billing, content)
    assert (response.status_code, fault in text_of(response)) == (422, True)


def test_a_story_longer_than_the_form_is_refused_not_cut(billing: Client):
    story = {"id": "a", "title": "b", "enrolled_on": "2026-10-01"}
    work = [{"at": "2026-10-05", "minutes": 1}] * (MOST_WORK + 1)
    long = opened(billing, json.dumps(story | {"work": work}).encode())
    assert (long.status_code, "$.work: this form holds at most 60 of these" in text_of(long)) == (422, True)
    fits = opened(billing, json.dumps(story | {"work": work[1:]}).encode())
    assert (fits.status_code, "October 2026: bills as 99492" in text_of(fits)) == (200, True)


def test_a_consent_late_in_the_evening_is_of_its_own_day(billing: Client):
    late = {
        "consents-rows": "1",
        "consents-0-day": "2026-10-05",
        "consents-0-clock": "23:30",
        "consents-0-service": "bhi",
    }
    assert "Consent (BHI) Oct 5, 2026" in text_of(billing.post(PAGE, {**TYPED, **late}))


def test_no_file_is_asked_for(billing: Client):
    assert "Choose a story file." in text_of(billing.post(OPEN))


@pytest.mark.parametrize("example", list(examples().values()), ids=lambda example: example.key)
def test_every_example_survives_the_form(example: Example):
    """As typed on the page it comes to the same months, and typed again it is the same."""
    trial = Trial(typed_of(example.document), is_read=True)
    story = trial.story()
    assert story is not None
    assert [one.verdict for one in told_months(story)] == [one.verdict for one in told_months(example.story)]
    again = Trial(typed_of(trial.document()), is_read=True)
    assert again.story() is not None
    assert again.document() == trial.document()


def test_an_example_opens_in_the_form_and_an_unknown_one_does_not(billing: Client):
    shown = billing.get(f"{PAGE}?example=bs-112")
    assert (shown.status_code, "October 2026: bills as 99493" in text_of(shown)) == (200, True)
    assert billing.get(f"{PAGE}?example=br-999").status_code == 404


def test_a_story_of_other_services_alone_and_one_of_nothing(billing: Client):
    nothing = billing.post(
        PAGE, {"book": "medicare_ffs", "setting": "office", "program": "cocm", "enrolled_on": "2026-10-01"}
    )
    assert (nothing.status_code, "No month yet" in text_of(nothing)) == (200, True)
    access = {"access": "outside", "other_services-rows": "1", "other_services-0-month": "2026-10"}
    review = {"other_services-0-code": "g0678", "other_services-0-by": "billing"}
    words = text_of(billing.post(PAGE, {**TYPED, **access, **review}))
    assert "October 2026: bills as 99492 + G0678" in words


def test_death_and_discharge_are_told(billing: Client):
    ended = billing.post(PAGE, {**TYPED, "ended_on": "2026-10-06", "died_on": "2026-10-06"})
    assert "after the patient died on Oct 6" in text_of(ended)
    assert date.fromisoformat(ended.context["trial"].document()["ended"]["on"]) == date(2026, 10, 6)


def test_a_care_plan_has_its_date_and_keeps_it(billing: Client):
    late = {"care_plans-rows": "1", "care_plans-0-on": "2026-11-02"}
    shown = billing.post(PAGE, {**TYPED, **late})
    assert "Care plan missing" in text_of(shown)
    document = shown.context["trial"].document()
    assert (document["care_plans"], retyped(document)) == (["2026-11-02"], document)


def retyped(document: dict[str, Any]) -> dict[str, Any]:
    """A story's document, typed and read again."""
    again = Trial(typed_of(document), is_read=True)
    assert again.story() is not None
    return again.document()
