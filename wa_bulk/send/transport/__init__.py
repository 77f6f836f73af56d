"""The one seam to the network: `await transport.post(payload)`."""

from .base import MaybeSent, NotSent, Reply, Transport, TransportError

__all__ = ["MaybeSent", "NotSent", "Reply", "Transport", "TransportError"]
