"""Stored files: sealed at rest, bound to their row and organization, opened by older keys too."""

import pytest

from bhi.files import operations
from bhi.files.models import StoredFile
from bhi.files.operations import FileTooLarge, FileUnreadable, read, store
from bhi.tenancy.ids import uuid7
from tests.factories.tenancy import NOW

pytestmark = pytest.mark.django_db
CONTENT = b"Quuxworth,Zebediah,MRN-77120"


@pytest.fixture
def file(in_tenant):
    store(CONTENT, organization_id=in_tenant.id, purpose="batch", media_type="text/csv", at=NOW)
    return StoredFile.objects.get()


def test_comes_back_as_it_was_stored(file):
    assert read(file) == CONTENT
    assert (file.size, file.purpose, file.media_type) == (len(CONTENT), "batch", "text/csv")


def test_is_sealed_at_rest_and_never_twice_alike(file, in_tenant):
    again = store(CONTENT, organization_id=in_tenant.id, purpose="batch", media_type="text/csv", at=NOW)
    assert b"Quux" not in bytes(file.sealed)
    assert bytes(again.sealed) != bytes(file.sealed)
    assert again.sha256 == file.sha256


@pytest.mark.parametrize("change", ["byte", "row", "organization", "short", "empty"])
def test_what_was_altered_or_moved_is_not_opened(file, change):
    sealed = bytes(file.sealed)
    match change:
        case "byte":
            file.sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        case "row":
            file.id = uuid7()
        case "organization":
            file.organization_id = uuid7()
        case "short":
            file.sealed = sealed[:20]
        case "empty":
            file.sealed = b""
    with pytest.raises(FileUnreadable):
        read(file)


def test_older_keys_and_the_secret_key_still_open(file, in_tenant, settings):
    settings.FILE_KEYS = ("first",)
    by_first = store(CONTENT, organization_id=in_tenant.id, purpose="batch", media_type="text/csv", at=NOW)
    settings.FILE_KEYS = ("second", "first")
    by_second = store(CONTENT, organization_id=in_tenant.id, purpose="batch", media_type="text/csv", at=NOW)
    assert [read(found) for found in (file, by_first, by_second)] == [CONTENT] * 3
    settings.FILE_KEYS = ("first",)
    with pytest.raises(FileUnreadable):
        read(by_second)


def test_more_than_the_limit_is_refused_and_nothing_kept(in_tenant, monkeypatch):
    monkeypatch.setattr(operations, "MOST_BYTES", 10)
    with pytest.raises(FileTooLarge, match="larger than 25 MB"):
        store(b"x" * 11, organization_id=in_tenant.id, purpose="batch", media_type="text/csv", at=NOW)
    assert StoredFile.objects.count() == 0
    assert store(b"x" * 10, organization_id=in_tenant.id, purpose="b", media_type="t/c", at=NOW).size == 10
