"""What is refused about reviews and their drafts."""

from __future__ import annotations

from bhi.errors import DomainError


class NotTheConsultant(DomainError):
    """Advice is signed by whoever gives it."""

    def __init__(self) -> None:
        super().__init__("Only a psychiatric consultant signs a review. Save it as a draft for the consultant.")


class DraftGone(DomainError):
    """What somebody went on writing was signed meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "This draft was signed meanwhile. What you typed is still here: open the page again to see the review, and "
            "copy what it lacks."
        )


class ReviewDayImpossible(DomainError):
    """A review is of somebody who is in the program, and not of a day to come."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


class ReviewTakenBack(DomainError):
    """Nothing is added to a review that was taken back."""

    def __init__(self) -> None:
        super().__init__("This review was taken back. Nothing can be added to it any more.")


class ReviewActedOn(DomainError):
    """What somebody acted on is not undone, but corrected by an addendum."""

    def __init__(self) -> None:
        super().__init__(
            "A recommendation of this review was sent or acted on already, so it stays. Say in an addendum what is "
            "different now."
        )
