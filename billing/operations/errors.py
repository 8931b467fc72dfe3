"""What billing refuses, each with the sentence that says why and what to do."""

from datetime import date

from bhi.errors import DomainError


class MonthNotOver(DomainError):
    """The month still runs in a clinic's zone, so that more may come to count in it."""

    def __init__(self, month: str) -> None:
        super().__init__(f"{month} is not over in every clinic. Claims can be made once it is.")


class NothingToBill(DomainError):
    """No patient of the month bills anything that was not claimed before."""

    def __init__(self, month: str) -> None:
        super().__init__(f"Nothing is left to claim for {month}: every patient who bills is in a batch already.")


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
