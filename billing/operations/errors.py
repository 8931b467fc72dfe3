"""What billing refuses, each with the sentence that says why and what to do."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from bhi.errors import DomainError
from billing.rules.x12.claim import Fault, Ids


class MonthNotOver(DomainError):
    """The month still runs in a clinic's zone, so that more may come to count in it."""

    def __init__(self, month: str) -> None:
        super().__init__(f"{month} is not over in every clinic. Claims can be made once it is.")


class MonthStillRuns(MonthNotOver):
    """The month still runs at the clinic that is to close it."""

    def __init__(self, month: str, clinic: str) -> None:
        DomainError.__init__(self, f"{month} still runs at {clinic}. It can be closed once it is over there.")


class NothingToBill(DomainError):
    """No patient of the month bills anything that was not claimed before."""

    def __init__(self, month: str) -> None:
        super().__init__(f"Nothing is left to claim for {month}: every patient who bills is in a batch already.")


class AllHeld(DomainError):
    """All that is left to claim is held back."""

    def __init__(self, month: str, count: int) -> None:
        left = "The one claim" if count == 1 else f"Each of the {count} claims"
        super().__init__(f"{left} left for {month} is held back. Look at what is held, and release what may leave.")


class PartTwoHeld(DomainError):
    """All that is left to claim tells of records that 42 CFR part 2 covers, and no consent allows it."""

    def __init__(self, month: str) -> None:
        super().__init__(
            f"What is left for {month} is under 42 CFR part 2, and no consent allows it to leave for payment. "
            "A care manager records one under Record rights of the patient."
        )


class CorrectFirst(DomainError):
    """All that is left to claim are closed months that would ask another payer by now, or whose enrolment is gone."""

    def __init__(self, month: str, count: int) -> None:
        what = "1 closed month" if count == 1 else f"{count} closed months"
        super().__init__(f"{what} of {month} would ask another payer by now, or nobody. Correct them first.")


class PapersUnseen(DomainError):
    """All that is left to claim rests on care plans or visits that nobody has seen."""

    def __init__(self, month: str) -> None:
        super().__init__(
            f"Every claim left for {month} rests on a care plan or a visit that is not recorded in full. Look at the "
            "papers and say that you have seen them, or record them."
        )


class ImportClaimed(DomainError):
    """Claims that were made rest on what an import brought."""

    def __init__(self) -> None:
        super().__init__("Claims were made for patients of this import, so it cannot be undone.")


class ProfileTaken(DomainError):
    """The payer already has rules from that day on."""

    def __init__(self, on: date) -> None:
        super().__init__(f"The payer has rules from {on.isoformat()} on already. Choose another day.")


class NotTheFirst(DomainError):
    """Rules begin with a month."""

    def __init__(self) -> None:
        super().__init__("Rules hold from the first day of a month, as a month is judged by one set. Enter a first.")


class NotAssumed(DomainError):
    """Only rules that nobody set are confirmed."""

    def __init__(self) -> None:
        super().__init__("Somebody set or confirmed these rules meanwhile. Look at them again.")


class StillAssumed(DomainError):
    """Rules that nobody set are not withdrawn: others are set in their place."""

    def __init__(self) -> None:
        super().__init__("These rules are only assumed. Set the right ones from the same day on instead.")


class PayerKnown(DomainError):
    """A payer has one name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a payer of this name already: {name}. Open it in the list.")


class NameMissing(DomainError):
    """A payer has a name."""

    def __init__(self) -> None:
        super().__init__("Enter the payer's name as it stands on the card.")


class ServiceKnown(DomainError):
    """The same service of the same month is on record."""

    def __init__(self) -> None:
        super().__init__("This is on record already. If it was billed once more in the month, say so.")


class ExceptionsOpen(DomainError):
    """Something of the month has not been seen to."""

    def __init__(self, count: int) -> None:
        what = "1 exception is open" if count == 1 else f"{count} exceptions are open"
        super().__init__(f"{what}. Settle them, or write in the note why the month closes all the same.")


class ClosedAlready(DomainError):
    """A clinic's month is closed once."""

    def __init__(self, month: str, clinic: str) -> None:
        super().__init__(f"{month} is closed at {clinic} already. Nothing was changed.")


class NothingToCorrect(DomainError):
    """What is on record now comes to what was asked."""

    def __init__(self) -> None:
        super().__init__("The month comes to what it was closed with. There is nothing to correct.")


class AskedAlready(DomainError):
    """Opening a month again is asked for once."""

    def __init__(self) -> None:
        super().__init__("Somebody has asked to open this month again already. Agree to it, or leave it closed.")


class ReopeningNotAsked(DomainError):
    """A month is opened again after somebody asked, with a reason."""

    def __init__(self) -> None:
        super().__init__("Nobody has asked to open this month again. Ask first, with the reason.")


class NotAlone(DomainError):
    """A month is opened again by two people, or by one a day later where there is nobody else."""

    def __init__(self, *, has_others: bool) -> None:
        super().__init__(
            "Somebody else with this permission has to agree."
            if has_others
            else "Nobody else here may agree, so the month can be opened again 24 hours after it was asked for."
        )


class SettledHow(DomainError):
    """What is settled says how."""

    def __init__(self) -> None:
        super().__init__("Write how it was settled.")


class WhyDecided(DomainError):
    """A coder's decision says why."""

    def __init__(self) -> None:
        super().__init__("Say why, in a few words.")


class LookAgainMissing(DomainError):
    """A hold has a day on which somebody looks again, and it has not passed."""

    def __init__(self) -> None:
        super().__init__("Say on which day somebody looks at it again: today or later.")


class NotLower(DomainError):
    """The month does not support these lines as a lower bill."""

    def __init__(self) -> None:
        super().__init__("The month does not support this as a lower bill. Choose one of those that are offered.")


class NothingHeld(DomainError):
    """Nothing holds the month back, so there is nothing to release."""

    def __init__(self) -> None:
        super().__init__("Nothing holds this back any more, so there is nothing to release.")


class MonthBillsNothing(DomainError):
    """A month that bills nothing needs no decision."""

    def __init__(self) -> None:
        super().__init__("This month bills nothing, so there is nothing to decide.")


class NoDecision(DomainError):
    """There is no decision to take back."""

    def __init__(self) -> None:
        super().__init__("No decision stands for this month, so there is nothing to take back.")


class DecidedInClosedMonth(DomainError):
    """What a closed month asks for is changed by a correction with a reason."""

    def __init__(self, month: str, clinic: str) -> None:
        super().__init__(
            f"{month} is closed at {clinic}, with what was decided until then. Correct the month on the page of its "
            "close, and say why."
        )


class ClaimedBefore(DomainError):
    """A hold comes after the claim."""

    def __init__(self, claimed: str) -> None:
        super().__init__(
            f"{claimed}: a hold keeps nothing back any more. If the claim should not stand, decide not to bill the "
            "month, or to bill lower, and correct the claim."
        )


class NothingReady(DomainError):
    """No claim of the month can leave in a file."""

    def __init__(self, month: str) -> None:
        super().__init__(f"No claim of {month} can leave in a file now. Mend what the list names, or take the table.")


class ReplacedAlready(DomainError):
    """Only the claim that stands is corrected or taken back."""

    def __init__(self) -> None:
        super().__init__("This claim was replaced or taken back already. Work on the one that stands.")


class OnlyATest(DomainError):
    """No payer keeps what was sent as a test."""

    def __init__(self) -> None:
        super().__init__(
            "This claim left in a test file. No payer keeps it, so nothing is to be corrected or taken back: file its "
            "month again in earnest."
        )


class FilesAreTests(DomainError):
    """A claim that was filed in earnest is not corrected by a test."""

    def __init__(self) -> None:
        super().__init__(
            "Files still say that they are tests, and a test takes no claim’s place. Change that in the billing "
            "provider, or in the clearinghouse, under Filing, first."
        )


class MedicareReopens(DomainError):
    """Medicare Part B takes no corrected professional claims, and no voids."""

    def __init__(self) -> None:
        super().__init__(
            "Medicare Part B takes no corrected claims and no voids. Ask its contractor for a reopening, or give back "
            "what was paid too much, and record here what was done."
        )


class KeyedElsewhere(DomainError):
    """A claim that left as a table is corrected where it was keyed."""

    def __init__(self) -> None:
        super().__init__(
            "This claim left as a table. Correct it, or take it back, where it was keyed, and record here what was "
            "done."
        )


class HoldsTakenBack(DomainError):
    """A file still holds a claim that was taken back, or sent anew, before it was handed over."""

    def __init__(self) -> None:
        super().__init__(
            "A claim in this file was taken back, or sent anew, before the file was handed over. File the others anew, "
            "and hand over that file instead."
        )


class NotToResend(DomainError):
    """A file is sent anew as a whole where its receiver refused it, or where it may not be handed over."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody refused this file as a whole, or its claims went out anew already. Work on the claims one by one."
        )


class DoneByFile(DomainError):
    """What a file does is not recorded by hand."""

    def __init__(self) -> None:
        super().__init__(
            "This payer takes corrected claims and voids as files: make one here, so that it is sent and answered."
        )


class CloseMonthFirst(DomainError):
    """Corrected claims rest on closed months."""

    def __init__(self, month: str) -> None:
        super().__init__(f"{month} is open at this clinic. Close it first: a corrected claim asks what was closed.")


class AsksNothing(DomainError):
    """The closed month asks for nothing any more, or asks somebody else."""

    def __init__(self) -> None:
        super().__init__("The closed month does not ask this payer for anything any more. Void the claim instead.")


class StillAsks(DomainError):
    """A claim is voided once its month asks for nothing, or asks another payer."""

    def __init__(self) -> None:
        super().__init__(
            "The closed month still asks this payer. Correct the month first, or send a corrected claim instead."
        )


class NothingToReplace(DomainError):
    """The claim asks what the month asks, and nobody refused it."""

    def __init__(self) -> None:
        super().__init__("The claim asks what the closed month asks, and nobody denied it: nothing is to be corrected.")


class NoFileForPayer(DomainError):
    """Nobody said who takes this payer's files."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody set down who files and who takes this payer's files. Set that in the filing settings; a claim that "
            "was keyed elsewhere is corrected there."
        )


class ClaimFaulty(DomainError):
    """The claim cannot leave as it is: what to mend, on whose pages, and who cares for the patient."""

    def __init__(self, faults: Sequence[Fault], ids: Ids, care_manager_id: UUID | None = None) -> None:
        super().__init__(" ".join(dict.fromkeys(fault.sentence for fault in faults)))
        self.faults = tuple(faults)
        self.ids = ids
        self.care_manager_id = care_manager_id


class BatchFileChanged(DomainError):
    """The file, written again after its copy expired, is not the one that was sent."""

    def __init__(self) -> None:
        super().__init__("This file cannot be written again as it was sent. Tell whoever runs this system.")
