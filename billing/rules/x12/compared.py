"""Whether a claim would say anything else by now than the one that was filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from billing.rules.canonical import read
from billing.rules.x12.filed import FiledClaim
from billing.rules.x12.writing import written_claim


def says_otherwise(kept: Mapping[str, Any], now: FiledClaim) -> bool:
    """Whether the claim differs in anything that is written, from codes to the spelling of a street, leaving aside how
    the two are numbered and which of them replaces the other. `kept` is the earlier one as it was stored; what it was
    stored without, because claims did not carry it yet, is not compared.
    """
    return _bare(read(FiledClaim, kept)) != _bare(_as_told(kept, now))


def _bare(claim: FiledClaim) -> list[object]:
    lines = tuple(replace(line, control_number="") for line in claim.lines)
    return list(written_claim(replace(claim, control_number="", frequency="", payer_claim_number="", lines=lines)))


def _as_told(kept: Mapping[str, Any], now: FiledClaim) -> FiledClaim:
    facility = now.facility if "facility" in kept else None
    authorization = now.authorization if "authorization" in kept else ""
    died_on = now.patient.died_on if "died_on" in kept["patient"] else None
    patient = replace(now.patient, died_on=died_on)
    return replace(now, facility=facility, authorization=authorization, patient=patient)
