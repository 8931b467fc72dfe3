"""Several things at once, each in a connection and transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from bhi.tenancy.context import tenant

PATIENCE = 30


def at_once(organization: Any, works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each work returns or raises; all begin together and commit."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            start.wait(PATIENCE)
            with tenant(organization):
                return work()
        except Exception as fault:  # noqa: BLE001 - the test looks at whatever it was
            return fault
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
