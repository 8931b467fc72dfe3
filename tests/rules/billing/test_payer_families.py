"""Payer families on top of Medicare's and the commercial books: from which day each holds, and in what it differs."""

from datetime import date, timedelta

import pytest

from billing.rules.books import NoBookInForce, book_in_force
from billing.rules.books.library import library
from billing.rules.findings import Citation
from billing.rules.payer_options import families
from billing.rules.payers import COMMERCIAL, MEDICARE, PayerRules, default_rules

OCTOBER = date(2026, 10, 1)
GENERIC = "Generic rules assumed; this payer's own rules are not confirmed."
BY_NAME = "Rules assumed from the payer's name; nobody has confirmed them."


@pytest.mark.parametrize(
    ("family", "begins"),
    [
        ("nc_medicaid", date(2020, 1, 1)),
        ("tx_medicaid", date(2022, 6, 1)),
        ("wi_medicaid", date(2026, 9, 1)),
        ("co_medicaid", date(2025, 7, 1)),
        ("bcbs_nd", date(2020, 1, 1)),
        ("michigan", date(2022, 5, 1)),
        ("horizon", date(2021, 12, 1)),
        ("regence", date(2025, 3, 1)),
        ("medicare_advantage", date(2020, 1, 1)),
    ],
)
def test_a_family_holds_from_its_first_book_on(family, begins):
    assert book_in_force(family, begins).effective == begins
    with pytest.raises(NoBookInForce, match=f"no rule book of {family} holds on"):
        book_in_force(family, begins - timedelta(days=1))


@pytest.mark.parametrize(
    ("family", "on", "book", "expected"),
    [
        ("nc_medicaid", date(2022, 2, 28), "nc_medicaid_2020", {"covers_g2214": False, "addon_cap": 2}),
        ("nc_medicaid", date(2022, 3, 1), "nc_medicaid_2022_03", {"covers_g2214": True, "addon_cap": 2}),
        ("nc_medicaid", date(2024, 6, 30), "nc_medicaid_2022_12", {"addon_cap": 2}),
        ("nc_medicaid", date(2024, 7, 1), "nc_medicaid_2024_07", {"addon_cap": 4, "covers_g2214": True}),
        ("tx_medicaid", OCTOBER, "tx_medicaid_2025_03", {"covers_g2214": False, "count_facility_minutes": True}),
        ("wi_medicaid", OCTOBER, "wi_medicaid_2026_09", {"covers_g2214": False, "time_rule": "midpoint"}),
        ("co_medicaid", OCTOBER, "co_medicaid_2025_07", {"covers_g2214": False}),
        ("bcbs_nd", OCTOBER, "bcbs_nd_2021", {"covers_g2214": False, "time_rule": "midpoint"}),
        (
            "michigan",
            OCTOBER,
            "michigan_2022_05",
            {"covers_g2214": True, "g2214_min": 30, "initial_once_per": "calendar_year"},
        ),
        ("regence", OCTOBER, "regence_2025_03", {"covers_g2214": True}),
        ("horizon", OCTOBER, "horizon_2021_12", {"covers_g2214": False}),
        ("medicare_advantage", OCTOBER, "medicare_advantage_2026", {"covers_g2214": True, "addon_cap": None}),
    ],
)
def test_what_each_family_sets_otherwise(family, on, book, expected):
    found = book_in_force(family, on)
    assert found.id == book
    assert {name: getattr(found.options, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("family", "on", "code", "first", "later"),
    [
        ("nc_medicaid", date(2022, 11, 30), "usual", 70, 60),
        ("nc_medicaid", date(2022, 12, 1), "G0512", 60, 60),
        ("nc_medicaid", OCTOBER, "G0512", 60, 60),
        ("tx_medicaid", date(2025, 2, 28), "usual", 70, 60),
        ("tx_medicaid", date(2025, 3, 1), "G0512", 70, 60),
        ("tx_medicaid", OCTOBER, "G0512", 70, 60),
        ("medicare_advantage", date(2025, 12, 31), "G0512", 70, 60),
        ("medicare_advantage", OCTOBER, "usual", 70, 60),
    ],
)
def test_health_centers_of_a_family_have_its_code(family, on, code, first, later):
    book = book_in_force(family, on)
    rule = book.codes["G0512"]
    assert (book.clinic_cocm_code, rule.full_minutes, rule.later_full_minutes) == (code, first, later)


def test_no_payer_takes_over_the_prices_of_another():
    priced = {book.id for books in library().values() for book in books if book.payment}
    assert priced == {"medicare_ffs_2025", "medicare_ffs_2026", "medicare_ffs_2026_07", "wi_medicaid_2026_09"}
    advantage = book_in_force("medicare_advantage", OCTOBER)
    assert advantage.codes.keys() == book_in_force(MEDICARE, date(2026, 1, 1)).codes.keys()
    assert [field for field in advantage.citations if field.startswith("payment.")] == []
    assert advantage.access is None


def test_notes_are_words_with_a_source_and_no_rule():
    book = book_in_force("michigan", OCTOBER)
    assert book.authorization_after_months == 12
    assert sorted(book.notes) == ["authorization", "cost_share", "settings"]
    assert book.cite("notes.authorization") == Citation(
        "michigan_2022_05", "notes.authorization", (book.cite("options.initial_once_per").sources), "read"
    )
    assert [book_in_force("tx_medicaid", on).notes.get("attestation", "")[:33] for on in TEXAS] == [
        "",
        "The practice attests to its CoCM ",
        "The practice location attests to ",
    ]


TEXAS = (date(2022, 12, 31), date(2023, 1, 1), date(2024, 8, 1))


@pytest.mark.parametrize(
    ("name", "family", "note"),
    [
        ("Medicare Part B", MEDICARE, "Medicare rules, taken from the payer's name."),
        ("Railroad Medicare", MEDICARE, "Medicare rules, taken from the payer's name."),
        ("Original Medicare", MEDICARE, "Medicare rules, taken from the payer's name."),
        *(
            (name, "medicare_advantage", "Medicare rules assumed for this plan; its own edits are not confirmed.")
            for name in (
                "Humana Medicare Advantage",
                "Aetna Medicare HMO",
                "Regence Medicare PPO",
                "Medicare MA plan",
                "Humana Medicare",
                "UnitedHealthcare Medicare Complete",
                "Blue Cross Medicare",
            )
        ),
        *(
            (name, family, BY_NAME)
            for name, family in (
                ("NC Medicaid Direct", "nc_medicaid"),
                ("Medicaid of North Carolina", "nc_medicaid"),
                ("Texas Medicaid & Healthcare Partnership", "tx_medicaid"),
                ("BCBSTX TX Medicaid STAR", "tx_medicaid"),
                ("Wisconsin Medicaid", "wi_medicaid"),
                ("ForwardHealth", "wi_medicaid"),
                ("Health First Colorado", "co_medicaid"),
                ("CO Medicaid", "co_medicaid"),
                ("Colorado Medicaid", "co_medicaid"),
                ("Blue Cross Blue Shield of North Dakota", "bcbs_nd"),
                ("BCBS ND", "bcbs_nd"),
                ("BCBSND", "bcbs_nd"),
                ("BCBSM", "michigan"),
                ("Blue Cross Blue Shield of Michigan", "michigan"),
                ("Blue Care Network", "michigan"),
                ("Priority Health", "michigan"),
                ("HAP", "michigan"),
                ("Horizon BCBSNJ", "horizon"),
                ("Horizon Blue Cross", "horizon"),
                ("regence BlueShield", "regence"),
            )
        ),
        *(
            (name, COMMERCIAL, GENERIC)
            for name in (
                "Aetna PPO",
                "Ohio Medicaid",
                "Priority Health Medicaid",
                "Horizon NJ Health",
                "Happy Health",
                "",
            )
        ),
    ],
)
def test_a_payers_name_gives_rules_that_say_they_are_assumed(name, family, note):
    rules = default_rules(name, OCTOBER)
    assert (rules.family, rules.note, rules.options) == (family, note, ())


def test_assumed_rules_bring_what_the_book_tells_people():
    rules = default_rules("Priority Health", OCTOBER)
    assert rules.authorization_after_months == 12
    assert rules.authorization == book_in_force("michigan", OCTOBER).notes["authorization"]
    assert rules.cost_share.startswith("Employer groups choose")
    assert default_rules("Texas Medicaid", OCTOBER).attestation.startswith("The practice location")


def test_before_a_family_has_a_book_its_payers_are_generic():
    assert default_rules("Regence", date(2025, 2, 28)) == PayerRules(COMMERCIAL, note=GENERIC)
    assert default_rules("Regence", date(2025, 3, 1)).family == "regence"
    assert default_rules("Regence").family == "regence"


def test_a_family_is_called_by_what_its_titles_begin_with():
    assert dict(families()) == {
        "bcbs_nd": "BCBS North Dakota",
        "co_medicaid": "Colorado Medicaid",
        "commercial": "Commercial payers in general",
        "horizon": "Horizon BCBSNJ",
        "medicare_advantage": "Medicare Advantage",
        "medicare_ffs": "Medicare fee-for-service",
        "michigan": "Michigan commercial payers (BCBSM, BCN, Priority Health, HAP)",
        "nc_medicaid": "NC Medicaid",
        "regence": "Regence (commercial and Medicare Advantage)",
        "tx_medicaid": "Texas Medicaid",
        "wi_medicaid": "Wisconsin Medicaid",
    }
