"""What links to questionnaires and safety notices refuse, each with the sentence that says why and what to do."""

from __future__ import annotations

from bhi.errors import DomainError


class RotaEmpty(DomainError):
    """Nobody would be told of a dangerous answer."""

    def __init__(self) -> None:
        super().__init__("Nobody is on duty at this clinic, so no questionnaire can be sent. Fill the rota first.")


class ToolsUnusable(DomainError):
    """No tool was chosen, or one that the clinic does not send, or not in this language."""


class WayClosed(DomainError):
    """The link cannot reach the patient in this way. The sentence says what is missing."""


class PatientDied(DomainError):
    """Nothing more is sent."""

    def __init__(self) -> None:
        super().__init__("The patient has died. Nothing more is sent.")


class LinkOver(DomainError):
    """The link was finished, withdrawn or has expired, or it waits for the clinic to open."""

    def __init__(self) -> None:
        super().__init__("This link is not open any more.")


class AnswerImpossible(DomainError):
    """Not an answer of the question, or of no question that is asked."""

    def __init__(self) -> None:
        super().__init__("Choose one of the answers.")


class QuestionsOpen(DomainError):
    """Some questions were not reached yet. `place` is the first of them."""

    def __init__(self, place: int) -> None:
        super().__init__("Some questions are not answered yet.")
        self.place = place


class NoticeTaken(DomainError):
    """Somebody else took the notice on before."""

    def __init__(self) -> None:
        super().__init__("Somebody took this on before you. See who below.")


class NoticeClosed(DomainError):
    """The notice was dealt with."""

    def __init__(self) -> None:
        super().__init__("This was dealt with already. See below by whom.")


class ClosingNoteMissing(DomainError):
    """Closing a notice needs what was found and done."""

    def __init__(self) -> None:
        super().__init__("Write what was found and what was done.")


class TurnOverlaps(DomainError):
    """Two people would be first, or second, at the same time. The sentence names the day."""


class TurnUnusable(DomainError):
    """A turn without a person who can be reached."""
