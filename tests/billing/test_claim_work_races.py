"""Long jobs over claims keep nobody waiting while they compute, and two of them at once write each thing once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import OperationalError, connection

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from billing.models import AnswerFile, Denial, Refund, Remittance
from billing.operations import answers, refunds
from billing.operations.answers import lock_answers, read_kept_answer, take_answer
from billing.operations.batches import lock_claims
from billing.operations.claim_work_errors import DenialSettled
from billing.operations.denials import DenialWork, work_denials
from billing.operations.refunds import find_refunds
from tests.billing.filed import filed
from tests.billing.people import AT, program
from tests.billing.test_answers import LONG, PLAIN
from tests.billing.test_denials import answered, claimed, settle
from tests.billing.test_refunds import paid, take_minutes_back
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory, OrganizationFactory
from tests.races import PATIENCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def is_free(organization: Any, lock: Callable[..., None]) -> bool:
    """Whether a request on another connection gets a lock at once."""

    def request() -> bool:
        try:
            with tenant(organization):
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '500ms'")
                lock(organization.id)
                return True
        except OperationalError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(request).result(PATIENCE)


def test_a_request_is_not_kept_waiting_while_payments_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        take_minutes_back(people, paid(people))
    free: list[bool] = []
    compare = refunds.unsupported_payments

    def watched(*of: Any) -> Any:
        free.append(is_free(organization, lock_claims))
        return compare(*of)

    monkeypatch.setattr(refunds, "unsupported_payments", watched)
    with tenant(organization):
        found = find_refunds(by=people.by, at=AT)
    assert len(found) == 1
    # Over all claims nobody waits; those that were found are looked at once more with the claims locked.
    assert free == [True, False]


def test_two_comparisons_at_once_bring_a_payment_up_once() -> None:
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        take_minutes_back(people, paid(people))
    found = at_once(organization, [lambda: find_refunds(by=people.by, at=AT)] * 4)
    assert sorted(len(rows) for rows in found) == [0, 0, 0, 1]
    with tenant(organization):
        assert Refund.objects.count() == 1


def test_more_than_can_be_looked_at_at_once_is_left_to_the_next_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "MOST_AT_ONCE", 2)
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        for name in ("Abara", "Bell", "Cho"):
            take_minutes_back(people, paid(people, name))
        assert len(find_refunds(by=people.by, at=AT)) == 2
        assert list(Job.objects.filter(kind=refunds.FIND).values_list("key", "state")) == [("rest", "queued")]
        assert len(find_refunds(by=people.by, at=AT)) == 1
        assert find_refunds(by=people.by, at=AT) == []


def waiting_answer(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, AnswerFile]:
    monkeypatch.setattr(answers, "AT_ONCE_BYTES", len(PLAIN))
    organization = OrganizationFactory()
    with tenant(organization):
        filed(organization).claim()
        return organization, take_answer(by=system_seat(organization), at=AT, name="era", content=LONG.encode())


def test_a_request_is_not_kept_waiting_while_a_long_answer_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    organization, file = waiting_answer(monkeypatch)
    free: list[bool] = []
    understand = answers.read_answer

    def watched(content: bytes) -> Any:
        free.append(is_free(organization, lock_answers))
        return understand(content)

    monkeypatch.setattr(answers, "read_answer", watched)
    with tenant(organization):
        read = read_kept_answer(by=system_seat(organization), at=AT, file_id=file.id)
    assert (read.state, free) == ("read", [True])


def test_who_uploads_while_a_long_answer_is_posted_waits_for_a_worker_not_for_the_posting() -> None:
    organization = OrganizationFactory()
    by = system_seat(organization)
    with tenant(organization):
        filed(organization).claim()

    def upload() -> AnswerFile:
        try:
            with tenant(organization):
                return take_answer(by=by, at=AT, name="era", content=PLAIN.encode())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, tenant(organization):
        lock_answers(organization.id)
        file = pool.submit(upload).result(PATIENCE)
    assert file.state == "reading"
    with tenant(organization):
        assert read_kept_answer(by=by, at=AT, file_id=file.id).state == "read"


def test_the_same_file_uploaded_by_four_at_once_is_kept_once() -> None:
    organization = OrganizationFactory()
    by = system_seat(organization)
    taken = at_once(organization, [lambda: take_answer(by=by, at=AT, name="era", content=PLAIN.encode())] * 4)
    assert len({file.id for file in taken}) == 1
    with tenant(organization):
        assert Remittance.objects.count() == 1


def test_two_workers_read_a_long_answer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    organization, file = waiting_answer(monkeypatch)
    by = system_seat(organization)
    read = at_once(organization, [lambda: read_kept_answer(by=by, at=AT, file_id=file.id)] * 3)
    assert [one.state for one in read] == ["read"] * 3
    with tenant(organization):
        assert Remittance.objects.count() == 1


def test_of_a_payment_and_a_write_off_at_once_the_payment_stands() -> None:
    """Whoever comes first: what is paid is not written off, and what was written off is paid after all."""
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        claims = [claimed(people) for _ in range(6)]
        refused = [answered(people, claim, ("99492", "0", "97")) for claim in claims]
        ids = [denial.id for denial in settle(people, *refused)]
        paid_now = [answered(people, claim, ("99492", "125.65", "45"), on=date(2026, 4, 1)) for claim in claims]
    work = DenialWork(state="written_off", note="Not worth an appeal.")
    works: list[Any] = [lambda row=row: settle(people, row) for row in paid_now]
    works += [lambda id_=id_: work_denials(by=people.by, at=AT, denial_ids=[id_], work=work) for id_ in ids]
    faults = [answer for answer in at_once(organization, works) if isinstance(answer, Exception)]
    assert {type(fault) for fault in faults} <= {DenialSettled}
    with tenant(organization):
        assert list(Denial.objects.values_list("state", flat=True)) == ["paid"] * 6
        assert Denial.objects.exclude(note="").count() == 6 - len(faults)
