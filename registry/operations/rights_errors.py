"""What refuses a write about a patient's rights in their record."""

from __future__ import annotations

from collections.abc import Mapping

from bhi.errors import DomainError
from registry.rules.part_two import Use, refused_words


class RightsRefused(DomainError):
    """Something that was typed cannot stand: `faults` says it under each field's name."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class PartTwoRefused(DomainError):
    """No consent under 42 CFR part 2 allows something of a record to leave. The sentence says what to do."""

    def __init__(self, use: Use) -> None:
        super().__init__(refused_words(use))
        self.use = use


class AlreadyRevoked(DomainError):
    """Somebody recorded the revocation before."""

    def __init__(self) -> None:
        super().__init__("This consent was revoked before. Look at it again.")


class ProgramDeclared(DomainError):
    """The organization or the clinic is said to be a program already."""

    def __init__(self) -> None:
        super().__init__("This is said already. End what is there first, then say it anew.")


class AlreadyAnswered(DomainError):
    """Somebody answered the request before."""

    def __init__(self) -> None:
        super().__init__("Somebody answered this request meanwhile. Look at their answer.")
