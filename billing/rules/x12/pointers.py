"""Which of a claim's diagnoses a line points to, by what its code is for.

Behavioral health integration points to the behavioral conditions; chronic care management, and principal care
management, to the chronic conditions that it manages (billing-rules, section 8). Advanced primary care and the review
of the ACCESS model are for the whole person. Transitional care follows a discharge, for whatever is not behavioral.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from billing.rules.decisions import APCM_ADDONS, APCM_BASES, FAMILY
from registry.rules.identifiers import is_behavioral

MOST_POINTERS = 4
BEHAVIORAL: Final = FAMILY | APCM_ADDONS | {"G0323"}
CCM: Final = frozenset({"99490", "99439", "99491", "99437", "99487", "99489"})
PCM: Final = frozenset({"99424", "99425", "99426", "99427"})
WHOLE_PERSON: Final = APCM_BASES | {"G0678"}
# Of ICD-10-CM: behavioral conditions have their own care; signs, injuries, their causes and circumstances are none.
_NOT_CHRONIC = ("F", "R", "S", "T", "V", "W", "X", "Y", "Z")

_Kind = Callable[[str], bool]


def pointers(code: str, diagnoses: Iterable[str]) -> tuple[int, ...]:
    """Places of the diagnoses (from 1) that a line of this code points to, four at most; all where none is of the kind
    that the code is for. A claim without diagnoses points to the first one that it has not.
    """
    listed = list(enumerate(diagnoses, start=1))
    fitting = [place for place, diagnosis in listed if _kind(code)(diagnosis)]
    return tuple(fitting or [place for place, _ in listed] or [1])[:MOST_POINTERS]


def is_chronic(diagnosis: str) -> bool:
    """Whether a diagnosis is a condition that chronic care management manages, beside the behavioral ones."""
    return not diagnosis.upper().startswith(_NOT_CHRONIC)


def is_behavioral_service(codes: Iterable[str]) -> bool:
    """Whether any of these codes is of behavioral health integration: then a behavioral diagnosis comes first."""
    return not BEHAVIORAL.isdisjoint(codes)


def _kind(code: str) -> _Kind:
    return _KINDS.get(code, _is_other)


def _is_other(diagnosis: str) -> bool:
    return not is_behavioral(diagnosis)


def _is_any(diagnosis: str) -> bool:
    return bool(diagnosis)


_KINDS: Final[Mapping[str, _Kind]] = {
    **dict.fromkeys(BEHAVIORAL, is_behavioral),
    **dict.fromkeys(CCM | PCM, is_chronic),
    **dict.fromkeys(WHOLE_PERSON, _is_any),
}
