"""What another service does to a month, in words, book by book; and what a payer's rules tell people."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules.books import OptionOutOfBounds, book_in_force, book_named
from billing.rules.other_codes import NOTHING, code_known, codes_known
from billing.rules.payer_options import book_for, cited, differences, first_judged, only_differences, read, typed
from billing.rules.payers import PayerRules, authorization_note, with_book_notes

BOOK = book_named("medicare_ffs_2026_07")


@pytest.mark.parametrize(
    ("code", "label", "ours", "theirs"),
    [
        ("90834", "Psychotherapy, 45 minutes", NOTHING, NOTHING),
        ("12345", "", NOTHING, NOTHING),
        (
            "99490",
            "Chronic care management, 20 minutes",
            "Adds its line once 20 minutes of CCM are known. Left out where this practitioner bills APCM.",
            NOTHING,
        ),
        (
            "99495",
            "Transitional care, visit within 14 days",
            "Adds its line. Left out where this practitioner bills APCM.",
            NOTHING,
        ),
        (
            "G0557",
            "APCM, level 2",
            (
                "Adds the APCM line, and its behavioral add-ons may take the place of timed codes. "
                "CCM and transitional care are left out beside it."
            ),
            "Closes the APCM add-ons here: they go with the base of the same practitioner.",
        ),
        (
            "G0678",
            "ACCESS co-management review",
            (
                "Adds the co-management review, at most 3 in 12 months, "
                "where the patient is aligned to another practice's ACCESS."
            ),
            NOTHING,
        ),
        (
            "G0323",
            "General BHI by a psychologist or social worker",
            "A code of this program: what the month bills follows from its minutes and papers, not from this.",
            "Holds the month: one practitioner bills behavioral health for a patient and month.",
        ),
    ],
)
def test_what_a_code_changes(code, label, ours, theirs):
    known = code_known(BOOK, code)
    assert (known.label, known.ours, known.theirs) == (label, ours, theirs)
    assert known.changes_something == ((ours, theirs) != (NOTHING, NOTHING))


def test_a_book_without_apcm_knows_ccm_without_it():
    book = book_named("commercial_2021")
    assert code_known(book, "99490").ours == "Adds its line once 20 minutes of CCM are known."
    assert code_known(book, "99495").ours == "Adds its line."
    assert code_known(book, "G0678").ours == NOTHING


def test_before_the_add_ons_anothers_base_changes_nothing():
    assert code_known(book_named("medicare_ffs_2025"), "G0557").theirs == NOTHING


def test_codes_that_change_something_come_first():
    known = codes_known(BOOK)
    assert [one.changes_something for one in known] == sorted((one.changes_something for one in known), reverse=True)
    assert {one.code for one in known} >= {"99484", "90837", "G0558", "G0323"}


TEXAS = date(2026, 10, 1)


def test_rules_somebody_set_take_the_books_notes_where_nothing_was_written():
    written = PayerRules("michigan", attestation="Ours", authorization_after_months=6)
    rules = with_book_notes(written, TEXAS)
    book = book_in_force("michigan", TEXAS)
    assert rules == PayerRules(
        "michigan",
        attestation="Ours",
        authorization=book.notes["authorization"],
        authorization_after_months=6,
        cost_share=book.notes["cost_share"],
    )
    assert with_book_notes(PayerRules("michigan"), TEXAS).authorization_after_months == 12
    assert with_book_notes(PayerRules("michigan"), date(2022, 4, 30)) == PayerRules("michigan")


@pytest.mark.parametrize(
    ("after", "words", "month", "said"),
    [
        (None, "", "2027-10", ""),
        (12, "", "2026-12", ""),
        (12, "", "2027-01", "Authorization is needed after 12 months; enrolled 12 months ago."),
        (1, "Call them.", "2026-02", "Authorization is needed after 1 month; enrolled 1 month ago. Call them."),
    ],
)
def test_authorization_is_due_after_so_many_calendar_months(after, words, month, said):
    rules = PayerRules("michigan", authorization=words, authorization_after_months=after)
    assert authorization_note(rules, date(2026, 1, 31), month) == said


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("covers_g2214", "true", True),
        ("g2214_min", "30", 30),
        ("addon_cap", "No limit", None),
        ("addon_cap", " 4 ", 4),
        ("scale_within", "month", "month"),
        ("scale_within", "60", 60),
        ("extra_visit_codes", "90792, 90791 90791", ("90791", "90792")),
        ("extra_visit_codes", "none", ()),
    ],
)
def test_an_option_is_read_and_written_alike(name, text, value):
    assert read(name, text) == value
    assert read(name, typed(name, value)) == value


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("g2214_min", "20", "Choose from the list."),
        ("addon_cap", "100", "Enter it so: A number from 0 to 99, or “no limit”."),
        ("scale_within", "often", "Enter it so: “month”, or a number of days from 1 to 3660."),
    ],
)
def test_an_option_that_cannot_be_says_what_would_do(name, text, fault):
    with pytest.raises(OptionOutOfBounds) as raised:
        read(name, text)
    assert str(raised.value) == fault


def test_only_differences_from_the_book_are_kept_and_said():
    book = book_named("commercial_2021")
    chosen = only_differences(book, {"addon_cap": 4, "covers_g2214": False})
    assert chosen == {"addon_cap": 4}
    assert [(one.label, one.value, one.book_says) for one in differences(book, chosen)] == [
        ("Most units of 99494 a month", "4", "2")
    ]


def test_the_book_for_a_day_before_the_first_is_the_first():
    assert book_for("wi_medicaid", date(2020, 1, 1)).id == "wi_medicaid_2026_09"
    assert book_for("wi_medicaid", date(2026, 10, 1)).id == "wi_medicaid_2026_09"
    assert first_judged("wi_medicaid") == date(2026, 9, 1)
    with pytest.raises(LookupError, match="nobody"):
        book_for("nobody", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("effective", "first"),
    [
        (date(2026, 7, 1), date(2026, 7, 1)),
        (date(2026, 7, 5), date(2026, 8, 1)),
        (date(2026, 12, 2), date(2027, 1, 1)),
    ],
)
def test_months_are_judged_from_the_first_that_begins_under_a_book(monkeypatch, effective, first):
    books = {"new": (replace(BOOK, effective=effective),)}
    monkeypatch.setattr("billing.rules.payer_options.library", lambda: books)
    assert first_judged("new") == first


def test_an_option_names_who_says_so():
    assert cited(BOOK, "addon_cap") == BOOK.cite("options.addon_cap")
