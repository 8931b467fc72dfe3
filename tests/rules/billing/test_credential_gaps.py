"""Whose training or license was not on record on a day of work, in one sentence each."""

from datetime import date

import pytest

from billing.rules.credential_gaps import CredentialGap, gaps_said

ON = date(2026, 10, 12)
BEN = CredentialGap("Ben Otieno", ON, "training")
ADA = CredentialGap("Ada Lind", ON, "license")


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ((), ""),
        ((BEN,), "Ben Otieno worked on Oct 12, 2026 without behavioral health training on record."),
        (
            (BEN, ADA),
            (
                "Ada Lind worked on Oct 12, 2026 after the license on record had ended. "
                "Ben Otieno worked on Oct 12, 2026 without behavioral health training on record."
            ),
        ),
        (
            tuple(CredentialGap("Ada Lind", date(2026, 10, day), "license") for day in (1, 2, 3, 4, 5)),
            " ".join(f"Ada Lind worked on Oct {day}, 2026 after the license on record had ended." for day in (1, 2, 3))
            + " And 2 more.",
        ),
    ],
)
def test_each_gap_is_said_once_by_day_and_name(gaps, said):
    assert gaps_said(gaps) == said
