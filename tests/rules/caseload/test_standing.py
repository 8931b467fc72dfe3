"""What the screen says of each entry."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from caseload.rules.clock import local_instant
from caseload.rules.minutes import Circumstances, ConsentWindow, Entry
from caseload.rules.standing import Reason, standing, standings

ZONE = ZoneInfo("America/New_York")
IN_ORDER = Circumstances(
    zone=ZONE,
    episode_from=date(2026, 9, 1),
    consents=(
        ConsentWindow("bhi", datetime(2026, 9, 1, 4, tzinfo=UTC)),
        ConsentWindow("ccm", datetime(2026, 9, 1, 4, tzinfo=UTC)),
    ),
)


def local(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return local_instant(datetime(2026, 10, day, hour, minute), ZONE)


def timed(start: datetime, minutes: int, **said) -> Entry:
    return Entry(id=said.pop("id", 0), span=(start, start + timedelta(minutes=minutes)), **said)


def untimed(day: int, minutes: int, **said) -> Entry:
    return Entry(id=said.pop("id", 0), on=date(2026, 10, day), seconds=minutes * 60, **said)


TWENTY = timed(local(6), 20)
NO_CLOCK = untimed(6, 20)
GIVEN_LATER = {"consents": (ConsentWindow("bhi", local(12)),)}
GIVEN_NEXT_YEAR = {"consents": (ConsentWindow("bhi", datetime(2027, 1, 4, 15, tzinfo=UTC)),)}
REVOKED = {"consents": (ConsentWindow("bhi", datetime(2026, 9, 1, 4, tzinfo=UTC), date(2026, 10, 5)),)}
NEVER_HELD = {"consents": (ConsentWindow("bhi", local(2), date(2026, 10, 2)),)}


@pytest.mark.parametrize(
    ("entry", "changed", "word", "sentence"),
    [
        (replace(TWENTY, held=True), {}, "held", "held until its overlap with another patient's time is settled"),
        (replace(TWENTY, role="clerical"), {}, "role_never_counts", "clerical time never counts"),
        (replace(NO_CLOCK, role="driver"), {}, "role_never_counts", "time of this role never counts"),
        (
            replace(TWENTY, role="psychiatric_consultant"),
            {},
            "role_never_counts",
            "the consultant's time is paid within the code",
        ),
        (replace(TWENTY, activity="scheduling"), {}, "scheduling", "scheduling never counts"),
        (replace(NO_CLOCK, billed_as="90834"), {}, "billed_as", "billed as 90834"),
        (
            replace(TWENTY, facility_stay=True),
            {"count_facility_minutes": False},
            "facility",
            "the payer does not count time during a facility stay",
        ),
        (TWENTY, {"episode_from": date(2026, 10, 7)}, "before_episode", "before the episode began on Oct 7"),
        (NO_CLOCK, {"episode_from": date(2026, 10, 7)}, "before_episode", "before the episode began on Oct 7"),
        (TWENTY, {"ended_on": date(2026, 10, 5)}, "after_end", "after the program ended on Oct 5"),
        (NO_CLOCK, {"ended_on": date(2026, 10, 5)}, "after_end", "after the program ended on Oct 5"),
        (TWENTY, {"died_on": date(2026, 10, 5)}, "after_end", "after the patient died on Oct 5"),
        (TWENTY, {"consents": ()}, "no_consent", "no consent on file"),
        (TWENTY, NEVER_HELD, "no_consent", "no consent on file"),
        (NO_CLOCK, {"consents": ()}, "no_consent", "no consent on file"),
        (TWENTY, GIVEN_LATER, "before_consent", "before consent on Oct 12"),
        (NO_CLOCK, GIVEN_LATER, "before_consent", "before consent on Oct 12"),
        (TWENTY, GIVEN_NEXT_YEAR, "before_consent", "before consent on Jan 4, 2027"),
        (TWENTY, REVOKED, "after_revocation", "after consent was withdrawn on Oct 5"),
        (NO_CLOCK, REVOKED, "after_revocation", "after consent was withdrawn on Oct 5"),
        (
            NO_CLOCK,
            {"consents": (ConsentWindow("bhi", local(6, 8)),)},
            "no_consent_all_day",
            "no clock time, and consent did not hold for all of Oct 6",
        ),
        (replace(TWENTY, service="ccm"), GIVEN_LATER, "no_consent", "no consent on file"),
    ],
)
def test_an_entry_that_does_not_count_says_why(entry, changed, word, sentence):
    found = standing(entry, [], replace(IN_ORDER, **changed))
    assert (found.counts, found.counted_seconds) == ("not", 0)
    assert [(reason.word, reason.seconds) for reason in found.reasons] == [(word, 1200)]
    assert found.sentence == f"Not counted: {sentence}."


@pytest.mark.parametrize("entry", [TWENTY, NO_CLOCK, replace(TWENTY, service="ccm")])
def test_an_entry_that_counts_in_full_says_so(entry):
    found = standing(entry, [], IN_ORDER)
    assert (found.counts, found.counts_for, found.seconds, found.counted_seconds, found.reasons) == (
        "fully",
        entry.service,
        1200,
        1200,
        (),
    )
    assert found.sentence == "Counts in full."


def test_staff_minutes_on_cocm_count_for_general_bhi_only():
    found = standing(replace(TWENTY, role="clinical_staff"), [], IN_ORDER)
    assert (found.counts, found.counts_for) == ("fully", "bhi")
    assert found.sentence == "Counts towards general BHI, not CoCM."


def test_an_entry_that_counts_in_part_says_what_is_lost_to_what():
    around = replace(IN_ORDER, consents=(ConsentWindow("bhi", local(6, 10, 5)),), ended_on=date(2026, 10, 6))
    visit = timed(local(6, 10, 10), 4, billed_as="99214", id=1)
    colleague = timed(local(6, 10, 15), 3, id=2)
    found = standing(replace(TWENTY, id=3), [visit, colleague], around)
    assert found.reasons == (
        Reason("before_consent", 300, date(2026, 10, 6)),
        Reason("overlaps_billed", 240),
        Reason("overlaps_same_patient", 180),
    )
    assert (found.counts, found.counted_seconds) == ("partly", 480)
    assert found.sentence == (
        "8 min of 20 min count; not counted: 5 min before consent on Oct 6; 4 min under a separately billed service; "
        "3 min counted once with another entry for the same minutes."
    )


def test_time_between_two_consents_is_told_apart_from_time_before_them():
    consents = (ConsentWindow("bhi", local(5), date(2026, 10, 6)), ConsentWindow("bhi", local(6, 10, 10)))
    found = standing(TWENTY, [], replace(IN_ORDER, consents=consents))
    assert found.reasons == (Reason("after_revocation", 600, date(2026, 10, 6)),)


def test_odd_seconds_are_said():
    entry = Entry(id=1, span=(local(6), local(6) + timedelta(seconds=90)))
    around = replace(IN_ORDER, consents=(ConsentWindow("bhi", local(6) + timedelta(seconds=30)),))
    sentence = "1 min of 1 min 30 s count; not counted: 30 s before consent on Oct 6."
    assert standing(entry, [], around).sentence == sentence


def test_shared_minutes_go_to_cocm_then_to_other_bhi_then_to_ccm():
    ccm = timed(local(6), 30, service="ccm", id="ccm")
    staff = timed(local(6), 20, role="clinical_staff", id="staff")
    manager = timed(local(6), 10, id="manager")
    found = standings([ccm, staff, manager], IN_ORDER)
    assert [(one.entry_id, one.counted_seconds) for one in found] == [("ccm", 600), ("staff", 600), ("manager", 600)]
    assert [[reason.word for reason in one.reasons] for one in found] == [
        ["overlaps_bhi"],
        ["overlaps_same_patient"],
        [],
    ]


def test_voided_entries_have_no_standing():
    assert standings([replace(TWENTY, voided=True)], IN_ORDER) == ()
    with pytest.raises(ValueError, match="voided"):
        standing(replace(TWENTY, voided=True), [], IN_ORDER)
