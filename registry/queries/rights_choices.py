"""What can be chosen on the pages of a patient's rights."""

from __future__ import annotations

from registry.models import AmendmentBasis, DisclosurePurpose, PartTwoPurpose


def _pairs(choices: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in choices)


BASES = _pairs(AmendmentBasis.choices)
PART_TWO_PURPOSES = _pairs(PartTwoPurpose.choices)
DISCLOSURE_PURPOSES = (("", "Choose"), *_pairs(DisclosurePurpose.choices))
