"""How a scenario is declared: groups of candidates that do the same work against the same server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.messages import DEV_KEY, DEV_SECRET
from benchmarks.process import Finished
from benchmarks.servers.certificate import Certificate
from benchmarks.servers.running import ServerNeed

Reading = Mapping[str, float]
"""One sample: what was measured of one run of a candidate, by the keys of the group's columns."""


class PrepareError(RuntimeError):
    """The input of a group could not be made."""


class ReadingError(RuntimeError):
    """A process failed, or did not report what it should."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a candidate is given: where its server is, where files may be put, and how much time there is."""

    directory: Path
    port: int
    tls: bool
    quick: bool
    certificate: Certificate | None
    client_core: int | None
    server_core: int | None

    @property
    def base_url(self) -> str:
        scheme, host = ("https", "localhost") if self.tls else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.base_url}/v1/messages"

    @property
    def environment(self) -> dict[str, str]:
        """The settings a candidate runs with: an account and, with TLS, our own authority to trust."""
        environment = {
            "WA_BULK_DEV_KEY": DEV_KEY,
            "WA_BULK_DEV_SECRET": DEV_SECRET,
            "WA_BULK_DB": str(self.directory / "memory.db"),
        }
        if self.certificate:
            authority = str(self.certificate.authority)
            environment |= {"SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}
        return environment

    @property
    def arrivals(self) -> Path:
        return self.directory / "arrivals"

    def pick(self, quick: int, full: int) -> int:
        """Return the amount of work for this run."""
        return quick if self.quick else full


Read = Callable[[Finished, Stage], Reading]
Command = Callable[[Stage], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A measured value: its key in a Reading, its heading with the unit, and the decimals worth printing."""

    key: str
    heading: str
    decimals: int = 0


PER_S = Column(key="per_s", heading="messages/s")
CPU_US = Column(key="cpu_us", heading="CPU µs each", decimals=1)
PEAK_RSS_MB = Column(key="peak_rss_mb", heading="peak RSS MB", decimals=1)
SERVER_BUSY = Column(key="server_busy_pct", heading="server busy %")
SENDING_COLUMNS = (PER_S, CPU_US, PEAK_RSS_MB, SERVER_BUSY)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One way to do a group's work, as a process.

    `before` makes ready for each run; `server` is for a candidate whose server is not its group's.
    `needs` are modules or programs without which it is listed as not installed; `install` says how to get
    them. `ours` marks wa_bulk.
    """

    name: str
    command: Command
    read: Read
    before: Callable[[Stage], None] | None = None
    server: ServerNeed | None = None
    needs: tuple[str, ...] = ()
    ours: bool = False
    install: str = "pip install wa-bulk[bench]"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Candidates measured in alternation; each line's ratio is its first column against `reference`.

    Every sample gets a freshly started server. `prepare` runs once, with a server up. `rounds` is for a group
    whose samples take too long for as many as its scenario has.
    """

    name: str
    columns: tuple[Column, ...]
    reference: str
    candidates: tuple[Candidate, ...]
    server: ServerNeed | None = None
    prepare: Callable[[Stage], None] | None = None
    observe: bool = False
    timeout_s: float = 300.0
    rounds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question, its groups, and how often each candidate is measured."""

    name: str
    question: str
    groups: tuple[Group, ...]
    rounds: int = 5
    quick_rounds: int = 3
    note: str = ""
