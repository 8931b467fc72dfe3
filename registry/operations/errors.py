"""What the registry refuses, each with the sentence that says why and what to do."""

from collections.abc import Sequence

from bhi.errors import DomainError
from registry.rules.status import Refusal


class RecordNumberTaken(DomainError):
    """Another live patient of the clinic has this record number."""

    def __init__(self) -> None:
        super().__init__("Another patient of this clinic has this record number. Open that chart or correct it.")


class CoverageTaken(DomainError):
    """The patient already has a coverage of this rank."""

    def __init__(self) -> None:
        super().__init__("The patient already has an insurance in this place. End or void it first.")


class HolderIncomplete(DomainError):
    """Something is missing of who holds an insurance; `faults` says what, by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("Something is missing of who holds the insurance.")
        self.faults = faults


class SourceMissing(DomainError):
    """An answer about coverage says where it came from."""

    def __init__(self) -> None:
        super().__init__("Say where you asked: the payer's portal, by telephone, an eligibility file.")


class NumberMissing(DomainError):
    """An authorization is the payer's number."""

    def __init__(self) -> None:
        super().__init__("Enter the number that the payer gave.")


class EpisodeOpen(DomainError):
    """The patient is already enrolled."""

    def __init__(self) -> None:
        super().__init__("The patient is already enrolled. A new episode begins after this one has ended.")


class EpisodeEnded(DomainError):
    """The episode is over, so nothing more happens in it."""

    def __init__(self) -> None:
        super().__init__("The patient was discharged. Enrol the patient again to go on.")


class DiagnosisKnown(DomainError):
    """The episode already carries this diagnosis."""

    def __init__(self) -> None:
        super().__init__("This diagnosis is already on the list.")


class DiagnosisUnreadable(DomainError):
    """Not of the form of an ICD-10-CM code."""

    def __init__(self) -> None:
        super().__init__("A diagnosis is an ICD-10-CM code such as F33.1.")


class DateOutOfOrder(DomainError):
    """A date lies before what it has to follow. The sentence names both."""


class NothingChanges(DomainError):
    """What was asked for is so already."""


class AlreadyVoided(DomainError):
    """Somebody voided it before."""

    def __init__(self) -> None:
        super().__init__("This was already taken back.")


class ReasonMissing(DomainError):
    """Taking something back needs a reason."""

    def __init__(self) -> None:
        super().__init__("Say in a few words why this is taken back.")


class FormReused(DomainError):
    """The form's token was already used for something else."""

    def __init__(self) -> None:
        super().__init__("This form was already used for something else. Open a new one and enter it again.")


class ScoreUnusable(DomainError):
    """Answers that give no score. `field` names the item or the total."""

    def __init__(self, sentence: str, *, instrument: str, item: int | None = None) -> None:
        super().__init__(sentence)
        self.instrument = instrument
        self.item = item


class StatusMoved(DomainError):
    """The status is not the one that the page showed."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed the status meanwhile. Look at it again.")


class StatusRefused(DomainError):
    """The rules ask for more before the status changes; each refusal names its field."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(" ".join(refusal.sentence for refusal in refusals))
        self.refusals = tuple(refusals)


class EpisodeNotEnded(DomainError):
    """There is no discharge to take back."""

    def __init__(self) -> None:
        super().__init__("The patient is not discharged, so there is nothing to take back.")


class NewerEpisode(DomainError):
    """The patient was enrolled again after this discharge."""

    def __init__(self) -> None:
        super().__init__("The patient was enrolled again since. Go on in that episode.")


class DiagnosisUnusable(DomainError):
    """Not a whole code of the table. The sentence says what to do."""


class ConsentImpossible(DomainError):
    """A consent that cannot have been given so. `field` names where the fault lies."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class TextChangedMeanwhile(DomainError):
    """Somebody wrote a newer version of the text."""

    def __init__(self) -> None:
        super().__init__("Somebody wrote a new version meanwhile. Compare it with yours below, then save again.")


class TargetUnknown(DomainError):
    """An episode is steered by at least one scale that has targets."""

    def __init__(self) -> None:
        super().__init__("Choose at least one of the scales that are offered.")
