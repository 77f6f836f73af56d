"""The scenarios, one a file; each file declares its SCENARIO."""

from benchmarks.model import Scenario
from benchmarks.scenarios import (
    callbacks,
    campaign,
    client,
    cluster,
    encode,
    latency,
    memory,
    pacing,
    resume,
    server,
    service,
    startup,
    transport,
)

MODULES = (
    server,
    encode,
    transport,
    client,
    campaign,
    pacing,
    latency,
    service,
    memory,
    resume,
    callbacks,
    cluster,
    startup,
)

SCENARIOS: dict[str, Scenario] = {module.SCENARIO.name: module.SCENARIO for module in MODULES}
"""By name, in the order they are run."""
