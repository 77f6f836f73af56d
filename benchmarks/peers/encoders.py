"""The ways to turn a CSV row into the request's bytes. Each function returns the encoder of one row."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

from benchmarks.messages import Row, message_of, write_campaign

Encode = Callable[[Row], bytes]


def dict_json() -> Encode:
    return lambda row: json.dumps(message_of(row)).encode()


def dict_orjson() -> Encode:
    import orjson

    return lambda row: orjson.dumps(message_of(row))


def dict_msgspec() -> Encode:
    import msgspec

    encode = msgspec.json.Encoder().encode
    return lambda row: encode(message_of(row))


def pydantic() -> Encode:
    from benchmarks.peers.pydantic_models import order_update

    return lambda row: order_update(row).model_dump_json(by_alias=True, exclude_none=True).encode()


def structs() -> Encode:
    from benchmarks.peers.client import order_update
    from wa_bulk.api import encode

    return lambda row: encode(order_update(row))


def validated_structs() -> Encode:
    from benchmarks.peers.client import order_update
    from wa_bulk.api import encode, validate

    return lambda row: encode(validate(order_update(row)))


def compiled() -> Encode:
    from wa_bulk.campaign.file import load
    from wa_bulk.campaign.request.blueprint import compile_campaign

    with tempfile.TemporaryDirectory() as directory:
        file = load(write_campaign(Path(directory), 1))
    columns = list(Row.__annotations__)
    render = compile_campaign(file, columns, "benchmark").render

    def encode(row: Row) -> bytes:
        values = cast(dict[str, str], row).values()
        return render(1, list(values)).payload

    return encode
