"""HTTP/1.1 request framing by Content-Length, and nothing more."""

HEAD_END = b"\r\n\r\n"
REMEMBERED_HEADS = 1024
LONGEST_REQUEST = 1 << 20


class BadRequestError(ValueError):
    """The peer sent something this server cannot frame."""


class Framing:
    """Counts whole requests in a byte stream.

    A client repeats its request head almost to the byte, so the length found in a head is remembered
    under the head itself: the common request costs two searches and no parsing.
    """

    def __init__(self) -> None:
        self._body_lengths: dict[bytes, int] = {}

    def split(self, data: bytes) -> tuple[int, bytes]:
        """Return how many whole requests `data` starts with, and the bytes after the last of them."""
        whole = start = 0
        while True:
            head_end = data.find(HEAD_END, start)
            if head_end < 0:
                break
            head = data[start:head_end]
            body_length = self._body_lengths.get(head)
            if body_length is None:
                body_length = self._remember(head)
            end = head_end + len(HEAD_END) + body_length
            if end > len(data):
                break
            whole += 1
            start = end
        rest = data[start:]
        if len(rest) > LONGEST_REQUEST:
            raise BadRequestError(f"request longer than {LONGEST_REQUEST} bytes")
        return whole, rest

    def _remember(self, head: bytes) -> int:
        if len(self._body_lengths) >= REMEMBERED_HEADS:
            self._body_lengths.clear()
        body_length = self._body_lengths[head] = content_length(head)
        return body_length


def content_length(head: bytes) -> int:
    """Return the body length a request head announces, 0 without one; BadRequestError if it is unusable."""
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        match name.strip().lower():
            case b"content-length":
                if not value.strip().isdigit():
                    raise BadRequestError("Content-Length is not a number")
                length = int(value)
            case b"transfer-encoding":
                raise BadRequestError("only Content-Length framing is understood")
    return length
