"""A certificate authority of our own, for TLS over loopback."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """PEM files: `chain` (key and certificate of localhost) for servers, `authority` for clients to trust."""

    chain: Path
    authority: Path


def make_certificate(directory: Path) -> Certificate:
    """Write a fresh authority and a `localhost` certificate into `directory`; needs the `trustme` package."""
    import trustme

    certificate = Certificate(directory / "localhost.pem", directory / "authority.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(certificate.authority))
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(certificate.chain)
    )
    return certificate
