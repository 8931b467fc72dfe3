"""What is done only by somebody who proved lately who they are: a screen left open gives away no file and no setting.

ASVS 5.0, 7.5.1 to 7.5.3. A view says so with `@requires_recent_sign_in`; the two tables below say it for the rest, by
permission for what writes and by URL name for what is downloaded. Enforced by SessionWallMiddleware, which asks on
the spot and then does what was asked, with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

from bhi.accounts.permissions import Permission, declared

MINUTES: Final = 15
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

# To write with these.
SETTINGS: Final = frozenset({
    *(Permission.MANAGE_PEOPLE, Permission.SET_SIGN_IN, Permission.SIGN_ACCESS),
    *(Permission.SET_PAYERS, Permission.SET_FILING, Permission.SET_RELEASE, Permission.CLOSE_MONTH),
    *(Permission.SET_PROTOCOLS, Permission.SET_UP, Permission.EXPORT_CASELOAD, Permission.EXPORT_RECORD),
})  # fmt: skip
# To write at these, which stand outside organizations.
OUTSIDE: Final = frozenset({
    *("platform_new", "platform_organization", "platform_domain", "platform_domain_withdraw"),
})  # fmt: skip
# To get these, whatever the method.
FILES: Final = frozenset({
    *("batch_file", "money_file", "money_left_file", "charge_sheet_file", "closed_list_file", "look_back_file"),
    *("packet_file", "paper_file", "answer_file", "not_improving_file", "caseload_export", "audit_file"),
    *("referrals_file", "accounting_file", "outcome_report_file", "hours_file", "hours_csv", "remission_csv"),
    "denials_file",
})  # fmt: skip

View = TypeVar("View", bound=Callable[..., Any])


@overload
def requires_recent_sign_in(view: View) -> View: ...
@overload
def requires_recent_sign_in(*, minutes: int = MINUTES, reading: bool = True) -> Callable[[View], View]: ...
def requires_recent_sign_in(view: Any = None, *, minutes: int = MINUTES, reading: bool = True) -> Any:
    """Declare that a view asks who it is unless that was proved within `minutes`; `reading=False`: only to write."""

    def mark(marked: Any) -> Any:
        marked.asks_again = (minutes, reading)
        return marked

    return mark if view is None else mark(view)


def minutes_of(view: Callable[..., Any], url_name: str, method: str) -> int | None:
    """Within how many minutes somebody must have proved who they are to ask this, or None where nobody has to."""
    own: tuple[int, bool] | None = getattr(view, "asks_again", None)
    if own is not None:
        return own[0] if own[1] or method not in SAFE else None
    if url_name in FILES:
        return MINUTES
    is_setting = (declared(view, url_name) in SETTINGS or url_name in OUTSIDE) and method not in SAFE
    return MINUTES if is_setting else None
