"""Whose training or license was not on record on a day of work in a month.

CPT describes the care manager of collaborative care as somebody with formal education or specialized training in
behavioral health; a license is asked for by the states. Minutes count all the same (docs/adr/0034): the record may be
behind, and whether somebody was trained is the organization's to answer, not a clock's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

TRAINING, LICENSE = "training", "license"
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class CredentialGap:
    """What of a person was missing, and the first day of work in the month on which it was."""

    person: str
    on: date
    kind: str


def gaps_said(gaps: Sequence[CredentialGap]) -> str:
    """One sentence for each, the first three by day and name, and how many more; nothing for none."""
    ordered = sorted(gaps, key=lambda gap: (gap.on, gap.person, gap.kind))
    said = [_said(gap) for gap in ordered[:_MOST]]
    if len(ordered) > _MOST:
        said.append(f"And {len(ordered) - _MOST} more.")
    return " ".join(said)


def _said(gap: CredentialGap) -> str:
    on = f"{gap.on:%b} {gap.on.day}, {gap.on.year}"
    if gap.kind == TRAINING:
        return f"{gap.person} worked on {on} without behavioral health training on record."
    return f"{gap.person} worked on {on} after the license on record had ended."
