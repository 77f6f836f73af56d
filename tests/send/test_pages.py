"""The pages on the Python API: every block of Python runs, in order, against the sandbox."""

import ast
import inspect
import re
from pathlib import Path
from types import CodeType

import pytest

import wa_bulk
import wa_bulk.api
from tests.cluster.redis_server import RedisServer
from wa_bulk.sandbox import Sandbox
from wa_bulk.send.client import Client, Settings

DOCS = Path(__file__).parents[2] / "docs"
PRINTED = {
    "service.md": [
        "taken, as ",
        "pointless to send again: rejected, HTTP 400, code 3002",
        "may have been taken: unknown",
        "Counter({'accepted': 100})",
        "accepted",
        "unknown: the transport was closed after the request was written",
        "skipped: wrote STOP",
        "APPROVED",
    ],
    "api.md": ["body.text.body | is empty | expected 1 to 4096", "did you mean 'en_US'?", "recipient"],
}


def blocks(page: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def compiled(source: str, name: str) -> CodeType:
    code = compile(source, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    return code


@pytest.mark.parametrize("page", PRINTED)
async def test_every_block_runs(
    page: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    redis_server: RedisServer,
) -> None:
    names: dict[str, object] = {"__name__": "page"}
    async with Sandbox() as sandbox:
        monkeypatch.setenv("WA_BULK_DEV_KEY", sandbox.key)
        monkeypatch.setenv("WA_BULK_DEV_SECRET", sandbox.secret)
        monkeypatch.setenv("WA_BULK_BASE_URL", sandbox.url)
        monkeypatch.setenv("WA_BULK_REDIS", redis_server.url)
        # The page has a number that is never answered: nobody waits half a minute for that here.
        init = Client.__init__
        monkeypatch.setattr(Client, "__init__", lambda self, *a, **k: init(self, *a, **{"timeout": 1.0, **k}))
        for i, block in enumerate(blocks(page)):
            result = eval(compiled(block, f"{page}, block {i + 1}"), names)
            if inspect.isawaitable(result):
                await result
    printed = capsys.readouterr().out
    for words in PRINTED[page]:
        assert words in printed


@pytest.mark.parametrize("name", sorted({*wa_bulk.__all__, *wa_bulk.api.__all__}))
def test_every_public_name_has_its_place(name: str) -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", text)


@pytest.mark.parametrize("setting", Settings.__annotations__)
def test_every_setting_of_the_client_is_told(setting: str) -> None:
    assert f"`{setting}`" in (DOCS / "service.md").read_text(encoding="utf-8")
    assert setting in inspect.signature(Client).parameters
