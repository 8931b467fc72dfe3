"""Everything that can happen to a connection, in any order, and one question after each: whose rows are seen?"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bhi.tenancy.context import current_organization_id, tenant
from bhi.tenancy.pool import SETTING, forget_tenant
from registry.models import Payer

Rows = dict[UUID, frozenset[str]]
WHICH = st.integers(min_value=0, max_value=2)
DEEPEST = 4


class Boom(Exception):
    """A fault of the product's own."""


@dataclass(frozen=True)
class Frame:
    """An open tenant or savepoint, and what holds again when it is left or taken back."""

    opened: AbstractContextManager[Any]
    before: UUID | None
    rows: Rows


class IsolationMachine(RuleBasedStateMachine):
    """Nests tenants and savepoints, fails in them, writes, and resets the connection between transactions."""

    organizations: ClassVar[list[UUID]] = []
    open_tenant: ClassVar[Callable[[UUID], AbstractContextManager[Any]]] = staticmethod(tenant)

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self.current: UUID | None = None
        self.rows: Rows = dict.fromkeys(self.organizations, frozenset())
        self.written = 0

    @precondition(lambda self: len(self.frames) < DEEPEST)
    @rule(which=st.none() | WHICH)
    def begin(self, which: int | None) -> None:
        """A tenant, or a savepoint in whatever holds now."""
        organization = self.current if which is None else self.organizations[which]
        opened = transaction.atomic() if which is None else self.open_tenant(organization)
        opened.__enter__()
        self.frames.append(Frame(opened, self.current, dict(self.rows)))
        self.current = organization

    # One rule for every ending: hypothesis leaves rules out at random, and nothing shows where nothing ends.
    @precondition(lambda self: self.frames)
    @rule(how=st.sampled_from(["well", "well", "by a fault", "by a fault of Postgres"]))
    def end(self, how: str) -> None:
        if how == "well":
            frame = self.frames.pop()
            frame.opened.__exit__(None, None, None)
            self.current = frame.before
        elif how == "by a fault":
            self._take_back(Boom())
        else:
            try:
                connection.cursor().execute("SELECT 1 / 0")
            except DatabaseError as fault:
                self._take_back(fault)

    def _take_back(self, fault: Exception) -> None:
        frame = self.frames.pop()
        try:
            frame.opened.__exit__(type(fault), fault, fault.__traceback__)
        except type(fault):
            pass
        self.current, self.rows = frame.before, frame.rows

    @rule()
    def fault_in_a_savepoint(self) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, str(self.organizations[0])])
                cursor.execute("SELECT no_such_column")
        except DatabaseError:
            pass

    @rule(which=WHICH)
    def write_for(self, which: int) -> None:
        """Only the organization that is set can be written for."""
        organization = self.organizations[which]
        name = f"payer {self.written}"
        self.written += 1
        try:
            with transaction.atomic():
                Payer.objects.create(organization_id=organization, name=name)
        except DatabaseError:
            assert organization != self.current
        else:
            assert organization == self.current
            self.rows = {**self.rows, organization: self.rows[organization] | {name}}

    @rule()
    def delete_without_a_filter(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM registry_payer")
        if self.current is not None:
            self.rows = {**self.rows, self.current: frozenset()}

    @precondition(lambda self: not self.frames)
    @rule(which=WHICH)
    def forget_after_a_session_setting(self, which: int) -> None:
        """Somebody set it for the whole session; then the pool takes the connection back."""
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, str(self.organizations[which])])
        forget_tenant(connection.connection)

    @precondition(lambda self: not self.frames)
    @rule()
    def reconnect(self) -> None:
        connection.close()

    @invariant()
    def sees_its_own_rows_and_no_others(self) -> None:
        wanted = self.rows[self.current] if self.current else frozenset()
        with connection.cursor() as cursor:
            cursor.execute("SELECT organization_id, name FROM registry_payer")
            seen = cursor.fetchall()
        assert {name for _, name in seen} == wanted
        assert {organization for organization, _ in seen} <= {self.current}
        assert set(Payer.objects.values_list("name", flat=True)) == wanted
        assert current_organization_id() == self.current

    def teardown(self) -> None:
        while self.frames:
            self._take_back(Boom())
        for organization in self.organizations:
            with tenant(organization):
                Payer.objects.all().delete()
