"""The answers that refuse a request (docs/formats)."""

from __future__ import annotations

from sandbox.wire import Answer, json_answer

_DOCS = "https://utilityapi.com/docs"


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(answer.status)
        self.answer = answer


def refusal(status: int, slug: str, description: str, docs: str) -> RefusedError:
    """Refuse with an error object: flat, with a slug, a text and a link."""
    body = {"error": slug, "error_description": description, "url": f"{_DOCS}/{docs}"}
    return RefusedError(json_answer(body, status))


def invalid(description: str, docs: str) -> RefusedError:
    """Refuse a parameter of the page named."""
    return refusal(400, "invalid_param", description, f"{docs}#param")


def not_found() -> RefusedError:
    """Refuse what does not exist or must not be seen."""
    body = {"error": "not_found", "error_description": "Resource not found", "status_code": 404}
    return RefusedError(json_answer(body, 404))


def html(status: int, text: str, headers: dict[str, str] | None = None) -> RefusedError:
    """Refuse where the vendor promises no format."""
    body = f"<html><head><title>{status}</title></head><body><h1>{text}</h1></body></html>"
    return RefusedError(Answer(status, body.encode(), "text/html", headers or {}))
