"""What is refused about assessments, plans and their sign-off."""

from __future__ import annotations

from bhi.errors import DomainError
from registry.rules.content import Fault


class EditedMeanwhile(DomainError):
    """A newer version exists than the one that was edited."""

    def __init__(self) -> None:
        super().__init__("Somebody saved a newer version while you were writing. Look at both, then save again.")


class ContentRefused(DomainError):
    """The document cannot be kept as it is. `faults` say where and what to do."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults[0].sentence)
        self.faults = faults


class PlanOutdated(DomainError):
    """There is a newer version than the one that was to be signed."""

    def __init__(self) -> None:
        super().__init__("The plan was changed since you opened it. Read the present version, then sign that.")


class PlanSigned(DomainError):
    """This version has its sign-off."""

    def __init__(self) -> None:
        super().__init__("This version is signed already.")


class NothingToSign(DomainError):
    """There is no plan, or only a date that an import assumed."""

    def __init__(self) -> None:
        super().__init__("There is no written plan to sign. Write the care plan first.")


class ClinicianMissing(DomainError):
    """Nobody is recorded as the treating clinician."""

    def __init__(self) -> None:
        super().__init__("No treating clinician is recorded. Choose who treats the patient, then record the sign-off.")


class NotTheTreatingClinician(DomainError):
    """The seat that is signed in is not that of the treating clinician."""

    def __init__(self, clinician: str) -> None:
        super().__init__(f"Only {clinician} can sign this plan by signing in. Record how and when they agreed instead.")
