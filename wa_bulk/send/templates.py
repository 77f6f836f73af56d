"""The account's templates, for a service or a script that manages them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec

from wa_bulk.api.account_template import AccountTemplate, read_template
from wa_bulk.api.replies import ReplyFields, read_reply, unpacked
from wa_bulk.api.template_definition import (
    Category,
    TemplateDefinition,
    TemplateStatus,
    TemplateUpdate,
    check_components,
    check_definition,
)
from wa_bulk.send import verdict
from wa_bulk.send.answer_text import answer_text
from wa_bulk.send.api_request import REPLY_MAX, request
from wa_bulk.send.outcome import ApiError, Outcome, Status
from wa_bulk.send.transport import Reply, TransportError
from wa_bulk.send.verdict import Ruling

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from wa_bulk.send.account import Account

_log = logging.getLogger("wa_bulk")

_PATH = "/v1/templates"
_json = msgspec.json.Encoder().encode


class Templates:
    """Lists, creates and changes the templates of an account: `client.templates`.

    Each call is one request, neither paced nor retried. Raises ApiError, whose `outcome` is `rejected` or
    `failed` for what was not done, and `unknown` where a change may have been made although no answer says
    so: `list` tells then.
    """

    def __init__(
        self,
        account: Account,
        *,
        timeout: float,
        session: ClientSession | None = None,
        proxy: str | None = None,
        may_be_used: Callable[[], object] = lambda: None,
    ) -> None:
        """`timeout` is in seconds; `may_be_used` is called before each request, and may raise."""
        self._account = account
        self._timeout = timeout
        self._session = session
        self._proxy = proxy
        self._may_be_used = may_be_used

    async def list(
        self,
        name: str | None = None,
        *,
        language: str | None = None,
        category: Category | None = None,
        status: TemplateStatus | None = None,
    ) -> list[AccountTemplate]:
        """Return the templates that match all that is given; `name` is found anywhere in the name.

        The vendor documents no pages: one reply has them all.
        """
        everything = self.iterate(name, language=language, category=category, status=status)
        return [template async for template in everything]

    async def iterate(
        self,
        name: str | None = None,
        *,
        language: str | None = None,
        category: Category | None = None,
        status: TemplateStatus | None = None,
    ) -> AsyncIterator[AccountTemplate]:
        """Yield what `list` returns, each read when its turn comes: for accounts with very many.

        One that cannot be read is left out with a warning, unless that is so of all.
        """
        query = {"name": name, "language_code": language, "category": category, "status": status}
        given = {key: value for key, value in query.items() if value is not None}
        body = await self._ask("GET", f"{_PATH}?{urlencode(given)}" if given else _PATH)
        are_read, first_error = False, None
        for number, item in enumerate(_items(body), 1):
            try:
                template = self._template(bytes(item))
            except ApiError as error:
                first_error = first_error or error
                _log.warning(
                    "item %d of the account's list of templates is left out: %s",
                    number,
                    error.outcome.message,
                )
            else:
                are_read = True
                yield template
        if first_error is not None and not are_read:
            raise first_error

    async def get(self, template_id: str) -> AccountTemplate:
        """Return the template with this id."""
        return self._template(await self._ask("GET", _at(template_id)))

    async def create(self, definition: TemplateDefinition) -> str:
        """Send a new template to Meta's review, and return its id.

        Raises ValidationError, before any I/O, for a definition that breaks the rules.
        """
        check_definition(definition)
        found = _object(await self._ask("POST", _PATH, _json(definition)))
        template_id = found.get("template_id")
        if isinstance(template_id, int) and not isinstance(template_id, bool):
            template_id = str(template_id)
        if not isinstance(template_id, str) or not template_id:
            raise _unreadable("the reply has no template_id: it was created, most likely", "unknown")
        return self._account.redaction.of_id(template_id)

    async def update(self, template_id: str, definition: TemplateUpdate | TemplateDefinition) -> None:
        """Change a template's components and category; it goes to review again. Name and language stay.

        Raises ValidationError, before any I/O, for components that break the rules.
        """
        check_components(definition.components)
        change = TemplateUpdate(components=definition.components, category=definition.category)
        await self._ask("PUT", _at(template_id), _json(change))

    async def delete(self, name: str) -> None:
        """Delete every language of the template of this name."""
        await self._ask("DELETE", _at(name))

    async def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return the body of a reply that says it was done; raises ApiError for any other."""
        self._may_be_used()
        answer = await self._exchange(method, path, body)
        # Out here, so that no traceback holds a reply, which may echo the credentials.
        if isinstance(answer, Outcome):
            raise ApiError(answer)
        return answer

    async def _exchange(self, method: str, path: str, body: bytes) -> bytes | Outcome:
        changes = method != "GET"
        try:
            reply = await request(
                self._account,
                method,
                path,
                body=body,
                timeout=self._timeout,
                session=self._session,
                proxy=self._proxy,
            )
        except TransportError as error:
            ruling = verdict.of_error(error)
            return Outcome(
                _status(ruling, changes), message=self._account.redact(str(error)), attempts=1, ruling=ruling
            )
        fields = read_reply(reply.body)
        if 200 <= reply.status < 300 and not verdict.code_of(reply.status, fields):
            return unpacked(reply.body, REPLY_MAX)
        return self._refusal(reply, fields, changes)

    def _template(self, body: bytes) -> AccountTemplate:
        """Read one; what it holds of the secret, which a server may echo anywhere, is hidden."""
        try:
            found = msgspec.json.decode(self._account.redaction.of_id(body.decode()))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _unreadable("the reply is not JSON") from None
        try:
            return read_template(found)
        except ValueError as error:
            raise _unreadable(str(error)) from None

    def _refusal(self, reply: Reply, fields: ReplyFields, changes: bool) -> Outcome:
        ruling = verdict.of_reply(reply.status, fields, address_proven=True)
        return Outcome(
            _status(ruling, changes),
            http_status=reply.status,
            code=verdict.code_of(reply.status, fields),
            message=answer_text(reply.status, fields, ruling, self._account.redact),
            attempts=1,
            ruling=ruling,
        )


def _at(what: str) -> str:
    return f"{_PATH}/{quote(what, safe='')}"


def _status(ruling: Ruling, changes: bool) -> Status:
    """Say how a request ends; one that changes nothing may always be made again."""
    if ruling.verdict == "rejected" or (ruling.verdict == "unknown" and changes):
        return ruling.verdict
    return "failed"


def _items(body: bytes) -> Sequence[msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise _unreadable("expected a list of templates") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _unreadable("the reply is not JSON") from None


def _object(body: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    return found if isinstance(found, dict) else {}


def _unreadable(why: str, status: Status = "failed") -> ApiError:
    return ApiError(Outcome(status, message=why, attempts=1))
