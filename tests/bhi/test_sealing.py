"""Sealing: bound to its place, opened by older keys, sealed anew by a command until no older key is needed."""

import json
from importlib import import_module
from io import StringIO
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

from bhi import resealing
from bhi.accounts.mfa_secrets import open_secret, secrets_of
from bhi.accounts.models import SingleSignOn
from bhi.files.models import StoredFile
from bhi.files.operations import read, store
from bhi.sealing import SealBroken, is_newest, place, seal, seal_text, unseal, unseal_text
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from billing.models import BillingProvider, Claim
from tests.factories.billing import ClaimFactory
from tests.factories.claims import BillingProviderFactory
from tests.factories.going_live import SingleSignOnFactory
from tests.factories.tenancy import NOW, UserFactory

CONTENT = b"Quuxworth,Zebediah,MRN-77120"
TAX_ID = "900557718"
SECRET = "hush-7781-hush"
HERE = place(uuid7(), "table", "column", uuid7())


def test_what_is_sealed_opens_in_its_place_only(settings):
    settings.FILE_KEYS = ("first",)
    sealed = seal(CONTENT, bound_to=HERE)
    assert (CONTENT in sealed, sealed == seal(CONTENT, bound_to=HERE)) == (False, False)
    assert unseal(sealed, bound_to=HERE) == CONTENT
    for altered in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:9], b""):
        with pytest.raises(SealBroken):
            unseal(altered, bound_to=HERE)
    with pytest.raises(SealBroken):
        unseal(sealed, bound_to=place(uuid7(), "table", "column", uuid7()))
    settings.FILE_KEYS = ("second", "first")
    assert (unseal(sealed, bound_to=HERE), is_newest(sealed)) == (CONTENT, False)


def test_text_that_was_never_sealed_is_read_as_it_is(settings):
    settings.FILE_KEYS = ("first",)
    sealed = seal_text("JBSWY3DP", bound_to=HERE)
    assert (unseal_text(sealed, bound_to=HERE), is_newest(sealed)) == ("JBSWY3DP", True)
    assert (unseal_text("JBSWY3DP", bound_to=HERE), is_newest("JBSWY3DP")) == ("JBSWY3DP", False)


@pytest.mark.django_db
def test_a_sealed_field_reads_and_takes_text(in_tenant):
    made = SingleSignOnFactory(organization=in_tenant, secret=SECRET)
    row = SingleSignOn.objects.get()
    before = bytes(SingleSignOn.objects.values_list("secret", flat=True).get())
    assert (made.secret, row.secret, SECRET.encode() in before) == (SECRET, SECRET, False)
    row.client_id = "other"
    row.save()
    assert bytes(SingleSignOn.objects.values_list("secret", flat=True).get()) == before
    row.secret = "new"
    row.save()
    assert SingleSignOn.objects.get().secret == SingleSignOn.objects.defer("secret").get().secret == "new"
    version = SingleSignOn.pgh_event_model.objects.order_by("pgh_id").last()
    assert (version.client_id, version.secret) == ("other", SECRET)
    row.secret = ""
    row.save()
    assert SingleSignOn.objects.get().secret == ""


@pytest.mark.django_db
def test_text_is_neither_written_nor_sought_without_its_row(in_tenant):
    SingleSignOnFactory(organization=in_tenant, secret=SECRET)
    with pytest.raises(TypeError, match="sealed to its row"):
        SingleSignOn.objects.update(secret="open")
    with pytest.raises(TypeError, match="sealed to its row"):
        SingleSignOn.objects.filter(secret=SECRET).exists()


@pytest.mark.django_db
def test_bytes_of_another_row_do_not_open(organization, other_organization):
    with tenant(other_organization):
        theirs = bytes(
            SingleSignOnFactory(organization=other_organization, secret=SECRET).__dict__["_sealed_secret"][1]
        )
    with tenant(organization):
        SingleSignOnFactory(organization=organization, secret="ours")
        SingleSignOn.objects.update(secret=theirs)
        with pytest.raises(SealBroken):
            _ = SingleSignOn.objects.get().secret


@pytest.fixture
def planted(organization, other_organization, settings):
    """Something sealed everywhere, with the first key."""
    settings.FILE_KEYS = ("first",)
    for one in (organization, other_organization):
        with tenant(one):
            for _ in range(5):
                store(CONTENT, organization_id=one.id, purpose="batch", media_type="text/csv", at=NOW)
            BillingProviderFactory(organization=one, tax_id=TAX_ID, tax_id_kind="SY")
            plain = ClaimFactory(organization=one, content={"head": {"biller": {"tax_id": TAX_ID, "name": "N"}}})
            assert plain.content["head"]["biller"]["tax_id"] == TAX_ID
            StoredFile.objects.filter(purpose="test").update(sealed=b"")
            sign_on = SingleSignOnFactory(organization=one, secret=SECRET)
            sign_on.client_id = "changed"
            sign_on.save()
    person = UserFactory()
    TOTP.activate(person, generate_totp_secret())
    Authenticator.objects.create(
        user=person,
        type="recovery_codes",
        data={"migrated_codes": ["77345518"]},
    )
    Authenticator.objects.create(user=person, type="webauthn", data={"name": "Laptop", "credential": {}})
    return organization, other_organization


def rotate(**options) -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said, stderr=said, **options)
    return said.getvalue()


def everything_opens(organizations) -> list:
    opened = []
    for one in organizations:
        with tenant(one):
            opened += [read(file) for file in StoredFile.objects.filter(purpose="batch")]
            opened += [row.secret for row in SingleSignOn.objects.all()]
            opened += [row.secret for row in SingleSignOn.pgh_event_model.objects.all()]
            opened += [row.tax_id for row in BillingProvider.objects.all()]
            opened += [tax_id_of(claim) for claim in Claim.objects.all()]
    codes = Authenticator.objects.get(type="recovery_codes").wrap()
    assert Authenticator.objects.get(type="totp").wrap().validate_code("no") is False
    return [*opened, codes.get_unused_codes()]


def tax_id_of(claim) -> str:
    here = place(claim.organization_id, "billing_claim", "content", claim.id)
    return unseal_text(claim.content["head"]["biller"]["tax_id"], bound_to=here)


ALL = [*([CONTENT] * 5), SECRET, SECRET, TAX_ID, TAX_ID]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_after_a_rotation_the_old_key_is_not_needed(planted, settings):
    settings.FILE_KEYS = ("second", "first")
    assert everything_opens(planted) == [*ALL, *ALL, ["77345518"]]
    said = rotate(organization=planted[0].slug)
    assert said.splitlines()[-1] == "Older keys are still needed for other organizations."
    said = rotate().splitlines()
    assert "files_storedfile.sealed: 5 of 5 sealed anew" in said
    assert said[-1] == "No older key is needed any more."
    settings.FILE_KEYS = ("second",)
    assert everything_opens(planted) == [*ALL, *ALL, ["77345518"]]
    with tenant(planted[0]):
        assert SingleSignOn.pgh_event_model.objects.count() == 1  # another key is no change
    assert {line.partition(": ")[2] for line in rotate().splitlines()[:-1]} == {"nothing to do", "0 sealed anew"}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_rotation_that_was_broken_off_goes_on(planted, settings, monkeypatch):
    settings.FILE_KEYS = ("second", "first")
    step, steps = resealing.reseal_some, []

    def until_the_second(*args):
        steps.append(args)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr("bhi.files.management.commands.rotate_keys.reseal_some", until_the_second)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    monkeypatch.undo()
    settings.FILE_KEYS = ("second", "first")
    assert rotate().splitlines()[0] == "files_storedfile.sealed: 4 of 6 sealed anew"
    settings.FILE_KEYS = ("second",)
    assert everything_opens(planted) == [*ALL, *ALL, ["77345518"]]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_does_not_open_is_said_and_left(planted, settings):
    rotate()  # seals what stood open in claims
    settings.FILE_KEYS = ("third",)
    before = everything_in_the_database()
    with pytest.raises(SystemExit):
        rotate()
    assert everything_in_the_database() == before


@pytest.mark.django_db(databases=["default"])
def test_only_the_owner_rotates_and_only_what_there_is(monkeypatch):
    with pytest.raises(CommandError, match="There is no organization nowhere"):
        rotate(organization="nowhere")
    monkeypatch.setattr("bhi.files.management.commands.rotate_keys.OWNER", "nobody")
    with pytest.raises(CommandError, match="set DATABASE_OWNER_URL"):
        rotate()


def everything_in_the_database() -> list:
    """Every row of every table, as a copy of the database would hold it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        rows = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM {table} AS found ORDER BY found::text")
            rows += [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in cursor]
        return rows


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_copy_of_the_database_holds_none_of_it(planted):
    rotate()  # seals what stood open in claims
    kept = repr(everything_in_the_database())
    assert [planted for planted in ("Quuxworth", SECRET, TAX_ID, "77345518") if planted in kept] == []


def kept_of(person) -> dict:
    """As the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator WHERE user_id = %s", [person.pk])
        return json.loads(cursor.fetchone()[0])


def put(person, data) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mfa_authenticator SET data = %s WHERE user_id = %s", [json.dumps(data), person.pk])


def code_of(secret) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


@pytest.mark.django_db
def test_the_secret_of_a_second_factor_opens_for_its_person_alone():
    """Who can write in the database cannot give somebody the app that they have themselves."""
    victim, thief = UserFactory(), UserFactory()
    stolen = generate_totp_secret()
    for person, secret in ((victim, generate_totp_secret()), (thief, stolen)):
        TOTP.activate(person, secret)
    assert Authenticator.objects.get(user=thief).wrap().validate_code(code_of(stolen)) is True
    put(victim, kept_of(thief))
    with pytest.raises(SealBroken):
        Authenticator.objects.get(user=victim).wrap().validate_code(code_of(stolen))
    put(victim, {"secret": stolen})
    with pytest.raises(SealBroken):
        Authenticator.objects.get(user=victim).wrap().validate_code(code_of(stolen))


@pytest.mark.django_db
def test_a_factor_saved_again_keeps_its_bytes_and_opens_as_before():
    person, secret = UserFactory(), generate_totp_secret()
    made = TOTP.activate(person, secret).instance
    before = kept_of(person)
    assert before["secret"].startswith("sealed:")
    for row in (made, Authenticator.objects.get(user=person)):
        row.save()
        assert (kept_of(person), row.wrap().validate_code("no")) == (before, False)
    row.refresh_from_db()
    assert open_secret(row.data["secret"]) == secret
    late = Authenticator.objects.defer("data").get(user=person)
    assert late.wrap().validate_code(code_of(secret)) is True


@pytest.mark.django_db
def test_a_factor_never_takes_what_was_read_from_somebody_elses():
    one, other = UserFactory(), UserFactory()
    TOTP.activate(one, generate_totp_secret())
    read_there = Authenticator.objects.get(user=one).data
    with pytest.raises(SealBroken):
        Authenticator.objects.create(user=other, type="totp", data=dict(read_there))


@pytest.mark.django_db
def test_factors_sealed_to_their_table_are_bound_to_their_person_and_back():
    moved = import_module("bhi.accounts.migrations.0006_factors_sealed_to_their_person")
    then = MigrationLoader(connection).project_state([("mfa", "0003_authenticator_type_uniq")]).apps
    editor = SimpleNamespace(connection=connection)
    person, secret = UserFactory(), generate_totp_secret()
    TOTP.activate(person, secret)
    put(person, {"secret": seal_text(secret, bound_to=moved.OF_THE_TABLE)})
    moved.each(moved.to_the_person)(then, editor)
    assert Authenticator.objects.get(user=person).wrap().validate_code(code_of(secret)) is True
    moved.each(moved.to_the_table)(then, editor)
    assert unseal_text(kept_of(person)["secret"], bound_to=moved.OF_THE_TABLE) == secret
    put(person, {"secret": secret, "migrated_codes": ["77345518"]})
    moved.each(moved.to_the_person)(then, editor)
    assert [open_secret(one) for one in secrets_of(Authenticator.objects.get(user=person).data)] == [secret, "77345518"]
