"""Functions written as text for one kind of struct, or for one campaign, and compiled.

What every message passes through must not ask again what is known beforehand: which fields there are, which
rules they have. Spelling that out as a function takes half the time of a loop over it. Two places do so,
`wa_bulk.api.fast_validate` and `wa_bulk.campaign.request.fast_render`; each shows a sample of its text.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

_serial = count(1)


def compile_function(name: str, lines: Sequence[str], given: Mapping[str, object]) -> Any:
    """Compile `lines`, which define the function `name`, with the names that they are `given`.

    Only names and numbers of our own may be in the text; whatever a user wrote is to be given as an
    object. Tracebacks show the text.
    """
    text = "\n".join(lines) + "\n"
    file_name = f"<wa_bulk {name} {next(_serial)}>"
    linecache.cache[file_name] = (len(text), None, text.splitlines(keepends=True), file_name)
    namespace = dict(given)
    exec(compile(text, file_name, "exec"), namespace)
    return namespace[name]
