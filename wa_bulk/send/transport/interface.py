"""What every transport is: one request's bytes out, one reply in, or the truth about how far it came.

TransportError
├── NotSent         proven: the API cannot have acted on the request
│   └── BadAddress   and it never will: the server cannot prove who it is
└── MaybeSent       the request was written, and no usable reply followed
"""

import ssl
from typing import Protocol, Self

import msgspec


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An HTTP reply, whatever its status: judging it is the caller's work."""

    status: int
    body: bytes
    retry_after: float | None = None  # seconds from now
    origin: object = None


class TransportError(Exception):
    """No reply; the text says why, and never holds credentials or the payload."""


class NotSent(TransportError):
    """The request did not leave whole: no connection (DNS, refused, TLS), or lost while being written."""


class BadAddress(NotSent):
    """The server's certificate cannot be verified, and will not be the next time either."""

    @classmethod
    def by(cls, host: str, cause: Exception) -> Self:
        """With the reason in words, for a certificate of `host`."""
        fault = (
            cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(cause).__name__
        )
        return cls(f"the certificate of {host} cannot be verified: {fault}")


class MaybeSent(TransportError):
    """Timeout, reset, close or an unreadable reply once the request was written: it may be accepted."""


class Transport(Protocol):
    """The one seam to the network. Never retries, never follows a redirect: the callers decide.

    Cancelling one `post` hurts no other: its connection is discarded.
    """

    @property
    def name(self) -> str:
        """Which transport this is, for settings and logs: "lean" or "aiohttp"."""
        ...

    def ready(self) -> bool:
        """Whether a post would leave now, over a connection that is at hand. True where nobody can know."""
        ...

    async def prepare(self) -> None:
        """Have a connection at hand; raises NotSent."""
        ...

    async def post(self, payload: bytes) -> Reply:
        """Send `payload` as the body of one POST and return the reply; raises NotSent or MaybeSent."""
        ...

    async def close(self) -> None:
        """Refuse new posts, wait for those in flight, then let go of every connection."""
        ...
