"""Why something about people is refused. Each sentence says what to do instead."""

from bhi.errors import DomainError


class AlreadyHere(DomainError):
    """The person of this e-mail works here."""

    def __init__(self) -> None:
        super().__init__(
            "This person has a seat here already. Open it under People, and change or bring it back there."
        )


class SeatTaken(DomainError):
    """The seat to be taken has a person, or ended."""

    def __init__(self) -> None:
        super().__init__("This seat is somebody’s by now, or has ended. Invite the person without it.")


class InvitationOver(DomainError):
    """Used, expired or withdrawn."""

    def __init__(self) -> None:
        super().__init__("This invitation is not open any more. Ask whoever invited you for a new one.")


class WrongPerson(DomainError):
    """Somebody else is signed in, or the address has an account that must sign in first."""

    def __init__(self) -> None:
        super().__init__("This invitation is for another e-mail address. Sign in with that one.")


class RoleMissing(DomainError):
    """A seat without any role could do nothing."""

    def __init__(self) -> None:
        super().__init__("Choose at least one role. Who shall do nothing here any more: end their work.")


class StillCarried(DomainError):
    """Work of the role or clinic that goes would lie with nobody. `sentences` say which."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(f"Give this to colleagues first: {' '.join(sentences)}")
        self.sentences = sentences


class LastAdmin(DomainError):
    """Without an admin nobody could let anybody in."""

    def __init__(self) -> None:
        super().__init__("This is the only admin who can sign in. Make somebody else an admin first.")


class OwnSeat(DomainError):
    """Nobody gives themselves more, or ends their own work."""

    def __init__(self) -> None:
        super().__init__("Ask another admin: nobody adds roles or clinics to their own seat, or ends it.")


class LeaveRefused(DomainError):
    """Days of leave that cannot be so."""


class CredentialRefused(DomainError):
    """Dates of a credential that cannot be so."""


class SlugTaken(DomainError):
    """Another organization has this short name."""

    def __init__(self) -> None:
        super().__init__("An organization with this short name is there already. Choose another.")


class IdleMinutesWrong(DomainError):
    """Longer than screens may stay open, or too short to work with."""

    def __init__(self) -> None:
        super().__init__("Choose from 5 to 15 minutes.")


class DomainRefused(DomainError):
    """A mail domain that cannot be an organization's."""


class ReviewChanged(DomainError):
    """Who may do what changed while the list was looked through."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody’s access changed while you looked through the list. Look at it again, then sign. What you chose "
            "is still here."
        )


class ReviewSigned(DomainError):
    """It is signed, and stays as it is."""

    def __init__(self) -> None:
        super().__init__("This review is signed and stays as it is.")
