"""The sign-in pages of allauth that are listed in bhi.accounts.permissions; the rest of allauth is not there."""

from collections.abc import Iterable, Iterator

from allauth.urls import urlpatterns as everything
from django.urls import URLPattern, URLResolver

from bhi.accounts.permissions import LIBRARY_VIEWS


def listed(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield URLResolver(pattern.pattern, list(listed(pattern.url_patterns)))
        elif pattern.name in LIBRARY_VIEWS:
            yield pattern


urlpatterns = list(listed(everything))
