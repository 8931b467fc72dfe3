"""What a clinic may set itself about review and recommendations: from a sensible least to the usual, never laxer."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from caseload.rules.targets import Limits, OwnLimits

# The least that makes sense of each limit of a signal; the most is the usual one. Own choice.
_LEAST_OF_SIGNALS: Mapping[str, int] = MappingProxyType(
    {
        "never_reviewed_days": 14,
        "review_due_days": 14,
        "first_follow_up_days": 7,
        "stalled_watch_days": 28,
        "stalled_days": 42,
        "long_episode_months": 3,
    }
)
LIMIT_FIELDS = tuple(_LEAST_OF_SIGNALS)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days until a recommendation is decided and until the patient is told; of medication, business days."""

    medication_decision_days: int = 2
    medication_told_days: int = 5
    other_decision_days: int = 7
    other_told_days: int = 14


USUAL_DEADLINES = Deadlines()
DEADLINE_FIELDS = tuple(one.name for one in fields(Deadlines))


def bounds_of_limit(name: str, usual: Limits) -> tuple[int, int]:
    """The least and the most that a clinic may set for a limit of a signal, in its own unit."""
    return _LEAST_OF_SIGNALS[name], getattr(usual, name)


def bounds_of_deadline(name: str) -> tuple[int, int]:
    """The least and the most days of a deadline."""
    return 1, getattr(USUAL_DEADLINES, name)


def faults_of_review_limits(own: OwnLimits, deadlines: Deadlines, usual: Limits) -> dict[str, str]:
    """By field, why a clinic's limits and deadlines cannot stand, as a sentence with the fix; empty when they can."""
    faults = {}
    for name in LIMIT_FIELDS:
        value, (least, most) = getattr(own, name), bounds_of_limit(name, usual)
        if value is not None and not least <= value <= most:
            unit = "months" if name.endswith("months") else "days"
            faults[name] = f"This is a whole number of {unit} from {least} to {most}, or empty for the usual {most}."
    for name in DEADLINE_FIELDS:
        least, most = bounds_of_deadline(name)
        if not least <= getattr(deadlines, name) <= most:
            faults[name] = f"This is a whole number of days from {least} to {most}."
    return faults | _out_of_order(own, deadlines, usual, faults)


def _out_of_order(own: OwnLimits, deadlines: Deadlines, usual: Limits, faults: Mapping[str, str]) -> dict[str, str]:
    watch = usual.stalled_watch_days if own.stalled_watch_days is None else own.stalled_watch_days
    stalled = usual.stalled_days if own.stalled_days is None else own.stalled_days
    pairs = [
        ("stalled_days", stalled <= watch, f"Stalled comes after stalling. Enter more than {watch} days."),
        *(_told_late(kind, deadlines) for kind in ("medication", "other")),
    ]
    return {name: sentence for name, is_wrong, sentence in pairs if is_wrong and name not in faults}


def _told_late(kind: str, deadlines: Deadlines) -> tuple[str, bool, str]:
    decided = getattr(deadlines, f"{kind}_decision_days")
    told = f"{kind}_told_days"
    sentence = f"The patient is told after the decision. Enter {decided} days or more."
    return told, getattr(deadlines, told) < decided, sentence
