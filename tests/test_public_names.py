"""The names users import are a promise: this test is where one is added or taken away knowingly."""

import subprocess
import sys

import pytest

import wa_bulk

PUBLIC = """
Accepted Audio AudioBody Body BodyComponent ButtonComponent Client Component Currency
CurrencyParameter DateTime DateTimeParameter Document DocumentBody DocumentParameter HeaderComponent
Image ImageBody ImageParameter Message Outcome Parameter PayloadParameter SendError Status Sticker
StickerBody Template TemplateBody Text TextBody TextParameter ValidationError Video VideoBody
VideoParameter
""".split()


def test_the_public_names_are_these() -> None:
    assert wa_bulk.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(wa_bulk, name) is not None
    assert name in dir(wa_bulk)


def test_any_other_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        _ = wa_bulk.Klient  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import wa_bulk") == {"wa_bulk"}


def test_a_message_needs_no_network() -> None:
    assert modules_after("from wa_bulk import Message").isdisjoint({"asyncio", "aiohttp", "tenacity"})


def modules_after(statement: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())
