"""A backup of the whole database goes into another one and is the same: rows, wall, audit and files."""

import hashlib
import io
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from bhi.audit.operations import record
from bhi.backups.drill import drill, newest
from bhi.backups.errors import BackupFault
from bhi.backups.manifest import differences, packed, unpacked
from bhi.backups.programs import conninfo, fault_in, program
from bhi.backups.stream import FRAME_BYTES, SealedWriter, frames
from bhi.backups.taking import read_through, restore_backup, take_backup
from bhi.files.operations import store
from bhi.tenancy import roles
from bhi.tenancy.context import tenant
from tests import databases
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import MembershipFactory

KEY = "k" * 50
ALL = ["default", "owner", "maintenance"]
pytestmark = pytest.mark.django_db(transaction=True, databases=ALL)


@pytest.fixture
def lived_in(organization, other_organization, now):
    """Two organizations with a patient, an audit event and a file each."""
    for one in (organization, other_organization):
        seat = MembershipFactory(organization=one, roles=["care_manager"])
        with tenant(one):
            patient = PatientFactory(organization=one, family_name="Quuxworth")
            record("chart.viewed", by=seat, at=now, patient_id=patient.id)
            store(b"a workbook", organization_id=one.id, purpose="import", media_type="text/csv", at=now)
    return organization


@pytest.fixture
def backup(lived_in, now):
    sink = io.BytesIO()
    manifest, size = take_backup(sink, secret=KEY, at=now)
    assert size == len(sink.getvalue())
    return manifest, sink.getvalue()


@pytest.fixture
def empty_database(request):
    """The owner's alias on a database as create_roles leaves it."""
    owner = connections["owner"]
    own, name = owner.settings_dict["NAME"], f"{connections['default'].settings_dict['NAME']}_empty"
    with databases._administrator() as admin:
        databases.drop(name, admin)
        roles.create_database(databases.admin_url(), name)
        owner.close()
        owner.settings_dict["NAME"] = name
        yield owner
        owner.close()
        owner.settings_dict["NAME"] = own
        databases.drop(name, admin)


def tables_of(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return cursor.fetchone()[0]


def test_a_drill_restores_everything_and_leaves_nothing_behind(backup, tmp_path, now):
    manifest, content = backup
    assert (manifest.rows["registry_patient"], manifest.rows["audit_event"]) == (2, 2)
    file = tmp_path / "20261122T030000Z.bhi"
    file.write_bytes(content)
    done = drill(file, keys=(KEY,), admin_url=databases.admin_url(), at=now)
    assert [step.faults for step in done.steps] == [()] * 7
    assert (done.is_passed, done.manifest) == (True, manifest)
    with databases._administrator() as admin:
        left = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bhi\\_drill\\_%'").fetchall()
    assert left == []


def test_a_drill_finds_a_changed_audit_and_a_lost_key(lived_in, tmp_path, now, settings):
    """The audit was changed before the backup was made, and the files' keys are not this installation's."""
    from bhi.audit.models import AuditSeal

    with tenant(lived_in):
        AuditSeal.objects.create(
            organization=lived_in,
            number=1,
            day=now.date(),
            event_count=5,
            sha256=hashlib.sha256(b"made up").hexdigest(),
            sealed_at=now,
        )
    file = tmp_path / "20261122T030000Z.bhi"
    with file.open("wb") as sink:
        take_backup(sink, secret=KEY, at=now)
    settings.FILE_KEYS, settings.SECRET_KEY = ("another key",), "another secret"
    done = drill(file, keys=(KEY,), admin_url=databases.admin_url(), at=now)
    said = {step.what: len(step.faults) for step in done.steps if step.faults}
    assert said == {
        "audit chain of every organization": 1,
        "stored files open with this installation's keys": 2,
    }
    assert done.is_passed is False


def test_a_restored_database_is_told_apart_from_its_manifest(backup):
    manifest, _ = backup
    wider = '{"column": "", "grantee": "bhi_app", "privilege": "DELETE", "table": "audit_auditevent"}'
    found = replace(
        manifest,
        rows={**manifest.rows, "registry_patient": 1},
        catalogue={
            **manifest.catalogue,
            "grants": (*manifest.catalogue["grants"], wider),
            "policies": manifest.catalogue["policies"][1:],
        },
        migrations=manifest.migrations[1:],
    )
    assert differences(manifest, found) == [
        f"policies: missing {manifest.catalogue['policies'][0]}",
        f"grants: new {wider}",
        f"migrations: missing {manifest.migrations[0]}",
        "rows: registry_patient had 2, now 1",
    ]
    assert differences(manifest, unpacked(packed(manifest))) == []


def test_no_name_is_in_the_backup_nor_in_what_opens_first(backup):
    manifest, content = backup
    assert b"Quuxworth" not in content
    assert b"Quuxworth" not in packed(manifest)
    assert manifest.rows.get("django_session") is None


def test_a_database_with_tables_is_not_written_over(backup, now):
    _, content = backup
    with pytest.raises(BackupFault, match="goes into an empty one only"):
        restore_backup(io.BytesIO(content), keys=(KEY,), at=now)


def test_a_backup_restored_into_an_empty_database_is_the_same(backup, empty_database, now):
    manifest, content = backup
    found, faults = restore_backup(io.BytesIO(content), keys=(KEY,), at=now)
    assert (found, faults) == (manifest, [])


def test_an_altered_backup_leaves_the_database_empty(backup, empty_database, now):
    """The dump is whole, so Postgres would take it; only its last frame does not open."""
    _, content = backup
    changed = bytearray(content)
    changed[-1] ^= 1
    with pytest.raises(BackupFault, match="does not open"):
        restore_backup(io.BytesIO(bytes(changed)), keys=(KEY,), at=now)
    assert tables_of(empty_database) == 0


def test_what_postgres_complains_of_is_said_without_rows(backup, empty_database, now):
    """A sealed backup whose dump is damaged inside."""
    _, content = backup
    parts = list(frames(io.BytesIO(content), (KEY,)))
    sink = io.BytesIO()
    writer = SealedWriter(sink, KEY)
    writer.write_frame(parts[0])
    writer.write(b"".join(parts[1:])[: FRAME_BYTES // 2])
    writer.finish()
    with pytest.raises(BackupFault, match=r"^pg_restore failed"):
        restore_backup(io.BytesIO(sink.getvalue()), keys=(KEY,), at=now)
    assert tables_of(empty_database) == 0
    said = b'pg_restore: error: COPY failed\nCONTEXT:  COPY registry_patient, line 1: "Quuxworth"\n'
    assert str(fault_in("pg_restore", said)) == "pg_restore failed.\npg_restore: error: COPY failed"


def test_commands_write_a_dated_file_and_read_it_through(lived_in, tmp_path, settings, capsys):
    settings.BACKUP_KEYS, settings.BACKUPS = (KEY,), str(tmp_path)
    call_command("backup")
    (file,) = tmp_path.iterdir()
    assert (file, file.stat().st_mode & 0o777, file.suffix) == (newest(str(tmp_path)), 0o600, ".bhi")
    with file.open("rb") as source:
        assert read_through(source, keys=(KEY,)).rows["registry_patient"] == 2
    call_command("restore", str(file), check=True)
    call_command("restore_drill", skip_checks=True)
    said = capsys.readouterr()
    assert said.out.count("  ok     ") == 7
    assert [name for name in ("Quuxworth", KEY) if name in said.out + said.err] == []


def test_a_backup_that_fails_leaves_no_file(tmp_path, settings, monkeypatch):
    settings.BACKUP_KEYS, settings.BACKUPS = (KEY,), str(tmp_path)
    monkeypatch.setattr("bhi.backups.taking.program", lambda *_: "/bin/false")
    with pytest.raises(CommandError, match="pg_dump failed"):
        call_command("backup")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "arguments", "changed", "sentence"),
    [
        ("backup", ["-"], {"BACKUP_KEYS": ()}, "BHI_BACKUP_KEY is not set"),
        ("backup", [], {"BACKUPS": ""}, "Name a FILE, or set BHI_BACKUPS"),
        ("backup", ["/nowhere/x.bhi"], {}, "could not be written: No such file or directory"),
        ("restore", ["-"], {"BACKUP_KEYS": ()}, "BHI_BACKUP_KEY is not set"),
        ("restore", ["/nowhere/x.bhi"], {}, "could not be read: No such file or directory"),
        ("restore_drill", [], {"BACKUPS": ""}, "There is no backup yet"),
        ("restore_drill", [], {"BACKUP_KEYS": ()}, "Set DATABASE_ADMIN_URL, DATABASE_OWNER_URL and BHI_BACKUP_KEY"),
    ],
)
def test_what_is_missing_is_named(name, arguments, changed, sentence, settings):
    settings.BACKUP_KEYS, settings.BACKUPS = (KEY,), "/nowhere"
    for key, value in changed.items():
        setattr(settings, key, value)
    with pytest.raises(CommandError, match=sentence):
        call_command(name, *arguments)


def test_a_program_older_than_the_server_is_not_used():
    with pytest.raises(BackupFault, match="no pg_dump of Postgres 99 or newer"):
        program("pg_dump", 990000)


def test_a_password_is_no_argument():
    database = {**connections["owner"].settings_dict, "PASSWORD": "s3cret"}
    assert "s3cret" not in conninfo(database)
