"""How much of an upload is taken in: of each file no more than any page takes, whatever its sender says of it."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from bhi.files.operations import MOST_BYTES

# An import takes ten files at once; the rest is for the form around them.
MOST_AT_ONCE: Final = 11 * MOST_BYTES


class LimitedUpload(FileUploadHandler):
    """Comes before what keeps files: it passes on a little more than a page may take, so that the page says so.

    What is beyond is read and dropped: neither memory nor disk fills with it.
    """

    passed_on = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 -- its name there
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Raises RequestDataTooBig before anything is read."""
        if content_length > MOST_AT_ONCE:
            raise RequestDataTooBig("More than a page takes at once.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.passed_on = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.passed_on > MOST_BYTES:
            return None
        self.passed_on += len(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Those after it keep the file."""
