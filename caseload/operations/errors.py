"""What the caseload refuses, each with the sentence that says why and what to do."""

from uuid import UUID

from bhi.errors import DomainError


class ImpossibleTime(DomainError):
    """A time that cannot be. `field` is `start`, `end`, `on` or `minutes`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class DayFull(DomainError):
    """One person would have worked more than 24 hours on a day."""

    def __init__(self, day_words: str) -> None:
        super().__init__(f"With this, {day_words} holds more than 24 hours of work. Correct the minutes or the day.")


class PatientDischarged(DomainError):
    """No new contact in an episode that has ended."""

    def __init__(self) -> None:
        super().__init__("The patient was discharged, so no contact can be added. Enrol the patient again first.")


class FollowUpTooEarly(DomainError):
    """The next contact lies before this one."""

    def __init__(self) -> None:
        super().__init__("The next contact is before this one. Correct its date.")


class RecommendationMissing(DomainError):
    """A review without a recommendation is not a review."""

    def __init__(self) -> None:
        super().__init__("A review needs at least one recommendation; to continue unchanged is one.")


class TooManyViews(DomainError):
    """A seat keeps a few views, not a collection."""

    def __init__(self) -> None:
        super().__init__("You have 20 saved views already. Delete one first, or save under the name of one.")


class FollowUpClosed(DomainError):
    """What was planned has been done, moved or replaced meanwhile."""

    def __init__(self) -> None:
        super().__init__("What was planned has been dealt with meanwhile. Nothing was changed.")


class FollowUpInThePast(DomainError):
    """A contact cannot be planned for a day that is over."""

    def __init__(self) -> None:
        super().__init__("This day is over. Choose today or a later day.")


class SnoozeRefused(DomainError):
    """A task cannot be put off so. `field` is `until_on`, `reason` or empty."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class TimerRunning(DomainError):
    """One clock at a time for each person. `timer_id` is the one that runs."""

    def __init__(self, timer_id: UUID) -> None:
        super().__init__("Your timer is running for another patient. Stop it first, or keep it.")
        self.timer_id = timer_id


class TimerClosed(DomainError):
    """A clock's time becomes one entry, once."""

    def __init__(self) -> None:
        super().__init__(
            "This timer was stopped, saved or let go meanwhile. Open your timers to see what became of it."
        )


class MoreThanTheCall(DomainError):
    """The minutes given to the patients of one call are more than the call lasted."""

    def __init__(self, minutes: int, given: int) -> None:
        super().__init__(
            f"The call lasted {minutes} min, and {given} min are given out. Correct the minutes or the end."
        )


class NotHowItIsDone(DomainError):
    """A kind of work that is not done in this way, or of which this cannot have come. `field` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class NoteTakenBack(DomainError):
    """Nothing is added to a note that was taken back."""

    def __init__(self) -> None:
        super().__init__("This note was taken back. Nothing can be added to it or signed any more.")


class NotYoursToTakeBack(DomainError):
    """Whoever wrote a note takes it back, or a clinic lead."""

    def __init__(self) -> None:
        super().__init__("Only whoever wrote this note, or a clinic lead, can take it back.")


class NotYoursToSign(DomainError):
    """A co-signature is the supervisor's."""

    def __init__(self) -> None:
        super().__init__("Only the supervisor of whoever wrote this note signs beside it.")


class SignedAlready(DomainError):
    """One signature beside a note."""

    def __init__(self) -> None:
        super().__init__("This note has been signed beside already. Nothing was changed.")


class TemplateNameTaken(DomainError):
    """Templates of one kind are told apart by their names."""

    def __init__(self) -> None:
        super().__init__("There is a template of this kind with this name. Choose another name.")


class OwnSupervisor(DomainError):
    """Nobody signs beside their own notes."""

    def __init__(self) -> None:
        super().__init__("Nobody supervises themselves. Choose somebody else.")
