"""What a job's owner sees of it, and what an operator does about the dead."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import queue
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from tests.factories.tenancy import NOW

pytestmark = pytest.mark.django_db
STOP_POLLING = 286


@pytest.fixture
def owner(client_for):
    return client_for("care_manager")


@pytest.fixture
def job(organization, owner, rings):
    with tenant(organization):
        return queue("import_caseload", organization_id=organization.id, key="k", at=NOW, owner=owner.membership)


def _set(organization, **fields):
    with tenant(organization):
        Job.objects.update(**fields)


def _page(client, job, slug="lakeside", **headers):
    return client.get(f"/o/{slug}/jobs/{job}/", headers=headers)


def test_its_owner_sees_how_far_it_is(owner, organization, job, kinds):
    kinds.noted("import_caseload", label="Importing the caseload")
    waiting = _page(owner, job).content.decode()
    assert ("Importing the caseload" in waiting, "Waiting to start" in waiting) == (True, True)
    _set(organization, state=JobState.RUNNING, progress_done=3, progress_total=48)
    running = _page(owner, job).content.decode()
    assert "3 of 48" in running
    assert f'hx-get="/o/lakeside/jobs/{job}/"' in running


@pytest.mark.parametrize(("state", "word"), [(JobState.DONE, "Done"), (JobState.DEAD, "Did not finish")])
def test_polling_ends_with_the_job(owner, organization, job, state, word):
    assert _page(owner, job, **{"HX-Request": "true"}).status_code == 200
    _set(organization, state=state)
    over = _page(owner, job, **{"HX-Request": "true"})
    assert over.status_code == STOP_POLLING
    assert word in over.content.decode()
    assert "hx-get" not in over.content.decode()
    assert _page(owner, job).status_code == 200


def test_nobody_else_sees_it_not_even_a_colleague_or_an_admin(owner, client_for, other_organization, job):
    for other in (client_for("care_manager"), client_for("admin")):
        assert _page(other, job).status_code == 404
    stranger = client_for("care_manager", organization=other_organization)
    assert _page(stranger, job).status_code == 404
    assert _page(stranger, job, slug="ridgeway").status_code == 404
    assert _page(owner, uuid7()).status_code == 404


@pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
class TestCommand:
    @pytest.fixture
    def dead(self, organization, other_organization, rings):
        """One dead job per organization, and a waiting one."""
        made = {}
        for place in (organization, other_organization):
            with tenant(place):
                made[place.slug] = queue(
                    "refresh", organization_id=place.id, key="Quuxworth", at=NOW, arguments={"name": "Zebediah"}
                )
                Job.objects.update(state=JobState.DEAD, attempts=5, error="ValueError")
                queue("refresh", organization_id=place.id, key="waits", at=NOW)
        rings.clear()
        return made

    def _jobs(self, **options):
        printed = StringIO()
        call_command("jobs", stdout=printed, **options)
        return [line.split() for line in printed.getvalue().splitlines()]

    def test_counts(self, dead):
        assert self._jobs() == [["2", "dead", "refresh"], ["2", "queued", "refresh"]]
        assert self._jobs(org="lakeside") == [["1", "dead", "refresh"], ["1", "queued", "refresh"]]

    def test_lists_the_dead_by_id_and_kind(self, dead):
        everywhere = [[str(dead[slug]), slug, "refresh"] for slug in ("lakeside", "ridgeway")]
        assert sorted(self._jobs(dead=True)) == sorted(everywhere)
        assert self._jobs(dead=True, org="ridgeway") == [[str(dead["ridgeway"]), "ridgeway", "refresh"]]
        assert self._jobs(dead=True, org="nowhere") == []

    def test_retries_one(self, dead, organization, rings):
        assert self._jobs(retry=dead["lakeside"]) == [[str(dead["lakeside"]), "is", "queued", "again."]]
        with tenant(organization):
            assert Job.objects.get(id=dead["lakeside"]).state == "queued"
        assert rings == [dead["lakeside"]]

    def test_does_not_retry_what_is_not_dead(self, dead):
        with pytest.raises(CommandError, match="has failed for good"):
            self._jobs(retry=uuid7())
        with pytest.raises(CommandError, match="has failed for good"):
            self._jobs(retry=dead["lakeside"], org="ridgeway")
