"""Signals in words: what a chip opens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from caseload.rules.clock import short_day
from caseload.rules.signal_evidence import Evidence
from caseload.rules.signals import KIND_OF, RANK_OF, is_eased, is_settled, rank_on
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
    "changed": "Treatment changed",
    "risk_opened": "Opened",
    "risk_none": "Assessed, no risk found",
    "risk_low": "Assessed as low risk",
    "risk_moderate": "Assessed as moderate risk",
    "risk_high": "Assessed as high risk",
    "risk_recheck": "To be assessed again",
    "asked": "Asked",
    "late": "Contact of",
    "written": "Written down",
}
NEW_DAYS = 7
CHIPS = 3


Turn = tuple[bool, int, int]


@dataclass(frozen=True, slots=True)
class SignalShown:
    """A signal as a chip shows it and what it opens: the rule, the evidence in sentences, since when.

    `rank`: a lower one is more urgent. `tone` is danger, warning or info. `aside` is said on the chip beside its age;
    `note` is what the rule cannot know. `refs` name the record behind each sentence, empty where it is no score.
    `put_off_until`: somebody put it off until that day. `is_new`: it was announced in the last seven days.
    """

    word: str
    label: str
    family: str
    rule: str
    since: date
    evidence: tuple[str, ...]
    clears: str
    rank: int = 0
    tone: str = "warning"
    aside: str = ""
    note: str = ""
    refs: tuple[str, ...] = ()
    put_off_until: date | None = None
    is_new: bool = False

    @property
    def may_wait(self) -> bool:
        """Whether it may be put off."""
        return self.family != "safety"


def shown(
    word: str,
    *,
    since: date,
    evidence: Iterable[Evidence],
    clears: str,
    today: date,
    put_off_until: date | None = None,
    is_announced: bool = False,
) -> SignalShown:
    """A standing signal in words. `is_announced`: that it began was announced."""
    kind, facts = KIND_OF[word], tuple(evidence)
    is_milder = is_eased(word, facts, today) or is_settled(word, facts, today)
    return SignalShown(
        word=word,
        label=kind.label,
        family=kind.family,
        rule=kind.rule,
        since=since,
        evidence=tuple(evidence_words(fact, today) for fact in facts),
        clears=clears[:1].lower() + clears[1:],
        rank=rank_on(word, facts, today),
        tone="warning" if is_milder else kind.tone,
        aside=_aside(facts, today),
        note=kind.note,
        refs=tuple(fact.ref for fact in facts),
        put_off_until=put_off_until if put_off_until is not None and put_off_until > today else None,
        is_new=is_announced and (today - since).days <= NEW_DAYS,
    )


def chips(signals: Iterable[SignalShown]) -> tuple[SignalShown, ...]:
    """One chip per family, its worst, the most urgent family first. What was put off comes last, and only where
    nothing else of its family stands.
    """
    return worst_per_family(signals, _turn, lambda signal: signal.word)


def worst_per_family(
    signals: Iterable[Any], turn: Callable[[Any], Turn], word: Callable[[Any], str]
) -> tuple[Any, ...]:
    """The first of each family by its turn, in this order, whatever form the signals have."""
    worst: dict[str, Any] = {}
    for signal in sorted(signals, key=turn):
        worst.setdefault(KIND_OF[word(signal)].family, signal)
    return tuple(worst.values())


def turn_of(word: str, evidence: Iterable[Evidence], put_off_until: date | None, today: date) -> Turn:
    """When a signal has its turn among those of a patient: what was put off last, else the most urgent first."""
    is_put_off = put_off_until is not None and put_off_until > today
    return is_put_off, rank_on(word, evidence, today), RANK_OF[word]


def evidence_words(fact: Evidence, today: date) -> str:
    """One fact with its day: `PHQ-9 at baseline 16, Oct 5`."""
    scale = INSTRUMENTS[fact.instrument].name if fact.instrument else ""
    words = _PARTS[fact.what].format(scale=scale, value=fact.value)
    return f"{words} {_day(fact.on, today)}" if fact.what == "late" else f"{words}, {_day(fact.on, today)}"


def _turn(signal: SignalShown) -> Turn:
    return signal.put_off_until is not None, signal.rank, RANK_OF[signal.word]


def _aside(facts: tuple[Evidence, ...], today: date) -> str:
    """What is said on the chip itself: that the plan changed, or how a concern was assessed."""
    by_part = {fact.what: fact.on for fact in facts}
    if "changed" in by_part:
        return f"plan changed {_day(by_part['changed'], today)}, {_age(by_part['changed'], today)}"
    tier = next((fact for fact in facts if fact.what in _TIERS), None)
    if tier is not None:
        again = by_part.get("risk_recheck")
        due = f", recheck {_day(again, today)}" if again else ""
        return f"{_TIERS[tier.what]} {_day(tier.on, today)}{due}"
    return "not assessed" if "risk_opened" in by_part else ""


_TIERS = {
    "risk_none": "assessed no risk",
    "risk_low": "assessed low",
    "risk_moderate": "assessed moderate",
    "risk_high": "assessed high",
}


def _age(on: date, today: date) -> str:
    days = (today - on).days
    return f"{days // 7} wk" if days >= 14 else f"{days} d"


def _day(on: date, today: date) -> str:
    return short_day(on) if on.year == today.year else f"{short_day(on)}, {on.year}"
