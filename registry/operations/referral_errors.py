"""What referrals refuse, each with the sentence that says why and what to do. `field` is where a form shows it."""

from __future__ import annotations

from bhi.errors import DomainError


class ReferralRefused(DomainError):
    """Base: `field` names the value that would have to be another; empty where none would help."""

    field = ""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field or self.field


class ReferralOpen(ReferralRefused):
    """The patient has been referred and nobody has ended it: one open referral is enough."""

    def __init__(self) -> None:
        super().__init__("This patient has an open referral already. Go on with that one.")


class AlreadyEnrolled(ReferralRefused):
    """The patient is in the program, so there is nothing to refer to."""

    def __init__(self) -> None:
        super().__init__("This patient is enrolled now. Open the chart instead.")


class PatientDied(ReferralRefused):
    """Nobody is called for a patient who died."""

    def __init__(self) -> None:
        super().__init__("This patient has died, so there is nothing to refer to.")


class ReferralEnded(ReferralRefused):
    """Somebody was faster: the referral is over, and nothing more happens in it."""

    def __init__(self) -> None:
        super().__init__("This referral has ended already. Open it again if that was a mistake.")


class ReferralNotEnded(ReferralRefused):
    """Only what has ended can be opened again."""

    def __init__(self) -> None:
        super().__init__("This referral is open.")


class EndingIncomplete(ReferralRefused):
    """The end lacks what it demands: a reason, or enough attempts."""

    field = "reason"


class StayedEnrolled(ReferralRefused):
    """A referral that led to an enrolment which still stands is not opened again."""

    def __init__(self) -> None:
        super().__init__("The patient was enrolled from this referral. Discharge the patient there instead.")


class DayImpossible(ReferralRefused):
    """A day that lies before what it follows, or in the future."""


class ReasonNeeded(ReferralRefused):
    """What was decided needs a reason."""

    field = "reason"


class AlreadySo(ReferralRefused):
    """What was asked for is so already: somebody else was faster, or the button was pressed twice."""


class ClinicNotOwn(ReferralRefused):
    """Whoever works at some clinics only would put on record whom they may not see."""

    field = "clinic"

    def __init__(self) -> None:
        super().__init__("You do not work at this clinic. Choose one of yours.")
