"""Counters that web processes share: how often somebody tried to sign in, which one-time codes were used.

In Redis, which may lose everything or be away at any time: then each process counts for itself, and limits are that
much higher, but nobody is kept out and no page fails. It holds nothing of a patient: addresses of the network, ids,
fingerprints.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

AWAY: Final = (RedisError, OSError)
SECONDS_LEFT_ALONE: Final = 10  # so long a Redis that did not answer is not asked: nobody waits for each counter
_alone_until: dict[str, float] = {}  # by location: threads have a cache each


class SharedCache(BaseCache):
    """Redis while it answers, else this process's own memory. LOCATION is a URL, also `unix://`."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {"socket_connect_timeout": 0.3, "socket_timeout": 1.0}
        self._shared = RedisCache(location, {**params, "OPTIONS": options})
        self._own = LocMemCache("shared", params)
        self._location = location

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._first(lambda cache: cache.add(key, value, timeout, version)))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._first(lambda cache: cache.get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._first(lambda cache: cache.set(key, value, timeout, version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._first(lambda cache: cache.touch(key, timeout, version)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._first(lambda cache: cache.delete(key, version)))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Counting begins anew in this process when Redis went away between two tries."""

        def count(cache: BaseCache) -> int:
            if cache is self._own:
                cache.add(key, 0, version=version)
            return cache.incr(key, delta, version)

        return int(self._first(count))

    def clear(self) -> None:
        """This process's own: in Redis are the jobs' messages, too."""
        self._own.clear()

    def _first(self, ask: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() < _alone_until.get(self._location, 0):
            return ask(self._own)
        try:
            return ask(self._shared)
        except AWAY as fault:
            _alone_until[self._location] = time.monotonic() + SECONDS_LEFT_ALONE
            log.warning("cache.away", error=type(fault).__name__)
            return ask(self._own)
