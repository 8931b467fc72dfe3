"""How often one address may ask for what is not there."""

from __future__ import annotations

import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

SECONDS = 60


def is_over_limit(request: HttpRequest, what: str, *, most: int) -> bool:
    """Count one more request of this address in the present minute; whether that was more than `most`.

    Counted together by all web processes while Redis answers (bhi.web.shared_cache).
    """
    key = f"limit:{what}:{get_adapter().get_client_ip(request)}:{int(time.time()) // SECONDS}"
    cache.add(key, 0, SECONDS)
    return int(cache.incr(key)) > most
