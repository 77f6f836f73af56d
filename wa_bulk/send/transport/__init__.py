"""The one seam to the network: `await transport.post(payload)`."""

from .factory import TransportName, make_transport
from .interface import BadAddress, MaybeSent, NotSent, Reply, Transport, TransportError, Unusable

__all__ = [
    "BadAddress",
    "MaybeSent",
    "NotSent",
    "Reply",
    "Transport",
    "TransportError",
    "TransportName",
    "Unusable",
    "make_transport",
]
