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
