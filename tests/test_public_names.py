"""The names users import are a promise: this test is where one is added or removed knowingly."""

import subprocess
import sys

import pytest

import wa_bulk
import wa_bulk.api

PUBLIC = """
Accepted ApiError Audio AudioBody Body BodyComponent ButtonComponent Client Component Currency
CurrencyParameter DateTime DateTimeParameter Document DocumentBody DocumentParameter HeaderComponent
Image ImageBody ImageParameter MediaReport Message Outcome Parameter PayloadParameter QuickReply SendError
Status Sticker StickerBody Suppression Template TemplateBody Text TextBody TextParameter UrlSuffix
ValidationError Video VideoBody VideoParameter __version__ check_media
""".split()


def test_the_public_names_are_these() -> None:
    assert wa_bulk.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(wa_bulk, name) is not None
    assert name in dir(wa_bulk)


CONTRACT = """
BodyDefinition BodyExample Button ButtonsDefinition CallbackBatch CallbackRow ERROR_CODES ErrorCode
ErrorDetail ErrorReply FooterDefinition HeaderDefinition HeaderExample LANGUAGES Loss META_ERRORS
MetaError NotificationReport ResponseReport SendReply StatusData StatusReport TemplateDefinition
TemplateUpdate decode e164 encode nearest_language validate warnings
""".split()


def test_the_names_of_the_contract_are_these_and_the_public_ones() -> None:
    elsewhere = {
        "Accepted",
        "ApiError",
        "Client",
        "MediaReport",
        "Outcome",
        "SendError",
        "Status",
        "Suppression",
        "__version__",
        "check_media",
    }
    assert set(wa_bulk.api.__all__) == set(CONTRACT) | (set(PUBLIC) - elsewhere)


@pytest.mark.parametrize("name", CONTRACT)
def test_each_name_of_the_contract_is_there(name: str) -> None:
    assert getattr(wa_bulk.api, name) is not None
    assert name in dir(wa_bulk.api)
    with pytest.raises(AttributeError, match=f"no attribute '{name}_'"):
        getattr(wa_bulk.api, f"{name}_")


def test_any_other_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        _ = wa_bulk.Klient  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import wa_bulk") == {"wa_bulk"}


def test_a_message_needs_no_network() -> None:
    assert modules_after("from wa_bulk import Message").isdisjoint({"asyncio", "aiohttp", "tenacity"})


def test_callbacks_and_template_management_cost_nothing_until_used() -> None:
    loaded = modules_after("from wa_bulk.api import Message")
    assert loaded.isdisjoint({"wa_bulk.api.callbacks", "wa_bulk.api.template_definition"})
    assert "wa_bulk.api.callbacks" in modules_after("from wa_bulk.api import CallbackRow")


def modules_after(statement: str) -> set[str]:
    script = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())
