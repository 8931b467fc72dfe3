"""What work on denials and refunds refuses, each with the sentence that says why and what to do."""

from datetime import date

from bhi.errors import DomainError


class NothingChosen(DomainError):
    """Several are worked at once; none was chosen."""

    def __init__(self) -> None:
        super().__init__("Choose at least one.")


class DeniedWhy(DomainError):
    """What is written off or appealed says why."""

    def __init__(self) -> None:
        super().__init__("Write why, in a few words: what is written off or appealed keeps its reason.")


class DenialSettled(DomainError):
    """A payer's answer settled what somebody would work on."""

    def __init__(self, settled: int, of: int) -> None:
        if of == 1:
            super().__init__("A payer’s answer settled this denial meanwhile: its state stays. A note may be added.")
        else:
            super().__init__(
                f"A payer’s answer settled {settled} of these {of} denials: their state stays. "
                "Show those to work, and tick again. Nothing was changed."
            )


class RefundClosed(DomainError):
    """Somebody closed it meanwhile."""

    def __init__(self) -> None:
        super().__init__("This was closed already, with a note. Nothing was changed.")


class RefundSaysHow(DomainError):
    """What is closed says how."""

    def __init__(self) -> None:
        super().__init__("Write what was found and done: it is kept with the claim.")


class RefundAmountMissing(DomainError):
    """What is given back has an amount."""

    def __init__(self) -> None:
        super().__init__("Enter the amount that goes back, above 0.")


class InvestigationOutOfOrder(DomainError):
    """An investigation begins once, on or after the day on which the payment was identified, and ends after it."""

    def __init__(self, earliest: date, latest: date) -> None:
        super().__init__(
            f"Choose a day from {earliest:%b} {earliest.day}, {earliest.year} to today ({latest:%b} {latest.day})."
        )
