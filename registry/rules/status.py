"""How an episode may stand, which way it may go from there, and what each step asks for.

What speaks for a step and what against it is shown; a person decides, and says why where the rule says otherwise.
Source: workflow states 5.1, disengagement 5.4 and rules T16, T24 of the product's clinical rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

ACTIVE, ON_HOLD, PREVENTION, DISCHARGED = "active", "on_hold", "relapse_prevention", "discharged"

# Days between the first and the last of the improved scores; days without contact before somebody is lost to
# follow-up, and before an inactive episode is closed.
SUSTAINED_DAYS, LOST_DAYS, INACTIVE_DAYS = 28, 30, 90
# From this PHQ-9 on, and from this answer to item 9 on, nobody is discharged without a word about the risk.
RISK_TOTAL, RISK_ITEM9 = 15, 1
RISK_TIERS = frozenset({"moderate", "high"})
LONGEST_REASON = 300

# From each status, where an open episode may go. Discharge is open to all of them.
MOVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {ACTIVE: (ON_HOLD, PREVENTION), ON_HOLD: (ACTIVE, PREVENTION), PREVENTION: (ACTIVE,), DISCHARGED: ()}
)


@dataclass(frozen=True, slots=True)
class ScaleCourse:
    """A scale that the episode is steered by. `improved_from` is the first of the improved scores up to the last one
    without a break (T4); None where the last one is none. `best` is the lowest so far, and from `comes_back_at` on a
    score says relapse (T16).
    """

    name: str
    baseline: int
    last: int
    last_on: date
    improved_from: date | None = None
    best: int | None = None
    comes_back_at: int | None = None

    @property
    def is_sustained(self) -> bool:
        """Improved by two scores four weeks apart or more, and by all in between."""
        return self.improved_from is not None and (self.last_on - self.improved_from).days >= SUSTAINED_DAYS


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of an open episode on its clinic's day `today`, as far as its status turns on it.

    `last_contact_on` is the last contact in which the patient was treated. `changed_on` is the day of the last change
    of status. `plan_on` is the plan against relapse in force; `relapse` is "", "relapse" or "relapse_confirmed" (T16).
    """

    status: str
    today: date
    enrolled_on: date
    changed_on: date | None = None
    last_contact_on: date | None = None
    scales: tuple[ScaleCourse, ...] = ()
    last_phq9: int | None = None
    last_item9: int | None = None
    last_tier: str = ""
    plan_on: date | None = None
    relapse: str = ""
    hand_off_seen_on: date | None = None
    is_hand_off_open: bool = False

    @property
    def inactive_on(self) -> date:
        """T24: the day on which an episode without contact is closed, ninety days after the last one."""
        return (self.last_contact_on or self.enrolled_on) + timedelta(days=INACTIVE_DAYS)


@dataclass(frozen=True, slots=True)
class Consideration:
    """One thing that speaks for a step, or against it."""

    is_for: bool
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step is not made, and the field of the form where that is mended."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Closing:
    """A discharge as somebody asks for it. `in_spite_of` says why the reason holds although its rule is not met, or,
    for "other", what it is; `risk_accepted` why somebody at risk by the last score is discharged all the same.
    """

    reason: str
    on: date
    summary: str
    way_back: str = ""
    in_spite_of: str = ""
    risk_accepted: str = ""


def may_move(status: str, to: str) -> bool:
    """Whether an open episode may go from one status to the other."""
    return to in MOVES[status]


def considerations(to: str, ground: Ground) -> tuple[Consideration, ...]:
    """What speaks for and against a change of status; nothing where nothing is looked at."""
    if to == PREVENTION:
        return tuple(_for_prevention(ground))
    if to == ACTIVE and ground.status == PREVENTION:
        return (_for_return(ground),)
    return ()


def asks_reason(to: str, ground: Ground) -> bool:
    """A hold always says why; relapse prevention where something speaks against it."""
    return to == ON_HOLD or (to == PREVENTION and any(not one.is_for for one in considerations(to, ground)))


def refusals_of_change(to: str, on: date, reason: str, ground: Ground) -> tuple[Refusal, ...]:
    """Why the status may not change to `to` from `on`; empty where it may."""
    if not may_move(ground.status, to):
        return (Refusal("to", "The status cannot change that way. Choose one of those offered."),)
    found = _date_refusals(on, ground)
    if not reason.strip() and asks_reason(to, ground):
        sentence = "Say why the work rests." if to == ON_HOLD else "Something speaks against it. Say why all the same."
        found.append(Refusal("reason", sentence))
    return tuple(found)


def risks(ground: Ground) -> tuple[str, ...]:
    """What by the last scores forbids a quiet discharge (5.4)."""
    found = []
    if (ground.last_item9 or 0) >= RISK_ITEM9:
        found.append(f"Item 9 was answered with {ground.last_item9} the last time.")
    if (ground.last_phq9 or 0) >= RISK_TOTAL:
        found.append(f"The last PHQ-9 is {ground.last_phq9}.")
    if ground.last_tier in RISK_TIERS:
        found.append(f"The last suicide screener says {ground.last_tier} risk.")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """A reason to discharge: what it asks for, in words; what is unmet of it, in a sentence; and whether a person may
    decide otherwise and say why.
    """

    reason: str
    asks: str
    unmet: Callable[[Ground], str]
    may_override: bool = True


def refusals_of_discharge(closing: Closing, ground: Ground) -> tuple[Refusal, ...]:
    """Why this discharge is not made; empty where it may be. Raises KeyError for an unknown reason."""
    rule = REASONS[closing.reason]
    found = _date_refusals(closing.on, ground, after_contact=True)
    found += _reason_refusals(rule, closing, ground)
    if closing.reason != DIED and risks(ground) and not closing.risk_accepted.strip():
        found.append(
            Refusal(
                "risk_accepted", "Say what was done about this risk, and why the patient is discharged all the same."
            )
        )
    if not closing.summary.strip():
        found.append(Refusal("summary", "Write how it went, in a few sentences."))
    if closing.reason != DIED and not closing.way_back.strip():
        found.append(Refusal("way_back", "Write how the patient comes back: whom to call, and when."))
    return tuple(found)


def _reason_refusals(rule: ReasonRule, closing: Closing, ground: Ground) -> Iterable[Refusal]:
    unmet = rule.unmet(ground)
    if unmet and not rule.may_override:
        yield Refusal("reason", unmet)
    elif unmet and not closing.in_spite_of.strip():
        yield Refusal("in_spite_of", unmet)
    elif rule.reason == INACTIVITY and closing.on != ground.inactive_on:
        yield Refusal(
            "on", f"Closed for inactivity, an episode ends on {_day(ground.inactive_on)}, 90 days after contact."
        )
    elif rule.reason == TRANSFERRED and ground.hand_off_seen_on and closing.on < ground.hand_off_seen_on:
        yield Refusal("on", f"The patient was seen there on {_day(ground.hand_off_seen_on)}. Discharge on or after it.")


def _date_refusals(on: date, ground: Ground, *, after_contact: bool = False) -> list[Refusal]:
    """The first thing that is wrong with a date."""
    last = ground.last_contact_on
    if on > ground.today:
        return [Refusal("on", "This day is in the future. Correct it.")]
    if on < ground.enrolled_on:
        return [Refusal("on", f"The patient was enrolled on {_day(ground.enrolled_on)}, after this day. Correct it.")]
    if ground.changed_on and on < ground.changed_on:
        return [Refusal("on", f"The status changed on {_day(ground.changed_on)}, after this day. Correct it.")]
    if after_contact and last and on < last:
        return [Refusal("on", f"There was a contact on {_day(last)}, after this day. Discharge on or after it.")]
    return []


def _speaks_for(text: str) -> Consideration:
    return Consideration(is_for=True, text=text)


def _against(text: str) -> Consideration:
    return Consideration(is_for=False, text=text)


def _for_prevention(ground: Ground) -> Iterable[Consideration]:
    for scale in ground.scales:
        yield _of_scale(scale)
    if not ground.scales:
        yield _against("No scale has a baseline yet.")
    yield _of_plan(ground)
    if (ground.last_item9 or 0) >= RISK_ITEM9:
        yield _against(f"Item 9 was answered with {ground.last_item9} the last time.")


def _of_scale(scale: ScaleCourse) -> Consideration:
    course = f"{scale.name}: {scale.baseline} at the start, {scale.last} on {_day(scale.last_on)}"
    if scale.improved_from is None:
        return _against(f"{course}, not improved.")
    if not scale.is_sustained:
        return _against(
            f"{course}, improved since {_day(scale.improved_from)}; two scores four weeks apart are asked for."
        )
    return _speaks_for(f"{course}, improved since {_day(scale.improved_from)}.")


def _of_plan(ground: Ground) -> Consideration:
    """A plan from before the patient was better is no plan for staying well."""
    better_from = min((s.improved_from for s in ground.scales if s.improved_from), default=None)
    if ground.plan_on is None:
        return _against("No relapse plan is written yet. Write it with the patient first.")
    if better_from is None or ground.plan_on < better_from:
        return _against(f"The relapse plan is of {_day(ground.plan_on)}, before this improvement. Revise it first.")
    return _speaks_for(f"The relapse plan was written on {_day(ground.plan_on)}.")


def _for_return(ground: Ground) -> Consideration:
    if ground.relapse == "relapse_confirmed":
        return _speaks_for("The last two scores say relapse.")
    if ground.relapse:
        return _speaks_for("The last score says relapse. A second one in two weeks would confirm it.")
    return _against("No score says relapse.")


def _nothing(ground: Ground) -> str:
    return ""


def _unmet_graduation(ground: Ground) -> str:
    if ground.status == PREVENTION and ground.relapse:
        return "The last score says relapse. Say why the patient graduates all the same."
    if ground.status == PREVENTION:
        return ""
    return "Patients graduate from relapse prevention, and this one is not in it. Say why all the same."


def _unmet_loss(ground: Ground) -> str:
    if ground.last_contact_on is None or (ground.today - ground.last_contact_on).days >= LOST_DAYS:
        return ""
    return f"The last contact was on {_day(ground.last_contact_on)}, less than 30 days ago. Say why all the same."


def _unmet_inactivity(ground: Ground) -> str:
    if ground.today >= ground.inactive_on:
        return ""
    return f"Not before {_day(ground.inactive_on)}: that is 90 days without contact. Choose another reason, or wait."


def _unmet_transfer(ground: Ground) -> str:
    if ground.hand_off_seen_on:
        return ""
    if ground.is_hand_off_open:
        return "Nobody has confirmed yet that the patient was seen there. Record that first."
    return "Record the hand-off first, and that the patient was seen there."


def _asks_words(ground: Ground) -> str:
    return "Say what the reason is."


def _day(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"


GRADUATED, LOST, INACTIVITY, WITHDREW = "graduated", "lost_to_follow_up", "administrative_inactivity", "withdrew"
TRANSFERRED, DIED, OTHER = "transferred", "died", "other"

REASONS: Mapping[str, ReasonRule] = MappingProxyType(
    {
        rule.reason: rule
        for rule in (
            ReasonRule(GRADUATED, "From relapse prevention; else say why.", _unmet_graduation),
            ReasonRule(LOST, "After 30 days without contact; else say why.", _unmet_loss),
            ReasonRule(
                INACTIVITY,
                "After 90 days without contact, dated on the last of them.",
                _unmet_inactivity,
                may_override=False,
            ),
            ReasonRule(WITHDREW, "The patient wants to stop. Ask whether consent is taken back too.", _nothing),
            ReasonRule(
                TRANSFERRED,
                "Once somebody confirmed that the patient was seen there.",
                _unmet_transfer,
                may_override=False,
            ),
            ReasonRule(DIED, "Dated on the day of death. Nothing more is sent to the patient.", _nothing),
            ReasonRule(OTHER, "Say what it is.", _asks_words),
        )
    }
)
