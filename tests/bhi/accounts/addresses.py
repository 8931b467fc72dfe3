"""Every address that is not for anybody, with arguments of the right kind."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import get_resolver, reverse

from bhi.accounts.permissions import PUBLIC, declared
from bhi.tenancy.models import Membership
from tests.walls.asking import url_patterns

KNOWN = {"organization": "lakeside", "month": "2026-02"}
OF_A_KIND = {"IntConverter": "1", "SlugConverter": "x", "StringConverter": "x"}


def every_address(seat: Membership) -> Iterator[tuple[str, str]]:
    """Name and path."""
    for pattern in url_patterns():
        name = str(pattern.name)
        if declared(pattern.callback, name) != PUBLIC:
            *_, converters = get_resolver().reverse_dict.getlist(name)[0]
            kinds = {key: OF_A_KIND.get(type(kind).__name__, str(seat.id)) for key, kind in converters.items()}
            yield name, reverse(name, kwargs=kinds | {key: KNOWN[key] for key in kinds if key in KNOWN})
