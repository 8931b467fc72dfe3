"""Uploads: limited before they are kept, told by their content, their names in no log."""

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from structlog.testing import capture_logs

from bhi.files.operations import MOST_BYTES
from bhi.web import uploads

NAME = "Quuxworth Zebediah MRN-77120.csv"
KIB = 1024


@pytest.fixture
def small(monkeypatch):
    """Limits that a test can reach."""
    monkeypatch.setattr(uploads, "MOST_BYTES", 200 * KIB)
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 2000 * KIB)


def sent(*sizes):
    files = [SimpleUploadedFile(f"{number}.csv", b"x" * size) for number, size in enumerate(sizes)]
    request = RequestFactory().post("/", {"files": files})
    return [(file.size, file.size == len(file.read())) for file in request.FILES.getlist("files")]


def test_a_file_that_a_page_takes_comes_whole(small):
    assert sent(10, 200 * KIB, 5 * KIB) == [(10, True), (200 * KIB, True), (5 * KIB, True)]


def test_of_a_larger_one_just_so_much_is_kept_that_the_page_refuses_it(small):
    (large, before), (after, _) = sent(900 * KIB, 10)
    assert (200 * KIB < large <= 264 * KIB, before, after) == (True, True, 10)


@pytest.mark.django_db
def test_far_too_much_is_refused_unread(small, client_for):
    client = client_for("admin")
    answer = client.post("/o/lakeside/imports/", {"workbooks": SimpleUploadedFile("a.csv", b"x" * 3000 * KIB)})
    assert answer.status_code == 400


# Address, field, role: every page that takes a file.
PAGES = [
    ("/o/lakeside/imports/", "workbooks", "admin"),
    ("/o/lakeside/billing/practice-files/", "file", "billing"),
    ("/o/lakeside/billing/look-backs/", "file", "billing"),
    ("/o/lakeside/billing/answers/", "chosen", "billing"),
    ("/o/lakeside/billing/filing/logo/", "file", "billing"),
    ("/o/lakeside/billing/trial/open/", "story", "billing"),
]
# By content, whatever the name says.
WRONG = {
    "program": b"MZ\x90\x00\x03" + b"\x00" * 200,
    "pdf": b"%PDF-1.7\n" + b"\x00" * 200,
    "page": b"<!doctype html><script>alert(1)</script>",
    "vector": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "archive": b"PK\x03\x04" + b"\x00" * 200,
}


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES, ids=[page[1] + page[0] for page in PAGES])
def test_what_a_page_does_not_take_is_refused_and_its_name_is_in_no_log(page, client_for, caplog):
    address, field, role = page
    client = client_for(role)
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        statuses = {
            kind: client.post(address, {field: SimpleUploadedFile(NAME, content, content_type="text/csv")}).status_code
            for kind, content in WRONG.items()
        }
    assert statuses == dict.fromkeys(WRONG, 422)
    assert "Quuxworth" not in caplog.text + repr(logs)


def test_the_limit_is_that_of_kept_files():
    assert (uploads.MOST_BYTES, uploads.MOST_AT_ONCE) == (MOST_BYTES, 11 * MOST_BYTES)
