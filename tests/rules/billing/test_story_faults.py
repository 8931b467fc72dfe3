"""What a story may be written with and no clinic could have recorded."""

from typing import Any

import pytest

from billing.rules.documents import DocumentInvalid
from billing.rules.story import read_story
from billing.rules.story_faults import check_recordable
from tests.rules.billing.billing_stories import story_files, story_in

BARE = {"id": "F", "title": "Faulty", "enrolled_on": "2026-10-01"}
LONG = {"at": "2026-10-05T06:00", "minutes": 600}
TWICE = [{"at": "2026-10-05", "minutes": 700}, {"at": "2026-10-05", "minutes": 700}]

FAULTS = [
    ({"referred_on": "2026-10-02"}, "$.enrolled_on", "The date of enrolment is before that of referral"),
    ({"ended": {"on": "2026-09-30", "reason": "other"}}, "$.ended", "This date is before the enrolment"),
    ({"diagnoses": ["F32.1", "sad"]}, "$.diagnoses[1]", "A diagnosis is an ICD-10-CM code"),
    ({"diagnoses": ["F32.1", "f321"]}, "$.diagnoses[1]", "This diagnosis is"),
    (
        {"consents": [{"given_at": "2026-10-05T23:30", "service": "bhi", "revoked_on": "2026-10-04"}]},
        "$.consents[0]",
        "Consent cannot be taken back before it was given",
    ),
    ({"work": [{"at": "2026-10-05", "minutes": 721}]}, "$.work[0]", "This is longer than 12 hours"),
    (
        {"work": [*TWICE, {"at": "2026-10-05", "minutes": 60}]},
        "$.work[2]",
        "With this, Oct 5 holds more than 24 hours of work",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fault"), FAULTS)
def test_the_first_fault_is_named_with_its_place(changes: dict[str, Any], path: str, fault: str):
    with pytest.raises(DocumentInvalid) as refused:
        check_recordable(read_story(BARE | changes))
    assert (refused.value.path, refused.value.fault[: len(fault)]) == (path, fault)


@pytest.mark.parametrize(
    "changes",
    [
        {"referred_on": "2026-10-01", "ended": {"on": "2026-10-01", "reason": "other"}},
        {"consents": [{"given_at": "2026-10-05T23:30", "service": "bhi", "revoked_on": "2026-10-05"}]},
        {"diagnoses": ["F32.1", "F41.1"]},
        {"work": [{"at": "2026-10-05", "minutes": 720}, {"at": "2026-10-05", "minutes": 720}]},
        {"work": [{**one, "staff": str(n)} for n, one in enumerate([*TWICE, *TWICE])]},
        {"work": [LONG, LONG, LONG]},
    ],
)
def test_what_could_have_been_is_no_fault(changes: dict[str, Any]):
    check_recordable(read_story(BARE | changes))


@pytest.mark.parametrize("folder", ["billing", "clinical"])
def test_no_story_of_ours_has_one(folder: str):
    for path in story_files(folder):
        check_recordable(story_in(path))
