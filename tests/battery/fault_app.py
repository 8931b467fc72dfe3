"""The product's worker in quicker time, which dies where it is told to: once, by SIGKILL, in the middle of a job.

`kill` in the gate's folder says where: before or after the statement that matches, or once the job has committed.
"""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any
from uuid import UUID

from celery.signals import worker_init
from django.db.backends.signals import connection_created

from tests.bhi.jobs.worker_app import GATE, app, registry

__all__ = ["app"]

KILL = GATE / "kill"
COMMITTED = "committed"


def dies(when: str, statement: str) -> bool:
    """Whether this is the place; whoever finds it takes the order away first, so that it is carried out once."""
    if not KILL.exists():
        return False
    order = json.loads(KILL.read_text())
    if order["when"] != when or not re.search(order["statement"], statement):
        return False
    if order["nth"] > 1:
        KILL.write_text(json.dumps({**order, "nth": order["nth"] - 1}))
        return False
    KILL.rename(GATE / "killed")
    return True


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if dies("before", str(sql)):
        die()
    done = execute(sql, params, many, context)
    if dies("after", str(sql)):
        die()
    return done


def watched(connection: Any, **_: object) -> None:
    if connection.alias == "default" and watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch)


connection_created.connect(watched)


def close(run: registry.Run) -> None:
    """A month's close as one job: pages do it in a request, which can die the same way."""
    from billing.operations.closing import close_month

    close_month(
        by=_by(run), at=run.at, clinic_id=UUID(run.arguments["clinic_id"]), month="2026-02", note="Seen.",
        client_token=UUID(run.arguments["token"]),
    )  # fmt: skip


def export(run: registry.Run) -> None:
    from billing.operations.filing import make_filed_batches

    make_filed_batches(by=_by(run), at=run.at, month="2026-02", client_token=UUID(run.arguments["token"]))


def _by(run: registry.Run) -> Any:
    from bhi.accounts.queries import system_membership

    return system_membership(run.organization_id)


@worker_init.connect
def prepare(**_: object) -> None:
    """Django is set up now."""
    from bhi.jobs import operations

    perform = operations.run

    def run(**given: Any) -> Any:
        state = perform(**given)
        if dies(COMMITTED, str(state)):
            die()
        return state

    operations.run = run
    registry.handles("battery_close", close)
    registry.handles("battery_export", export)
