"""Packets through the browser and a worker: asked for, made once, kept for thirty days, verified for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from billing.models import Batch, BillingProvider, Packet, PacketPart
from billing.operations.filing import make_filed_batches
from billing.operations.logos import ProviderMissing, set_logo
from billing.operations.packets import ask_for_batch_packet, ask_for_month_packet, discard_packets
from billing.queries.packets import packet_file, packet_files, packet_rows, verified_file, verified_hash
from billing.rules.logos import read_logo
from billing.rules.packet import fingerprint_of, mark_of
from tests.billing.filing import closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.claims import BillingProviderFactory, PacketFactory
from tests.rules.billing.test_logos import png
from tests.statements import own

FEBRUARY = "2026-02"
HERE = "/o/lakeside/billing/packets/"


@pytest.fixture(autouse=True)
def april(db: None) -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        made = program(organization, clinic)
        set_up(made)
        return made


@pytest.fixture
def episode(people: Program) -> Any:
    with tenant(people.organization):
        return filed_patient(people)


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def asked(client: Client, episode: Any) -> UUID:
    answer: Any = client.post(f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/packet/")
    return UUID(answer.url.rstrip("/").rsplit("/", 1)[1])


def job_of(people: Program, packet_id: UUID) -> UUID:
    with tenant(people.organization):
        found = Packet.objects.get(id=packet_id).job_id
    assert found is not None
    return found


def work(people: Program, packet_id: UUID, at: datetime = AT) -> str | None:
    return run(organization_id=people.organization.id, job_id=job_of(people, packet_id), at=at)


def made(client: Client, people: Program, episode: Any) -> tuple[UUID, bytes]:
    packet_id = asked(client, episode)
    assert work(people, packet_id) == "done"
    opened = client.get(f"{HERE}{packet_id}/parts/1/")
    assert opened.status_code == 200
    return packet_id, opened.content


def verify(client: Client, **typed: Any) -> Any:
    return client.post(f"{HERE}verifying/", typed)


def pdf(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("packet.pdf", content, "application/pdf")


def test_it_is_asked_for_once_made_by_a_worker_and_opened(people: Program, billing: Any, episode: Any) -> None:
    row = billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/")
    assert "Make a packet" in text_of(row)
    packet_id = asked(billing, episode)
    assert asked(billing, episode) == packet_id
    page = f"{HERE}{packet_id}/"
    assert "Waiting to start" in text_of(billing.get(page))
    assert "Being made" in text_of(billing.get(HERE))
    assert work(people, packet_id) == "done"
    polled = billing.get(page, headers={"HX-Request": "true"})
    assert polled.status_code == 286
    words = text_of(billing.get(page))
    with tenant(people.organization):
        digest = Packet.objects.get().content_sha256
    assert digest in words
    assert "Kept until May 3" in words
    opened = billing.get(f"{page}parts/1/")
    assert opened.headers["Content-Type"] == "application/pdf"
    assert opened.headers["Content-Disposition"] == f'inline; filename="packet-{digest[:8]}-1.pdf"'
    assert billing.get(f"{page}parts/2/").status_code == 404
    assert "Abara, Jo" in text_of(billing.get(HERE))


def test_what_was_done_with_it_is_in_the_audit(people: Program, billing: Any, episode: Any) -> None:
    made(billing, people, episode)
    with tenant(people.organization):
        rows = AuditEvent.objects.filter(action__startswith="packet.", by=billing.membership)
        told = [(row.action, row.patient_id == episode.patient_id) for row in rows.order_by("at", "id")]
    assert told == [("packet.asked", True), ("packet.made", False), ("packet.downloaded", True)]


def test_no_name_is_in_an_address_a_job_or_a_log(
    people: Program, billing: Any, episode: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    packet_id, _ = made(billing, people, episode)
    with tenant(people.organization):
        job = Job.objects.get(id=job_of(people, packet_id))
        file = StoredFile.objects.get(purpose=f"packet {packet_id.hex}")
    said = f"{job.key} {job.arguments} {job.error} {file.purpose} {caplog.text} {capsys.readouterr()}"
    names = (episode.patient.family_name, episode.patient.mrn)
    assert [name for name in names if name in said] == []
    assert b"Abara" not in bytes(file.sealed)


def test_a_job_that_runs_twice_makes_it_once(people: Program, billing: Any, episode: Any) -> None:
    packet_id, _ = made(billing, people, episode)
    with tenant(people.organization):
        Job.objects.update(state="queued", finished_at=None)
    assert work(people, packet_id) == "done"
    with tenant(people.organization):
        assert StoredFile.objects.filter(purpose__startswith="packet ").count() == 1
        assert Packet.objects.get().made_at == AT


def dies(*_: Any, **__: Any) -> None:
    raise RuntimeError


def test_a_worker_that_dies_leaves_nothing_and_the_next_one_makes_it(
    people: Program, billing: Any, episode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet_id = asked(billing, episode)
    with monkeypatch.context() as broken:
        broken.setattr("billing.operations.packets._finish", dies)
        assert work(people, packet_id) == "queued"
    with tenant(people.organization):
        assert StoredFile.objects.filter(purpose__startswith="packet ").count() == 0
        assert Packet.objects.get().made_at is None
    assert work(people, packet_id, at=AT + timedelta(minutes=5)) == "done"


def test_one_that_cannot_be_made_says_so_and_is_made_anew(
    people: Program, billing: Any, client_for: Any, episode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet_id = asked(billing, episode)
    with monkeypatch.context() as broken:
        broken.setattr("billing.operations.packets._finish", dies)
        states = [work(people, packet_id, at=AT + timedelta(days=day)) for day in range(5)]
    assert states == ["queued"] * 4 + ["dead"]
    assert "Not made: it failed" in text_of(billing.get(HERE))
    for client in (billing, client_for("clinic_lead")):
        page = client.get(f"{HERE}{packet_id}/")
        said = text_of(page)
        assert ("It could not be made" in said, "Being made" in said, "Look again" in said) == (True, False, False)
        assert page.context["again_url"] == f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/packet/"
    anew = asked(billing, episode)
    assert (anew != packet_id, work(people, anew)) == (True, "done")
    assert ("Not made: it failed" in text_of(billing.get(HERE)), "Ready" in text_of(billing.get(HERE))) == (True, True)


def test_a_file_is_ours_altered_or_none_of_ours(people: Program, billing: Any, episode: Any) -> None:
    packet_id, content = made(billing, people, episode)
    words = text_of(verify(billing, file=pdf(content)))
    assert "Made here, and unaltered" in words
    assert "Abara, Jo February 2026 Apr 3 at 10:00 am" in words
    altered = content.replace(b"%%EOF", b"%%EOX")
    assert "Altered since it was made" in text_of(verify(billing, file=pdf(altered)))
    assert "Not a packet of Lakeside Family Medicine" in text_of(verify(billing, file=pdf(b"a picture")))
    assert "Not a packet of Lakeside Family Medicine" in text_of(verify(billing, file=pdf(b"")))
    with tenant(people.organization):
        packet = Packet.objects.get(id=packet_id)
    for digest in (packet.content_sha256, packet.content_sha256.upper(), packet.file_sha256):
        assert "A hash of yours" in text_of(verify(billing, digest=f" {digest[:32]} {digest[32:]}"))
    assert "No packet that was made here has this hash" in text_of(verify(billing, digest="ab" * 32))


def test_what_cannot_be_verified_is_said_at_its_field(people: Program, billing: Any) -> None:
    nothing = verify(billing)
    assert (nothing.status_code, "Choose the PDF, or type the hash" in text_of(nothing)) == (422, True)
    short = verify(billing, digest="abc")
    assert (short.status_code, "A content hash has 64 characters" in text_of(short)) == (422, True)
    assert 'value="abc"' in short.content.decode()
    billing_file = SimpleUploadedFile("packet.pdf", b"x" * (25 * 1024 * 1024 + 1))
    large = verify(billing, file=billing_file)
    assert (large.status_code, "The file is larger than 25 MB" in text_of(large)) == (422, True)


def test_another_organization_s_packet_is_nobody_s_here(
    people: Program, billing: Any, episode: Any, other_organization: Any, client_for: Any
) -> None:
    packet_id, content = made(billing, people, episode)
    there = client_for("billing", organization=other_organization)
    of = "/o/ridgeway/billing/packets/"
    for path in (f"{packet_id}/", f"{packet_id}/parts/1/"):
        assert there.get(of + path).status_code == 404
    words = text_of(there.post(f"{of}verifying/", {"file": pdf(content)}))
    assert "Not a packet of Ridgeway Health" in words
    assert "Lakeside" not in words
    assert there.post(f"/o/ridgeway/billing/months/{FEBRUARY}/episodes/{episode.id}/packet/").status_code == 404
    assert there.post(f"/o/ridgeway/billing/batches/{uuid4()}/packet/").status_code == 404


def test_the_file_goes_after_thirty_days_and_the_hash_stays(people: Program, billing: Any, episode: Any) -> None:
    packet_id, content = made(billing, people, episode)
    later = AT + timedelta(days=30)
    own_id = people.organization.id
    with tenant(people.organization):
        assert discard_packets(organization_id=own_id, at=later - timedelta(seconds=1)) == 0
        assert discard_packets(organization_id=own_id, at=later) == 1
        assert discard_packets(organization_id=own_id, at=later) == 0
        assert packet_files(own_id, packet_id, at=later) == []
        with pytest.raises(NotFound):
            packet_file(own_id, packet_id, 1, at=later)
        assert [one.id for one in verified_file(own_id, content, at=later).packets] == [packet_id]
        digest = Packet.objects.get().content_sha256
        assert [one.is_kept for one in verified_hash(own_id, digest, at=later).packets] == [False]
        assert verified_hash(own_id, "short", at=later).packets == ()
    with time_machine.travel(later, tick=False):
        billing.force_login(billing.membership.user)
        assert "The file is gone" in text_of(billing.get(f"{HERE}{packet_id}/"))
        assert "File gone, hash kept" in text_of(billing.get(HERE))


def test_a_packet_made_again_of_the_same_facts_has_the_same_hash(people: Program, billing: Any, episode: Any) -> None:
    made(billing, people, episode)
    made(billing, people, episode)
    with tenant(people.organization):
        first, second = Packet.objects.values_list("content_sha256", flat=True)
    assert first == second


def test_a_batch_s_packet_holds_each_patient_s_month_once(
    people: Program, billing: Any, episode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.tasks.MONTHS_A_PART", 1)
    with tenant(people.organization):
        filed_patient(people, "Brook")
        closed(people)
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        batch = Batch.objects.get()
    assert "Make a packet" in text_of(billing.get(f"/o/lakeside/billing/batches/{batch.id}/"))
    answer = billing.post(f"/o/lakeside/billing/batches/{batch.id}/packet/")
    packet_id = UUID(answer.url.rstrip("/").rsplit("/", 1)[1])
    assert work(people, packet_id) == "done"
    # Each part is a job of its own, and the next one begins where this one ended, also after a failure.
    assert "1 of 2" in text_of(billing.get(answer.url))
    with monkeypatch.context() as broken:
        broken.setattr("billing.operations.packets._finish", dies)
        assert work(people, packet_id) == "queued"
    with tenant(people.organization):
        assert list(PacketPart.objects.values_list("number", "month_count")) == [(1, 1)]
    assert work(people, packet_id, at=AT + timedelta(minutes=5)) == "done"
    words = text_of(billing.get(answer.url))
    assert all(one in words for one in ("Batch 1", "Open part 1 of 2", "Open part 2 of 2"))
    with tenant(people.organization):
        packet = Packet.objects.get()
        parts = list(PacketPart.objects.order_by("number"))
        assert list(Job.objects.filter(kind="make_packet").values_list("state", "arguments")) == [("done", {})] * 2
    assert packet.content_sha256 == fingerprint_of([part.content_sha256 for part in parts])
    assert len({packet.content_sha256, *(part.content_sha256 for part in parts)}) == 3
    for digest in (packet.content_sha256, parts[0].content_sha256, parts[1].content_sha256, parts[1].file_sha256):
        assert "A hash of yours" in text_of(verify(billing, digest=digest))
    second = billing.get(f"{answer.url}parts/2/").content
    assert mark_of(second) == parts[1].content_sha256
    assert "Altered since it was made" in text_of(verify(billing, file=pdf(second + b" ")))
    assert "Made here, and unaltered Batch 1" not in text_of(verify(billing, file=pdf(second + b" ")))
    assert "Made here, and unaltered" in text_of(verify(billing, file=pdf(second)))


def test_whoever_opens_a_batch_s_packet_saw_everybody_in_it(
    people: Program, billing: Any, episode: Any, client_for: Any
) -> None:
    with tenant(people.organization):
        other = filed_patient(people, "Brook")
        closed(people)
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        batch = Batch.objects.get()
    url = billing.post(f"/o/lakeside/billing/batches/{batch.id}/packet/").url
    assert work(people, UUID(url.rstrip("/").rsplit("/", 1)[1])) == "done"
    assert client_for("clinic_lead").get(f"{url}parts/1/").status_code == 200
    with tenant(people.organization):
        row = AuditEvent.objects.get(action="packet.downloaded")
    assert (row.patient_id, row.shown) == (None, sorted([episode.patient_id, other.patient_id]))


def test_somebody_else_s_packet_is_seen_but_not_its_progress(
    people: Program, billing: Any, episode: Any, client_for: Any
) -> None:
    packet_id = asked(billing, episode)
    words = text_of(client_for("clinic_lead").get(f"{HERE}{packet_id}/"))
    assert "whoever asked sees how far it is" in words
    assert "Waiting to start" not in words


def asks(client: Client) -> int:
    """How many statements of its own the list takes."""
    with CaptureQueriesContext(connection) as queries:
        client.get(HERE)
    return len(own(queries))


def test_the_list_is_cut_to_pages_and_asks_as_often_however_long(
    people: Program, billing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No packet yet" in text_of(billing.get(HERE))
    monkeypatch.setattr("billing.queries.packets.PAGE_ROWS", 2)
    monkeypatch.setattr("billing.views.packets.PAGE_ROWS", 2)
    with tenant(people.organization):
        PacketFactory(organization=people.organization)
    few = asks(billing)
    with tenant(people.organization):
        PacketFactory.create_batch(4, organization=people.organization)
        assert len(packet_rows(people.organization.id, at=AT, page=3).rows) == 1
    assert asks(billing) == few
    assert few <= 8
    words = text_of(billing.get(f"{HERE}?page=2"))
    assert all(one in words for one in ("3 to 4 of 5", "Previous", "Next"))
    assert "1 to 2 of 5" in text_of(billing.get(f"{HERE}?page=none"))


def test_a_lead_makes_packets_and_a_care_manager_does_not(people: Program, episode: Any, client_for: Any) -> None:
    row = f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/"
    assert client_for("clinic_lead").post(f"{row}packet/").status_code == 302
    assert client_for("care_manager").post(f"{row}packet/").status_code == 403


def test_what_a_lead_has_made_with_reasons_billing_does_not_open(
    people: Program, billing: Any, episode: Any, client_for: Any
) -> None:
    lead = client_for("clinic_lead")
    packet_id, _ = made(lead, people, episode)
    page = f"{HERE}{packet_id}/"
    assert "as people wrote them" in text_of(lead.get(page))
    assert "It is for those who may see the chart" in text_of(billing.get(page))
    assert "Open the PDF" not in text_of(billing.get(page))
    assert billing.get(f"{page}parts/1/").status_code == 403
    own_id, _ = made(billing, people, episode)
    assert "only that they are on record" in text_of(billing.get(f"{HERE}{own_id}/"))
    assert lead.get(f"{HERE}{own_id}/parts/1/").status_code == 200


def test_a_logo_is_chosen_shown_and_taken_off(people: Program, billing: Any) -> None:
    page = "/o/lakeside/billing/filing/logo/"
    assert "None. Packets show the organization’s name alone." in text_of(billing.get(page))
    assert billing.get(f"{page}picture/").status_code == 404
    drawing = billing.post(page, {"file": SimpleUploadedFile("logo.png", b"<svg/>", "image/png")})
    assert (drawing.status_code, "This is neither a PNG nor a JPEG picture" in text_of(drawing)) == (422, True)
    large = billing.post(page, {"file": SimpleUploadedFile("logo.png", png() + b"0" * 600_000, "image/png")})
    assert (large.status_code, "The picture is larger than 512 KB" in text_of(large)) == (422, True)
    assert billing.post(page, {"file": SimpleUploadedFile("anything.txt", png())}).status_code == 302
    picture = billing.get(f"{page}picture/")
    assert (picture.content, picture.headers["Content-Type"]) == (png(), "image/png")
    assert billing.post(page, {"do": "remove"}).status_code == 302
    with tenant(people.organization):
        assert BillingProvider.objects.get().logo_id is None
        actions = AuditEvent.objects.filter(action__startswith="filing.logo").order_by("id")
        assert list(actions.values_list("action", flat=True)) == ["filing.logo_set", "filing.logo_removed"]


def test_a_logo_needs_the_billing_provider(organization: Any, clinic: Any, billing: Any) -> None:
    page = "/o/lakeside/billing/filing/logo/"
    assert "nobody set one yet" in text_of(billing.get(page))
    refused = billing.post(page, {"file": SimpleUploadedFile("logo.png", png())})
    assert refused.status_code == 422
    assert "Set the billing provider first" in text_of(billing.post(page, {"do": "remove"}))
    with tenant(organization):
        with pytest.raises(ProviderMissing):
            set_logo(by=billing.membership, at=AT, logo=read_logo(png()))
        assert BillingProviderFactory(organization=organization).logo_id is None


def test_what_there_is_not_cannot_be_asked_for(people: Program) -> None:
    with tenant(people.organization):
        with pytest.raises(NotFound):
            ask_for_month_packet(by=people.by, at=AT, month=FEBRUARY, episode_id=uuid4())
        with pytest.raises(NotFound):
            ask_for_batch_packet(by=people.by, at=AT, batch_id=uuid4())
