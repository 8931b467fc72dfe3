"""What is refused about records that are kept to some, and about opening them in an emergency."""

from __future__ import annotations

from bhi.errors import DomainError


class ReasonTooShort(DomainError):
    """The reason does not tell somebody else what happened."""


class NoSuchSeat(DomainError):
    """Somebody chosen does not work here any more."""

    def __init__(self) -> None:
        super().__init__("Somebody that you chose does not work here any more. Look through the list again.")


class NotRestricted(DomainError):
    """There is nothing to end."""

    def __init__(self) -> None:
        super().__init__("This record is not restricted any more.")


class StillOpen(DomainError):
    """An access is looked at once it is over."""

    def __init__(self) -> None:
        super().__init__("The record is still open. Look at it once that is over.")


class OwnAccess(DomainError):
    """Nobody judges their own."""

    def __init__(self) -> None:
        super().__init__("You opened this record yourself. Somebody else has to look at it.")


class LookedAtAlready(DomainError):
    """Somebody else was faster; the first finding stays."""

    def __init__(self) -> None:
        super().__init__("Somebody has looked at this already. What they found stays.")


class OnlyInAnEmergency(DomainError):
    """To whom a record is kept is not changed by who sees it past that."""

    def __init__(self) -> None:
        super().__init__("You opened this record in an emergency. Somebody to whom it is kept sets who sees it.")
