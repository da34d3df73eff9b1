"""What is read of a request with files before anybody looks at it."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MB = 1_000_000
# Of all files of one form; each kind of file has a limit of its own.
MOST_AT_ONCE = 100 * MB


class TooMuchAtOnce(RequestDataTooBig):
    """Files that together are more than one form may send; says how much, and how much may be."""


class RefuseHuge(FileUploadHandler):
    """Stop before a request fills the disk: what it says of its size is believed, because no more of it is read."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  Django's own name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        if content_length > MOST_AT_ONCE:
            raise TooMuchAtOnce(
                f"What was sent has {content_length / MB:,.0f} MB, and at most {MOST_AT_ONCE // MB} MB are taken at "
                "once. Nothing was saved: go back, and send fewer or smaller files."
            )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
