"""Rules that somebody sets, confirms and takes back, and what is written down beside them."""

from datetime import date
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from billing.models import PayerProfile
from billing.operations.errors import NameMissing, NotAssumed, NotTheFirst, PayerKnown, ProfileTaken, StillAssumed
from billing.operations.profiles import (
    BEGINNING,
    GAVE_WAY,
    ProfileNotes,
    add_payer,
    confirm_rules,
    ensure_profile,
    set_profile,
    withdraw_profile,
)
from billing.queries.payers import payers
from billing.rules.payer_options import first_judged
from billing.rules.payers import PayerRules, authorization_note, default_rules
from registry.operations.errors import AlreadyVoided, ReasonMissing
from tests.billing.people import AT, Program

FEBRUARY = date(2026, 2, 1)
SAID = ProfileNotes(
    because="Portal, Nov 3",
    attestation="Form sent in January.",
    authorization="Fax 555-0100.",
    authorization_after_months=12,
    cost_share="$20 a month",
)


def rules_on(lakeside: Program, payer_id: object, on: date) -> PayerRules:
    return payers(lakeside.organization.id)[payer_id].rules_on(on)  # type: ignore[index]


def test_rules_carry_what_is_written_down_beside_them(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO")
    set_profile(
        by=lakeside.by, at=AT, payer=aetna, book="commercial", from_on=FEBRUARY, options={"addon_cap": 4}, notes=SAID
    )
    expected = PayerRules(
        "commercial", (("addon_cap", 4),), "", "Form sent in January.", "Fax 555-0100.", 12, "$20 a month"
    )
    assert rules_on(lakeside, aetna.id, FEBRUARY) == expected
    profile = PayerProfile.objects.get()
    assert (profile.because, profile.set_at, profile.set_by_id) == ("Portal, Nov 3", AT, lakeside.by.id)
    event = AuditEvent.objects.get(action="payer_profile.set")
    assert event.fields == [
        "addon_cap",
        "attestation",
        "authorization",
        "authorization_after_months",
        "because",
        "book",
        "cost_share",
    ]


def test_rules_begin_with_a_month(lakeside: Program):
    with pytest.raises(NotTheFirst):
        set_profile(
            by=lakeside.by, at=AT, payer=lakeside.payer("Aetna PPO"), book="commercial", from_on=date(2026, 2, 2)
        )
    assert PayerProfile.objects.count() == 0


def test_rules_that_were_assumed_give_way_to_what_somebody_sets(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO")
    ensure_profile(by=lakeside.by, at=AT, payer=aetna)
    set_profile(by=lakeside.by, at=AT, payer=aetna, book="medicare_ffs", from_on=BEGINNING)
    told = PayerProfile.objects.order_by("set_at").values_list("book", "is_default", "withdrawn_because")
    assert sorted(told) == [("commercial", True, GAVE_WAY), ("medicare_ffs", False, "")]
    with pytest.raises(ProfileTaken):
        set_profile(by=lakeside.by, at=AT, payer=aetna, book="commercial", from_on=BEGINNING)


def confirm(lakeside: Program, payer_id: UUID, because: str = "Contract of 2025") -> PayerProfile:
    return confirm_rules(by=lakeside.by, at=AT, payer_id=payer_id, on=FEBRUARY, because=because)


def test_what_nobody_wrote_down_is_as_the_book_has_it(lakeside: Program):
    plan = lakeside.payer("A plan of Michigan")
    own = ProfileNotes(because="Portal", authorization="Fax 555-0100.")
    set_profile(by=lakeside.by, at=AT, payer=plan, book="michigan", from_on=BEGINNING, notes=own)
    rules = rules_on(lakeside, plan.id, FEBRUARY)
    assert (rules.authorization, rules.authorization_after_months) == ("Fax 555-0100.", 12)
    before = rules_on(lakeside, plan.id, date(2020, 1, 1))
    assert (before.authorization, before.authorization_after_months) == ("Fax 555-0100.", None)


@pytest.mark.parametrize("is_stored", [True, False])
def test_assumed_rules_are_confirmed_as_they_are_once(lakeside: Program, is_stored: bool):
    aetna = lakeside.payer("Aetna PPO")
    if is_stored:
        ensure_profile(by=lakeside.by, at=AT, payer=aetna)
    with pytest.raises(ReasonMissing):
        confirm(lakeside, aetna.id, because=" ")
    confirmed = confirm(lakeside, aetna.id)
    assert (confirmed.book, confirmed.from_on, confirmed.is_default) == ("commercial", BEGINNING, False)
    assert rules_on(lakeside, aetna.id, FEBRUARY).note == ""
    with pytest.raises(NotAssumed):
        confirm(lakeside, aetna.id)


def test_self_pay_and_strangers_have_nothing_to_confirm(lakeside: Program):
    with pytest.raises(NotAssumed):
        confirm(lakeside, lakeside.payer("Self pay", is_self_pay=True).id)
    with pytest.raises(NotFound):
        confirm(lakeside, uuid4())


def test_a_guess_that_followed_the_books_is_confirmed_since_its_family_has_some(lakeside: Program):
    plan = lakeside.payer("Priority Health")
    ensure_profile(by=lakeside.by, at=AT, payer=plan)
    confirmed = confirm(lakeside, plan.id)
    assert (confirmed.book, confirmed.from_on) == ("michigan", date(2022, 5, 1))
    assert confirmed.authorization_after_months == 12
    before, now = (rules_on(lakeside, plan.id, day) for day in (date(2022, 4, 1), FEBRUARY))
    assert (before.family, now.family, now.note) == ("commercial", "michigan", "")


@pytest.mark.parametrize(
    ("effective", "judged"),
    [
        (date(2022, 5, 1), date(2022, 5, 1)),
        (date(2026, 9, 5), date(2026, 10, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_a_family_judges_from_the_first_month_that_begins_under_its_books(
    monkeypatch: pytest.MonkeyPatch, effective: date, judged: date
):
    books = {"tarot": (SimpleNamespace(effective=effective),)}
    monkeypatch.setattr("billing.rules.payer_options.library", lambda: books)
    assert first_judged("tarot") == judged


def test_wrong_rules_are_taken_back_and_those_before_them_hold_on(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO")
    ensure_profile(by=lakeside.by, at=AT, payer=aetna)
    assumed = PayerProfile.objects.get()
    wrong = set_profile(by=lakeside.by, at=AT, payer=aetna, book="medicare_ffs", from_on=FEBRUARY)
    assert rules_on(lakeside, aetna.id, FEBRUARY).family == "medicare_ffs"
    with pytest.raises(ReasonMissing):
        withdraw_profile(by=lakeside.by, at=AT, profile_id=wrong.id, because="")
    with pytest.raises(StillAssumed):
        withdraw_profile(by=lakeside.by, at=AT, profile_id=assumed.id, because="Wrong")
    withdraw_profile(by=lakeside.by, at=AT, profile_id=wrong.id, because="Another plan's rules")
    assert rules_on(lakeside, aetna.id, FEBRUARY) == default_rules("Aetna PPO")
    with pytest.raises(AlreadyVoided):
        withdraw_profile(by=lakeside.by, at=AT, profile_id=wrong.id, because="Again")
    wrong.refresh_from_db()
    assert (wrong.withdrawn_at, wrong.withdrawn_by_id, wrong.withdrawn_because) == (
        AT,
        lakeside.by.id,
        "Another plan's rules",
    )
    again = set_profile(by=lakeside.by, at=AT, payer=aetna, book="medicare_ffs", from_on=FEBRUARY)
    assert rules_on(lakeside, aetna.id, FEBRUARY).family == again.book


def test_months_with_time_at_a_facility_are_counted_anew(lakeside: Program):
    aetna, cigna = lakeside.payer("Aetna PPO"), lakeside.payer("Cigna")
    stayed = lakeside.patient("Abara", payer=aetna)
    lakeside.patient("Boyd", payer=aetna)
    lakeside.work(stayed, 20, on=date(2026, 2, 10), is_facility_stay=True, role="care_manager")
    Job.objects.all().delete()
    set_profile(by=lakeside.by, at=AT, payer=cigna, book="commercial", from_on=FEBRUARY)
    assert list(Job.objects.filter(kind="refresh_service_month")) == []
    set_profile(by=lakeside.by, at=AT, payer=aetna, book="commercial", from_on=FEBRUARY)
    assert [job.arguments for job in Job.objects.filter(kind="refresh_service_month")] == [
        {"episode_id": str(stayed.id)}
    ]


def test_a_payer_is_added_once_with_what_its_name_lets_assume(lakeside: Program):
    payer = add_payer(by=lakeside.by, at=AT, name="  Priority   Health ")
    assert (payer.name, rules_on(lakeside, payer.id, FEBRUARY)) == ("Priority Health", default_rules("Priority Health"))
    with pytest.raises(PayerKnown):
        add_payer(by=lakeside.by, at=AT, name="priority health")
    with pytest.raises(NameMissing):
        add_payer(by=lakeside.by, at=AT, name="  ")


@pytest.mark.parametrize(
    ("after", "month", "words"),
    [
        (None, "2027-02", ""),
        (12, "2027-01", ""),
        (12, "2027-02", "Authorization is needed after 12 months; enrolled 12 months ago. Fax 555-0100."),
        (1, "2026-03", "Authorization is needed after 1 month; enrolled 1 month ago. Fax 555-0100."),
    ],
)
def test_authorization_is_asked_for_once_the_episode_lasts_so_long(after: int | None, month: str, words: str):
    rules = PayerRules("commercial", authorization="Fax 555-0100.", authorization_after_months=after)
    assert authorization_note(rules, date(2026, 2, 20), month) == words


def test_where_nothing_is_written_of_how_only_that_is_said():
    rules = PayerRules("commercial", authorization_after_months=12)
    assert authorization_note(rules, date(2026, 2, 20), "2027-03") == (
        "Authorization is needed after 12 months; enrolled 13 months ago."
    )
