"""Acts on the whole organization, such as an import: only for seats that may see every patient of it.

Somebody who sees some patients only would be told that the others are not there, and would write them once more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from bhi.tenancy.sight import sees_all, sees_every_clinic

View = TypeVar("View", bound=Callable[..., Any])


def needs_whole_sight(what: str) -> Callable[[View], View]:
    """Below `@requires`: answers 403 with a sentence unless the seat may see everybody. `what`: "Imports touch"."""
    return _needs(what, sees_all)


def needs_every_clinic(what: str) -> Callable[[View], View]:
    """As needs_whole_sight, though records kept to others are no hindrance: one of them would stop everybody."""
    return _needs(what, sees_every_clinic)


def _needs(what: str, holds: Callable[[], bool]) -> Callable[[View], View]:

    def wrap(view: View) -> View:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not holds():
                raise PermissionDenied(
                    f"{what} the whole organization, and some of its patients are not open to you. "
                    "Ask somebody who works at all clinics."
                )
            return view(request, *args, **kwargs)

        return cast("View", asked)

    return wrap
