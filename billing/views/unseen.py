"""The sentence on a page that shows a part only: how much more there is, and who can look."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bhi.accounts.permissions import Permission
from billing.queries.unseen import who_sees_all


def more_words(count: int, one: str, organization_id: UUID, permission: Permission, *, at: datetime) -> str:
    """`2 more open denials are of patients not open to you. Able Anna can look.` Empty where there is none.

    `one`: what it is, which takes an s in the plural. `permission`: that of the page, which whoever looks needs too.
    """
    if not count:
        return ""
    names = who_sees_all(organization_id, permission, at=at)
    who = f"{', '.join(names)} can look" if names else "Nobody of your role may see everybody: ask an admin"
    return f"{count} more {one}{' is' if count == 1 else 's are'} of patients not open to you. {who}."
