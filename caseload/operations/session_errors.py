"""What review slots and sessions refuse, each with the sentence that says why and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from bhi.errors import DomainError
from caseload.rules.review_sessions import SpellFault


class SessionRefused(DomainError):
    """A slot or session that cannot be so. `field` names where that is mended."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class SlotTaken(SessionRefused):
    """A consultant is in one place at a time."""

    def __init__(self) -> None:
        super().__init__("begins_at", "This consultant has a slot at this time already. Choose another time.")


class SessionMoved(DomainError):
    """The session is no longer as it was shown: begun, ended or cancelled meanwhile."""

    def __init__(self) -> None:
        super().__init__("This session was begun, ended or cancelled meanwhile. Nothing was changed.")


class AnotherLive(DomainError):
    """One meeting at a time for each consultant."""

    def __init__(self) -> None:
        super().__init__("Another session of this consultant is under way. End it first.")


class ItemMoved(DomainError):
    """The patient was reviewed, put off or taken off the agenda meanwhile."""

    def __init__(self) -> None:
        super().__init__("This patient was reviewed, put off or taken off meanwhile. Nothing was changed.")


class NoSession(DomainError):
    """Who is put off is kept with a session."""

    def __init__(self) -> None:
        super().__init__("No session is planned yet. Plan one first: it keeps who was put off, and why.")


class SpellsToConfirm(DomainError):
    """Some patients lay open so briefly or so long that their minutes have to be confirmed."""

    def __init__(self, faults: Sequence[SpellFault]) -> None:
        super().__init__("Confirm the minutes of the patients marked below. Nothing was posted yet.")
        self.faults = tuple(faults)
