"""GET /files/...: the files that bills were read from (docs/api/files)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sandbox.utilityapi.api.params import read_params
from sandbox.utilityapi.api.refusals import not_found
from sandbox.utilityapi.data.bills import file_path, statement_number
from sandbox.wire import Answer

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions
    from sandbox.utilityapi.data.platform import Platform
    from sandbox.utilityapi.data.services import Bill
    from sandbox.wire import Call

DOCS = "api/files"


class Files:
    """The PDF of each bill; some are built when they are first asked for."""

    def __init__(self, options: SandboxOptions, platform: Platform) -> None:
        """Begin without any that had to be built."""
        self._options = options
        self._platform = platform
        self._built_at: dict[str, float] = {}

    def answer(self, call: Call, path: str) -> Answer:
        """Answer with a bill's PDF, once it is there."""
        read_params(call, (), DOCS)
        bill = self._bill(path)
        if bill is None:
            raise not_found()
        if statement_number(bill, 60) == 1 and self._options.cache_seconds:
            built_at = self._built_at.setdefault(path, call.now + self._options.cache_seconds)
            if call.now < built_at:
                return Answer(202, headers={"Retry-After": str(math.ceil(built_at - call.now))})
        return Answer(200, pdf(f"Bill {bill.uid}"), "application/pdf")

    def _bill(self, path: str) -> Bill | None:
        return next(
            (
                bill
                for service in self._platform.visible_services()
                for bill in service.bills
                if file_path(bill) == path
            ),
            None,
        )


def pdf(text: str) -> bytes:
    """Return a PDF of one page with a line of text, the same bytes for the same text."""
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources 6 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Font<</F1 5 0 R>>>>",
    )
    body, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%b endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return b"%bxref\n0 %d\n0000000000 65535 f \n%b" % (
        body,
        count,
        table,
    ) + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, len(body))
