"""What is refused around danger, each with the sentence that says why and what to do."""

from __future__ import annotations

from bhi.errors import DomainError


class RiskRefused(DomainError):
    """A step that the rules do not allow. `field` is where a form shows it, empty for above the form."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class CaseMoved(DomainError):
    """Somebody recorded something of the case after it was shown."""

    def __init__(self) -> None:
        super().__init__("Somebody recorded something here meanwhile. Look at it below, then save yours again.")


class CaseClosed(DomainError):
    """The case is closed, so nothing more happens in it."""

    def __init__(self) -> None:
        super().__init__("This case was closed meanwhile. Open a new one if you are concerned.")
