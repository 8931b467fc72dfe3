"""What work on denials and refunds refuses, each with the sentence that says why and what to do."""

from datetime import date
from decimal import Decimal

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


class RefundAmountTooMuch(DomainError):
    """No more can go back than a claim ever held, less what went back before."""

    def __init__(self, most: Decimal) -> None:
        super().__init__(f"Of this claim’s payments at most ${most:,.2f} can go back. Check the amount.")


class CorrectionNotSent(DomainError):
    """A refund ends with a corrected claim only where one left."""

    def __init__(self) -> None:
        super().__init__(
            "No corrected claim has left in this one’s place. Correct the claim and hand its file over, or type the "
            "reference of a correction that was keyed elsewhere."
        )


class RefundListed(DomainError):
    """A payment stands on the list once."""

    def __init__(self) -> None:
        super().__init__("This payment is on the list already. Open it there, and set the day on which it was known.")


class KnownDayWrong(DomainError):
    """A payment cannot be known before its service, nor after today; and that day moves only earlier."""

    def __init__(self, earliest: date, latest: date) -> None:
        first, last = (f"{day:%b} {day.day}, {day.year}" for day in (earliest, latest))
        super().__init__(f"Choose a day from {first} to {last}.")


class InvestigationOutOfOrder(DomainError):
    """An investigation begins once, on or after the day on which the payment was identified, and ends after it."""

    def __init__(self, earliest: date, latest: date) -> None:
        super().__init__(
            f"Choose a day from {earliest:%b} {earliest.day}, {earliest.year} to today ({latest:%b} {latest.day})."
        )
