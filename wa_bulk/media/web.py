"""Asking a web server for a file: redirects followed one by one, every address judged when connecting."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
from aiohappyeyeballs import AddrInfoType
from msgspec import Struct
from yarl import URL

from wa_bulk import __version__
from wa_bulk.api.loopback import is_loopback
from wa_bulk.media.addresses import is_public
from wa_bulk.send.transport.aiohttp_session import SharedResolver
from wa_bulk.send.transport.resolver import Resolver

REDIRECTS_MAX = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONTENT_RANGE = re.compile(r"bytes \d+-\d+/(\d+)", re.IGNORECASE)
_HEADERS = {
    "User-Agent": f"wa-bulk/{__version__} (media check)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


class NotTakenError(Exception):
    """The link leads to nothing that WhatsApp could take; the text says why."""


class UnseenError(Exception):
    """The link could not be looked at, which says nothing of what it leads to; the text says why."""


class PrivateAddressError(OSError):
    """An address that is not to be connected to."""


class Answer:
    """A server's answer about a file, its body not read yet."""

    def __init__(self, response: aiohttp.ClientResponse, redirects: tuple[str, ...]) -> None:
        self._response = response
        self.status = response.status
        self.url = response.url
        self.redirects = redirects
        self.headers: Mapping[str, str] = response.headers

    @property
    def size(self) -> int | None:
        """The size in bytes of the whole file, None where the server does not tell."""
        if self.status == 206:
            found = _CONTENT_RANGE.match(self.headers.get("Content-Range", ""))
            return int(found[1]) if found else None
        length = self.headers.get("Content-Length", "")
        return int(length) if length.isascii() and length.isdigit() and not self.encoded else None

    @property
    def encoded(self) -> bool:
        """Whether the body is compressed, although that was not asked for."""
        return self.headers.get("Content-Encoding", "identity").lower() not in ("", "identity")

    async def read(self, length: int) -> bytes:
        """Read the next `length` bytes of the body; fewer at its end. Raises UnseenError."""
        data = bytearray()
        try:
            while len(data) < length:
                piece = await self._response.content.read(length - len(data))
                if not piece:
                    break
                data += piece
        except (aiohttp.ClientError, OSError):
            raise UnseenError("the connection ended before the file did") from None
        return bytes(data)


class Web(Struct, frozen=True):
    """A web client that looks at files, `private` ones too if so asked."""

    session: aiohttp.ClientSession
    private: bool

    @classmethod
    def open(cls, *, private: bool, connections: int) -> Self:
        """Make one for the running event loop."""

        def socket_for(address: AddrInfoType) -> socket.socket:
            if not private and not is_public(str(address[4][0])):
                raise PrivateAddressError("leads into a private network")
            return socket.socket(address[0], address[1], address[2])

        connector = aiohttp.TCPConnector(
            limit=connections, resolver=SharedResolver(*_RESOLVERS), socket_factory=socket_for
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return cls(session, private)

    async def close(self) -> None:
        """Close all connections."""
        await self.session.close()

    @asynccontextmanager
    async def ask(
        self, method: str, link: str | URL, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Answer]:
        """Send a request, and further ones where the answer is a redirect.

        Raises NotTakenError and UnseenError.
        """
        url = _url(link)
        redirects: list[str] = []
        while True:
            self._check(url)
            response = await self._request(method, url, headers)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                break
            response.close()
            if len(redirects) == REDIRECTS_MAX:
                raise NotTakenError(f"redirects more than {REDIRECTS_MAX} times, lastly to {url}")
            url = _target(url, location)
            redirects.append(str(url))
        try:
            yield Answer(response, tuple(redirects))
        finally:
            response.close()  # keeps the connection where the body was read to its end

    def _check(self, url: URL) -> None:
        host = url.host or ""
        if self.private:
            return
        if is_loopback(host):
            raise NotTakenError(f"leads to this machine ({host}), which WhatsApp cannot reach")
        try:
            public = is_public(host)
        except ValueError:
            return  # a name
        if not public:
            raise NotTakenError(f"leads into a private network ({host}), which WhatsApp cannot reach")

    async def _request(
        self, method: str, url: URL, headers: Mapping[str, str] | None
    ) -> aiohttp.ClientResponse:
        try:
            return await self.session.request(method, url, headers=headers, allow_redirects=False)
        except aiohttp.ClientConnectorCertificateError:
            raise UnseenError("the server's certificate cannot be verified") from None
        except aiohttp.ClientConnectorDNSError:
            raise UnseenError(f"there is no host {url.host}") from None
        except aiohttp.ClientConnectorError as error:
            raise UnseenError(_of_connecting(error.os_error, url)) from None
        except aiohttp.ClientResponseError:
            raise UnseenError("the answer is no HTTP") from None
        except aiohttp.ServerDisconnectedError:
            raise UnseenError("the server closed the connection without an answer") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnseenError(f"the connection failed ({type(error).__name__})") from None


def _of_connecting(error: OSError, url: URL) -> str:
    if isinstance(error, PrivateAddressError):
        return f"{url.host} is in a private network, seen from here; --media-private looks there too"
    return f"no connection to {url.host} ({error.strerror or error})"


def _url(link: str | URL) -> URL:
    try:
        url = URL(link) if isinstance(link, str) else link
    except ValueError:
        raise NotTakenError("is no link") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise NotTakenError("is no http:// or https:// link")
    return url


def _target(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError:
        raise NotTakenError("redirects to what is no link") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise NotTakenError(f"redirects to a {target.scheme}:// address, which WhatsApp does not follow")
    return target


_RESOLVERS = tuple(Resolver() for _ in range(16))
"""Each looks up one name at a time, and a name server that is silent must not keep all others waiting."""
