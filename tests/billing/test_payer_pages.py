"""The pages of payers through the real middleware: what is shown, tried, saved, confirmed and taken back."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import PayerProfile
from billing.operations.closing import close_month
from billing.operations.profile_trial import Effect, KindOfChange, try_rules
from billing.operations.profiles import BEGINNING, ProfileNotes, ensure_profile, set_profile
from billing.rules.books.options import BOUNDS
from billing.rules.payer_options import BY_NAME
from registry.models import Payer
from registry.operations.errors import AlreadyVoided
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.statements import own

PAGE = "/o/lakeside/billing/payers/"
FEBRUARY = date(2026, 2, 1)


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def aetna(people: Program) -> Payer:
    """With its assumed rules, and a patient whose 32 minutes bill 99484 by them."""
    with tenant(people.organization):
        payer = people.payer("Aetna PPO")
        ensure_profile(by=people.by, at=AT, payer=payer)
        people.billing_patient("Abara", minutes=32, payer=payer)
        return payer


def typed(**values: Any) -> dict[str, Any]:
    plain = {"act": "try", "family": "commercial", "from_on": "2026-02-01", "because": "Policy 100, Nov 2025"}
    return {**plain, **{f"option_{name}": "" for name in BOUNDS}, **values}


def test_every_option_has_its_words():
    assert set(BY_NAME) == set(BOUNDS)


def test_the_list_says_who_is_covered_by_which_rules_and_on_whose_word(people: Program, billing: Client):
    assert "No payer yet" in text_of(billing.get(PAGE))
    payer = aetna(people)
    with tenant(people.organization):
        set_profile(by=people.by, at=AT, payer=people.payer("Medicare"), book="medicare_ffs", from_on=BEGINNING)
        people.payer("Self pay", is_self_pay=True)
    words = text_of(billing.get(PAGE))
    assert "Aetna PPO 1 Commercial payers in general from the beginning Nothing Assumed from the name Never" in words
    assert "Medicare 0 Medicare fee-for-service from the beginning Nothing Source not written down" in words
    assert "Self pay 0 None: self pay" in words
    assert "All 3 Assumed 1" in words
    only = text_of(billing.get(f"{PAGE}?show=assumed&page=x"))
    assert ("Aetna PPO 1" in only, "Medicare 0" in only) == (True, False)
    with tenant(people.organization):
        set_profile(by=people.by, at=AT, payer=payer, book="commercial", from_on=BEGINNING)
    assert "Every payer’s rules are confirmed" in text_of(billing.get(f"{PAGE}?show=assumed"))


def test_the_list_is_cut_with_a_way_on_and_costs_the_same(people: Program, billing: Client):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            billing.get(PAGE)
        return len(own(captured.captured_queries))

    aetna(people)
    before = statements()
    with tenant(people.organization):
        for number in range(60):
            people.payer(f"Plan {number:02}")
    assert statements() == before
    assert before <= 8
    words = text_of(billing.get(PAGE))
    assert ("1 to 50 of 61" in words, "Plan 48" in words, "Plan 49" in words) == (True, True, False)
    assert "51 to 61 of 61" in text_of(billing.get(f"{PAGE}?page=9"))


def test_a_payer_is_added_once(people: Program, billing: Client):
    made = billing.post(f"{PAGE}new/", {"name": "Priority Health"})
    with tenant(people.organization):
        payer = Payer.objects.get()
    assert made.headers["Location"] == f"{PAGE}{payer.id}/"
    again = billing.post(f"{PAGE}new/", {"name": "priority health"})
    assert (again.status_code, "There is a payer of this name already" in text_of(again)) == (422, True)
    assert billing.post(f"{PAGE}new/", {"name": ""}).status_code == 422


def test_rules_are_tried_before_they_are_saved(people: Program, billing: Client):
    payer = aetna(people)
    url = f"{PAGE}{payer.id}/rules/new/"
    assert "As the book: No" in billing.get(url).text
    asked = typed(option_covers_g2214="true", option_addon_cap="no limit", authorization_after_months="12")
    tried = billing.post(url, asked)
    words = text_of(tried)
    assert (tried.status_code, "1 open month would bill otherwise" in words) == (200, True)
    assert "99484 G2214 1" in words
    with tenant(people.organization):
        assert PayerProfile.objects.count() == 1
        assert AuditEvent.objects.filter(action="payer_profile.set").count() == 0
        assert AuditEvent.objects.get(action="payer_profile.tried").count == 1
    looked = tried.context["looked"]
    changed_since = billing.post(url, {**asked, "act": "save", "looked": looked, "option_covers_g2214": "false"})
    assert (changed_since.status_code, "No open month would bill otherwise" in text_of(changed_since)) == (200, True)
    assert billing.post(url, {**asked, "act": "save", "looked": looked}).headers["Location"] == f"{PAGE}{payer.id}/"
    with tenant(people.organization):
        profile = PayerProfile.objects.get(is_default=False)
    assert (profile.options, profile.authorization_after_months) == ({"covers_g2214": True, "addon_cap": None}, 12)
    words = text_of(billing.get(f"{PAGE}{payer.id}/"))
    assert "From Feb 1, 2026 In force Rule book Commercial payers in general" in words
    assert "Pays G2214 Yes (its book: No)" in words
    assert "Most units of 99494 a month No limit (its book: 2)" in words
    assert "Policy 100, Nov 2025" in words
    taken = billing.post(url, {**asked, "act": "save", "looked": looked})
    assert (taken.status_code, "The payer has rules from 2026-02-01 on already" in text_of(taken)) == (422, True)


def test_what_equals_the_book_is_not_kept(people: Program, billing: Client):
    payer = aetna(people)
    url = f"{PAGE}{payer.id}/rules/new/"
    asked = typed(option_covers_g2214="false", option_extra_visit_codes="90791, 90792", option_scale_within="45")
    looked = billing.post(url, asked).context["looked"]
    assert billing.post(url, {**asked, "act": "save", "looked": looked}).status_code == 302
    with tenant(people.organization):
        options = PayerProfile.objects.get(is_default=False).options
    assert options == {"extra_visit_codes": ["90791", "90792"], "scale_within": 45}
    again = billing.get(url).text
    assert ('value="90791 90792"' in again, 'value="45"' in again) == (True, True)


def test_another_book_shows_its_own_options_and_finds_no_fault_yet(people: Program, billing: Client):
    payer = aetna(people)
    url = f"{PAGE}{payer.id}/rules/new/"
    page = billing.post(url, typed(act="family", family="medicare_ffs", because=""))
    assert (page.status_code, "As the book: Yes" in page.text, "has-error" in page.text) == (200, True, False)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"from_on": "2026-02-02"}, "Rules hold from the first day of a month"),
        ({"from_on": "soon"}, "Enter a day that exists"),
        ({"because": ""}, "Say where it was read, or who said so."),
        ({"family": "tarot"}, "Choose from the list."),
        ({"option_addon_cap": "100"}, "A number from 0 to 99"),
        ({"option_scale_within": "year"}, "or a number of days from 1 to 3660"),
        ({"option_extra_visit_codes": "99"}, "Codes with five characters"),
        ({"option_time_rule": "thirds"}, "Choose from the list."),
        ({"authorization_after_months": "0"}, "Enter a number of months from 1 to 120."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(
    people: Program, billing: Client, wrong: dict[str, str], words: str
):
    payer = aetna(people)
    refused = billing.post(f"{PAGE}{payer.id}/rules/new/", typed(cost_share="$20 each month", **wrong))
    assert (refused.status_code, words in text_of(refused), "$20 each month" in refused.text) == (422, True, True)


def test_self_pay_has_no_rules(people: Program, billing: Client):
    with tenant(people.organization):
        payer = people.payer("Self pay", is_self_pay=True)
    assert "Self pay: nothing is claimed" in text_of(billing.get(f"{PAGE}{payer.id}/"))
    assert billing.get(f"{PAGE}{payer.id}/rules/new/").status_code == 404


def test_assumed_rules_are_confirmed_on_somebodys_word(people: Program, billing: Client):
    payer = aetna(people)
    url = f"{PAGE}{payer.id}/confirm/"
    refused = billing.post(url, {"because": ""})
    assert (refused.status_code, "Say where it was read." in text_of(refused)) == (422, True)
    for _ in range(2):
        assert billing.post(url, {"because": "Contract of 2025"}).status_code == 302
    with tenant(people.organization):
        assert PayerProfile.objects.filter(withdrawn_at__isnull=True).get().because == "Contract of 2025"
    assert "Contract of 2025" in text_of(billing.get(PAGE))
    assert billing.post(f"{PAGE}{uuid4()}/confirm/", {"because": "x"}).status_code == 404


def test_a_payer_of_which_nothing_is_stored_shows_what_is_assumed(people: Program, billing: Client):
    with tenant(people.organization):
        payer = people.payer("Priority Health")
    words = text_of(billing.get(f"{PAGE}{payer.id}/"))
    assert "From the beginning In force Assumed Rule book Michigan" in words
    assert "Authorization After 12 months." in words
    assert billing.post(f"{PAGE}{payer.id}/confirm/", {"because": "Portal"}).status_code == 302
    assert "From May 1, 2022 In force Rule book Michigan" in text_of(billing.get(f"{PAGE}{payer.id}/"))


def test_wrong_rules_are_taken_back_with_what_that_changes_shown_first(people: Program, billing: Client):
    payer = aetna(people)
    with tenant(people.organization):
        options = {"covers_g2214": True}
        wrong = set_profile(by=people.by, at=AT, payer=payer, book="commercial", from_on=FEBRUARY, options=options)
    url = f"{PAGE}{payer.id}/rules/{wrong.id}/withdraw/"
    words = text_of(billing.get(url))
    assert ("1 open month would bill otherwise" in words, "G2214 99484 1" in words) == (True, True)
    assert billing.post(url, {"because": ""}).status_code == 422
    with tenant(people.organization):
        assert PayerProfile.objects.get(id=wrong.id).withdrawn_at is None
    assert billing.post(url, {"because": "That is another plan"}).status_code == 302
    assert "Taken back That is another plan" in text_of(billing.get(f"{PAGE}{payer.id}/"))
    assert billing.get(url).status_code == 302
    assert billing.get(f"{PAGE}{payer.id}/rules/{uuid4()}/withdraw/").status_code == 404


def test_a_patients_month_says_what_is_written_down_of_its_payer(people: Program, billing: Client):
    with tenant(people.organization):
        payer = people.payer("Aetna PPO")
        notes = ProfileNotes(
            attestation="Form of January", authorization="Fax 555-0100.", authorization_after_months=1, cost_share="$20"
        )
        set_profile(by=people.by, at=AT, payer=payer, book="commercial", from_on=FEBRUARY, notes=notes)
        episode = people.billing_patient("Abara", payer=payer)
        people.work(episode, 40, on=date(2026, 3, 10))
    first, second = (
        text_of(billing.get(f"/o/lakeside/billing/months/2026-0{month}/episodes/{episode.id}/")) for month in (2, 3)
    )
    assert "Authorization After 1 month. Fax 555-0100. Attestation Form of January The patient pays $20" in first
    assert "Due Authorization is needed after 1 month; enrolled 1 month ago. Fax 555-0100." in second
    assert (
        f'/patients/{episode.patient_id}/services/?month=2026-02"'
        in billing.get(f"/o/lakeside/billing/months/2026-02/episodes/{episode.id}/").text
    )


def test_only_who_sees_months_sees_whose_they_are(people: Program, billing: Client, client_for: Any):
    payer = aetna(people)
    url, asked = f"{PAGE}{payer.id}/rules/new/", typed(option_covers_g2214="true")
    pages = [client.post(url, asked).text for client in (billing, client_for("admin"))]
    assert ["Abara" in page for page in pages] == [True, False]
    assert ["1 open month would bill otherwise" in page for page in pages] == [True, True]


def effect_of_g2214(people: Program, payer: Payer) -> Effect:
    def write() -> object:
        options = {"covers_g2214": True}
        return set_profile(by=people.by, at=AT, payer=payer, book="commercial", from_on=FEBRUARY, options=options)

    return try_rules(by=people.by, at=AT, payer=payer, since=FEBRUARY, write=write)


def test_closed_months_and_other_payers_patients_are_left_alone(lakeside: Program):
    payer, cigna = lakeside.payer("Aetna PPO"), lakeside.payer("Cigna")
    assert effect_of_g2214(lakeside, payer) == Effect(0, 0, (), ())
    lakeside.billing_patient("Abara", minutes=32, payer=payer)
    lakeside.billing_patient("Boyd", minutes=32, payer=cigna)
    effect = effect_of_g2214(lakeside, payer)
    assert (effect.judged, effect.changed, effect.kinds) == (1, 1, (KindOfChange("99484", "G2214", 1),))
    assert [(row.patient_name, row.month, row.before, row.after) for row in effect.rows] == [
        ("Abara, Jo", "2026-02", "99484", "G2214")
    ]
    close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month="2026-02", note="Seen.", client_token=uuid4()
    )
    assert effect_of_g2214(lakeside, payer).judged == 0


def test_trying_costs_the_same_for_any_number_of_patients(lakeside: Program):
    payer = lakeside.payer("Aetna PPO")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            effect_of_g2214(lakeside, payer)
        return len(captured)

    lakeside.billing_patient("Abara", minutes=32, payer=payer)
    before = statements()
    for name in ("Boyd", "Cole", "Dunn"):
        lakeside.billing_patient(name, minutes=32, payer=payer)
    assert statements() == before


def test_of_two_who_withdraw_at_once_the_later_one_reads_so(people: Program, billing: Client, monkeypatch: Any):
    payer = aetna(people)
    with tenant(people.organization):
        wrong = set_profile(by=people.by, at=AT, payer=payer, book="medicare_ffs", from_on=FEBRUARY)

    def taken_back_already(**given: Any) -> None:
        raise AlreadyVoided

    monkeypatch.setattr("billing.views.payers.withdraw_profile", taken_back_already)
    answer = billing.post(f"{PAGE}{payer.id}/rules/{wrong.id}/withdraw/", {"because": "Misread"}, follow=True)
    assert (answer.status_code, "Somebody took these rules back already." in text_of(answer)) == (200, True)
