"""One keep-alive HTTP/1.1 connection: a request goes out, and whatever comes back is judged."""

import asyncio
import select
from collections.abc import Callable
from time import monotonic
from typing import Protocol, cast

import httptools

from .interface import MaybeSent, NotSent, Reply
from .limits import IDLE_MAX, MAX_HEAD, MAX_REPLY
from .reply_head import ReplyHead, keep_alive_seconds, retry_after_seconds

READ_MAX = 64 * 1024  # bytes


class Owner(Protocol):
    """What a connection needs of the pool it belongs to.

    `usual` is how the last ordinary reply began, its whole head, and how many bytes it had in all.
    """

    usual: tuple[bytes, int]

    def release(self, connection: "Connection") -> None:
        """Take back a connection whose request has been answered."""

    def forget(self, connection: "Connection") -> None:
        """Never give this connection out again."""

    def lost(self, connection: "Connection") -> None:
        """The connection is closed: another may be made in its place."""


class Connection(asyncio.Protocol):
    """Carries one request at a time for the pool that owns it.

    `reply` is the post now waiting, None while idle. Bytes that come while nobody waits, and bytes behind a
    reply, end the connection, but for empty lines: in HTTP/1.1 nothing else keeps a late reply from answering
    the next request.
    """

    __slots__ = (
        "_body",
        "_feed",
        "_head_read",
        "_owner",
        "_received",
        "_should_keep_alive",
        "_status_code",
        "_transport",
        "_unwritten",
        "idle_max",
        "is_closing",
        "made",
        "open",
        "reply",
        "started",
        "write",
    )

    write: Callable[[bytes], None]
    is_closing: Callable[[], bool]

    def __init__(self, owner: Owner) -> None:
        parser = httptools.HttpResponseParser(self)
        self._feed = parser.feed_data
        self._status_code = parser.get_status_code
        self._should_keep_alive = parser.should_keep_alive
        self._owner = owner
        self._body: bytes | bytearray = b""
        self._received: bytes | bytearray = b""  # all of the reply so far, as it came
        self._unwritten = False  # part of the request is still in our own buffer
        self._head_read = False  # a reply's headers were looked at: servers repeat theirs
        self.idle_max = IDLE_MAX  # seconds after `started` when the server may soon close it
        self.made = False  # it has been open
        self.open = False
        self.reply: asyncio.Future[Reply] | None = None
        self.started = monotonic()  # when the last request was, or before it when the connection was

    # -- the stream -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Whatever the kernel does not take at once pauses writing: so "not wholly sent" is known for certain.
        self._transport.set_write_buffer_limits(high=0)
        # The standard loop allocates this much (256 KiB by itself) to read each reply: half its time here.
        if getattr(transport, "max_size", 0) > READ_MAX:
            transport.max_size = READ_MAX  # type: ignore[attr-defined]
        self.write = self._transport.write
        self.is_closing = self._transport.is_closing
        self.made = self.open = True

    async def ready(self) -> None:
        """Return once requests can be written; raises OSError if that will never be."""

    def pause_writing(self) -> None:
        self._unwritten = True

    def resume_writing(self) -> None:
        self._unwritten = False

    def data_received(self, data: bytes) -> None:
        reply = self.reply
        if reply is None:
            if data.strip(b"\r\n"):  # the parser passes over empty lines between replies
                self.discard()
            return
        if not self._received:
            head, length = self._owner.usual
            if len(data) == length and data.startswith(head) and self._head_read and not self._unwritten:
                self.reply = None
                self._owner.release(self)
                if not reply.done():
                    reply.set_result(Reply(200, data[len(head) :]))
                return
            self._received = data
        else:
            self._received = bytearray(self._received) if type(self._received) is bytes else self._received
            self._received += data
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.fail("the server sent something that is not HTTP", error)
        if len(self._received) > MAX_HEAD:
            self._bound()

    def eof_received(self) -> None:
        self.ended()

    def connection_lost(self, error: Exception | None) -> None:
        self.fail("connection lost" if error is None else f"connection lost ({words(error)})", error)
        self._owner.lost(self)
        # The parser, and through TLS this object itself, would otherwise be garbage in a circle.
        del self._feed, self._status_code, self._should_keep_alive, self.write

    # -- the parser -----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.reply is None:
            raise ValueError("bytes behind the reply")

    def on_body(self, chunk: bytes) -> None:
        if not self._body:
            self._body = chunk
        else:
            self._body = bytearray(self._body) if type(self._body) is bytes else self._body
            self._body += chunk

    def on_message_complete(self) -> None:
        status = self._status_code()
        if status >= 200:
            reusable = self._should_keep_alive() and not self._unwritten
            if reusable and status == 200:
                self._remember()
            self._answer(status, reusable)

    def _remember(self) -> None:
        """Keep the head of a reply that came at once and whole, its length given: what begins with the very
        same bytes need not be parsed to be known for the same."""
        reply, body = self._received, self._body
        if body and type(reply) is bytes and reply.find(b"\r\n\r\n") + 4 == len(reply) - len(body):
            self._owner.usual = reply[: -len(body)], len(reply)

    # -- judging --------------------------------------------------------------------------------------

    def _answer(self, status: int, reusable: bool) -> None:
        """Give the post its reply. What may follow in the same bytes still ends the connection."""
        reply = self.reply
        assert reply is not None
        retry_after = None
        if status >= 300 or not self._head_read:
            fields = ReplyHead(self._received).fields
            retry_after = retry_after_seconds(fields)
            self.idle_max = min(IDLE_MAX, keep_alive_seconds(fields) - 1.0)
            self._head_read = True
        body = self._body
        self.reply = None
        self._body = self._received = b""
        if reusable:
            self._owner.release(self)
        else:
            self.discard()
        if not reply.done():
            reply.set_result(Reply(status, body if type(body) is bytes else bytes(body), retry_after))

    def _bound(self) -> None:
        if len(self._received) > MAX_REPLY:
            self.fail(f"the reply is longer than {MAX_REPLY} bytes")
        elif not self._body and b"\r\n\r\n" not in self._received:
            self.fail(f"the head of the reply is longer than {MAX_HEAD} bytes")

    def ended(self, whole: bool = True) -> None:
        """The stream is over; not `whole` where it may have been cut (TLS tells)."""
        if self.reply is not None and whole and ReplyHead(self._received).ends_at_close:
            self._answer(self._status_code(), reusable=False)
        else:
            self.fail("connection closed by the server")

    def fail(self, why: str, cause: BaseException | None = None) -> None:
        """Give up on the connection, and tell the post waiting on it, if any, how far its request came."""
        reply, self.reply = self.reply, None
        unwritten = self._unwritten
        self.discard()
        if reply is not None and not reply.done():
            if unwritten:
                error: NotSent | MaybeSent = NotSent(f"{why} before the request was wholly written")
            else:
                error = MaybeSent(f"{why} after the request was written")
            error.__cause__ = cause
            reply.set_exception(error)

    def abandon(self, reply: asyncio.Future[Reply]) -> None:
        """The post behind `reply` was cancelled."""
        if self.reply is reply:
            self.reply = None
            self.discard()
        elif not reply.cancelled():
            reply.exception()  # nobody else will look at it

    def quiet(self) -> bool:
        """Whether nothing waits to be read, not even the end of the stream."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def discard(self) -> None:
        """Close the connection, without waiting for bytes that the kernel has not taken."""
        if self.open:
            self.open = False
            self._owner.forget(self)
            self.farewell()
            if self._transport.get_write_buffer_size():
                self._transport.abort()
            else:
                self._transport.close()

    def farewell(self) -> None:
        """Say whatever the protocol beneath HTTP says at the end."""


def words(error: BaseException) -> str:
    """The reason in `error`, never empty."""
    return str(error) or type(error).__name__
