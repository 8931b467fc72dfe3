"""Signals in words: what a chip opens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from caseload.rules.clock import short_day
from caseload.rules.signal_evidence import Evidence
from caseload.rules.signals import KIND_OF
from registry.rules.instruments import INSTRUMENTS

# What a fact is called, by its part in the rule. Scores put their scale and value in.
_PARTS = {
    "baseline": "{scale} at baseline {value}",
    "before": "{scale} before that {value}",
    "best": "Best {scale} {value}",
    "compared": "{scale} then {value}",
    "last": "Last {scale} {value}",
    "item9": "Item 9 answered {value}",
    "self_harm": "{scale}, the question about self-harm answered {value}",
    "tier_moderate": "{scale}: moderate risk",
    "tier_high": "{scale}: high risk",
    "enrolled": "Enrolled",
    "contact": "Last spoken with",
    "review": "Last review",
    "program": "Collaborative care began",
}


@dataclass(frozen=True, slots=True)
class SignalShown:
    """A signal as a chip shows it and what it opens: the rule, the evidence in sentences, since when."""

    word: str
    label: str
    family: str
    rule: str
    since: date
    evidence: tuple[str, ...]
    clears: str


def shown(word: str, *, since: date, evidence: Iterable[Evidence], clears: str, today: date) -> SignalShown:
    """A standing signal in words."""
    kind = KIND_OF[word]
    sentences = tuple(evidence_words(fact, today) for fact in evidence)
    return SignalShown(word, kind.label, kind.family, kind.rule, since, sentences, clears[:1].lower() + clears[1:])


def evidence_words(fact: Evidence, today: date) -> str:
    """One fact with its day: `PHQ-9 at baseline 16, Oct 5`."""
    scale = INSTRUMENTS[fact.instrument].name if fact.instrument else ""
    day = short_day(fact.on) if fact.on.year == today.year else f"{short_day(fact.on)}, {fact.on.year}"
    return f"{_PARTS[fact.what].format(scale=scale, value=fact.value)}, {day}"
