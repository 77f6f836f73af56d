"""`wa-bulk`, with leases of a few seconds: what takes half a minute otherwise is tried in a tenth of it."""

from __future__ import annotations

import functools

from wa_bulk.cli import main
from wa_bulk.cluster import role, worker

LEASE_S = 3.0

if __name__ == "__main__":
    role.LEASE_MS = round(LEASE_S * 1000)
    worker.Worker = functools.partial(worker.Worker, lease_s=LEASE_S)  # type: ignore[misc,assignment]
    main()
