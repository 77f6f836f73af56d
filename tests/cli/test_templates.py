"""`wa-bulk templates`: against the sandbox, and against servers that are unlike it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Folder
from tests.cli.vendor import Answer, Query, listed, listing, vendor
from wa_bulk.cli import exits, template_review
from wa_bulk.sandbox import Review, Sandbox, SandboxSettings

OFFER: dict[str, Any] = {
    "name": "offer",
    "language": "en",
    "category": "MARKETING",
    "components": [
        {"type": "BODY", "text": "Hello {{1}}, save {{2}}.", "example": {"body_text": [["Ada", "10 %"]]}},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Shop", "url": "https://example.com/{{1}}"}]},
    ],
}


@pytest.fixture
def fresh(folder: Folder) -> Any:
    """A folder whose account is a sandbox of its own."""
    with Sandbox() as sandbox:
        folder.environment["WA_BULK_BASE_URL"] = sandbox.url
        yield folder


def run(folder: Folder, *arguments: str | Path, **environment: str) -> Result:
    return folder.run("templates", *arguments, **environment)


def write(folder: Folder, definition: object, name: str = "offer.json") -> str:
    (folder.path / name).write_text(json.dumps(definition), encoding="utf-8")
    return name


class TestSandbox:
    def test_the_list_has_names_languages_categories_statuses_and_variables(self, folder: Folder) -> None:
        lines = run(folder, "list").stdout.splitlines()
        assert lines[0].split() == ["NAME", "LANGUAGE", "CATEGORY", "STATUS", "VARIABLES"]
        assert lines[1:] == sorted(lines[1:])
        (photo,) = (line for line in lines if line.startswith("parcel_photo"))
        assert photo.split(maxsplit=4) == [
            *("parcel_photo", "en", "UTILITY", "APPROVED"),
            "header image, body 1, button 1",
        ]
        paused = run(folder, "list", "--status", "paused")
        assert ("paused_offer" in paused.stdout, paused.stderr) == (True, "1 template\n")
        assert "No template has 'zzz'" in run(folder, "list", "zzz").stderr

    def test_json_is_what_the_api_gives_one_a_line(self, folder: Folder) -> None:
        lines = run(folder, "list", "code", "--json").stdout.splitlines()
        assert [json.loads(line)["language"] for line in lines] == ["zh_CN", "en"]
        (one,) = run(folder, "show", "code", "--language", "en", "--json").stdout.splitlines()
        assert json.loads(one)["components"][0]["text"] == "Your code is {{1}}. Do not share it with anyone."

    def test_it_is_shown_as_on_the_phone(self, folder: Folder) -> None:
        text = run(folder, "show", "appointment_reminder").stdout
        for part in (
            "appointment_reminder  en  UTILITY  APPROVED",
            "Your visit on Friday",
            "Dear Ada, we expect you on Friday, 3:30 pm.",
            "Reply to change it",
            "Yes, I will come",
            "body {{2}}    such as Friday, 3:30 pm",
        ):
            assert part in text
        assert run(folder, "show", "order_update").stdout.count("order_update  ") == 14

    def test_what_is_not_there_is_told_with_what_comes_near(self, folder: Folder) -> None:
        name = run(folder, "show", "ordr_update")
        assert name.exit_code == exits.NOTHING_SENT
        assert "no template ordr_update" in name.stderr
        assert "Did you mean order_update?" in name.stderr
        language = run(folder, "show", "order_update", "--language", "pt-PT")
        assert "does not exist in language pt-PT" in language.stderr
        assert "Did you mean pt_BR?" in language.stderr

    def test_created_changed_pulled_and_deleted(self, fresh: Folder) -> None:
        created = run(fresh, "create", write(fresh, OFFER))
        assert created.exit_code == exits.FINISHED, created.stderr
        assert created.stderr == "offer (en) created\noffer (en) is APPROVED\n"
        assert run(fresh, "show", "offer").stdout.startswith(
            f"offer  en  MARKETING  APPROVED  id {created.stdout}"
        )

        pulled = run(fresh, "pull", "kept")
        assert "27 templates in kept: 27 new, 0 changed, 0 as before" in pulled.stderr
        file = fresh.path / "kept" / "offer.en.json"
        assert json.loads(file.read_bytes()) == OFFER
        before = file.read_bytes()
        assert "0 new, 0 changed, 27 as before" in run(fresh, "pull", "kept").stderr
        assert (next(iter(json.loads(before))), file.read_bytes()) == ("name", before)

        changed = write(
            fresh, {**json.loads(before), "id": "1", "components": [{"type": "BODY", "text": "Hi"}]}
        )
        assert run(fresh, "update", changed).exit_code == exits.FINISHED
        assert "0 new, 1 changed, 26 as before" in run(fresh, "pull", "kept").stderr
        assert json.loads(file.read_bytes())["components"] == [{"type": "BODY", "text": "Hi"}]

        asked = run(fresh, "delete", "order_update")
        assert asked.exit_code == exits.NOTHING_SENT
        assert "in every language, not in one alone (14 languages: ar, de, en," in asked.stderr
        assert "Add --yes" in asked.stderr
        assert run(fresh, "delete", "order_update", "--yes").exit_code == exits.FINISHED
        assert run(fresh, "list", "order_update").stdout == ""
        left = run(fresh, "pull", "kept")
        assert "left alone: order_update.ar.json, " in left.stderr
        assert (fresh.path / "kept" / "order_update.ar.json").exists()

    def test_the_review_is_waited_for(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(template_review, "_FIRST_PAUSE_S", 0.01)
        review = Review(mode="after", seconds=0.2)
        with Sandbox(settings=SandboxSettings(review=review)) as sandbox:
            result = run(folder, "create", write(folder, OFFER), "--wait", WA_BULK_BASE_URL=sandbox.url)
        assert result.exit_code == exits.FINISHED
        assert "In review" in result.stderr
        assert result.stderr.endswith("offer (en) is APPROVED\n")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"category": "PROMO"}, ", category: is 'PROMO'; expected AUTHENTICATION, MARKETING, UTILITY"),
            ({"components": []}, ", components: has no BODY"),
            (
                {"components": [{"type": "BODY", "text": "{{2}}"}]},
                ", components[0].text: has the variables [2]",
            ),
            (
                {"components": [{"type": "BODI", "text": "x"}]},
                ", components[0].type: is 'BODI'; expected",
            ),
            (
                {"components": [{"type": "body", "text": "x", "exmple": {}}]},
                ", components[0].exmple: is an unknown key; did you mean 'example'?",
            ),
            (
                {"components": [{"type": "BUTTONS", "buttons": [{"type": "URL", "txt": "x", "text": "x"}]}]},
                ", components[0].buttons[0].txt: is an unknown key; did you mean 'text'?",
            ),
            ({"name": "Offer!"}, ", name: is 'Offer!'; expected"),
        ],
    )
    def test_a_file_that_breaks_a_rule_is_not_sent(self, folder: Folder, change: object, words: str) -> None:
        assert isinstance(change, dict)
        for verb in ("create", "update"):
            result = run(folder, verb, write(folder, {**OFFER, **change}))
            assert result.exit_code == exits.NOTHING_SENT
            assert f"offer.json{words}" in result.stderr
            assert "Nothing was sent." in result.stderr

    @pytest.mark.parametrize("text", ["", "[1, 2]", "3", "{", "\xff"])
    def test_a_file_that_is_no_definition_is_told(self, folder: Folder, text: str) -> None:
        (folder.path / "x.json").write_bytes(text.encode("latin-1"))
        result = run(folder, "create", "x.json")
        assert result.exit_code == exits.NOTHING_SENT
        assert "Error: x.json: is " in result.stderr


def error(status: int, body: object) -> Answer:
    return lambda *_: (status, body)


class TestTrouble:
    @pytest.mark.parametrize(
        ("status", "body", "words"),
        [
            (401, {"code": 2001, "message": "who?"}, "Check WA_BULK_DEV_KEY"),
            (400, {"code": 2003, "message": "no"}, "ask EngageLab's support"),
            (403, {"code": 2004, "message": "no"}, "allow it in EngageLab's console"),
            (403, "<html>", "allow it in EngageLab's console"),
            (404, "<html>", "is it the API's address"),
            (429, "", "wait a minute"),
            (502, "<html>", "The server is in trouble"),
            (200, "<html>", "the reply is not JSON"),
            (200, {"data": []}, "expected a list of templates"),
            (200, [{"no": "name"}], "a template is an object with a name"),
        ],
    )
    def test_a_list_that_is_refused_or_unreadable(
        self, folder: Folder, status: int, body: object, words: str
    ) -> None:
        with vendor(error(status, body)) as url:
            for arguments in (("list",), ("show", "offer"), ("delete", "offer", "--yes"), ("pull", "kept")):
                result = run(folder, *arguments, "--base-url", url)
                assert result.exit_code == exits.NOTHING_SENT
                assert words in result.stderr

    def test_the_accounts_words_do_not_steer_the_terminal(self, folder: Folder) -> None:
        odd = "\x1b[31m\x9b2J\u202e\x07"
        offer = {**OFFER, "language": f"en{odd}", "status": odd, "id": odd, "reason": odd}
        listed = [offer, {**offer, "name": odd, "status": "APPROVED"}]
        created = {"template_id": odd, **offer}
        for body, commands in (
            (listed, (("list",), ("list", "--json"), ("show", "offer"), ("show", "offer", "--json"))),
            (created, (("create", write(folder, OFFER)),)),
        ):
            with vendor(error(200, body)) as url:
                shown = [run(folder, *command, "--base-url", url) for command in commands]
                shown.append(folder.run("init", "orders.csv", "--base-url", url, WA_BULK_BASE_URL=url))
            for result in shown:
                assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(result.output), result.output

    def test_what_meta_refuses_is_metas_word(self, folder: Folder) -> None:
        result = run(folder, "create", write(folder, {**OFFER, "name": "refuse_me_now"}))
        assert result.exit_code == exits.NOTHING_SENT
        assert "code 5002" in result.stderr
        assert "Meta's own word" in result.stderr

    def test_a_creation_without_an_answer_is_in_doubt(self, folder: Folder) -> None:
        with vendor(error(504, "<html>")) as url:
            result = run(folder, "create", write(folder, OFFER), "--base-url", url)
        assert result.exit_code == exits.NOT_ALL_ACCEPTED
        assert "It may have been done all the same" in result.stderr

    def test_no_network_and_no_credentials(self, folder: Folder) -> None:
        away = run(folder, "list", "--base-url", "http://127.0.0.1:9")
        assert "no connection" in away.stderr
        assert "Is there a network" in away.stderr
        nobody = folder.run("templates", "list", WA_BULK_DEV_KEY=None)
        assert "WA_BULK_DEV_KEY is not set" in nobody.stderr

    def test_a_review_that_is_lost_or_refused(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(template_review, "_FIRST_PAUSE_S", 0.001)
        answers: list[tuple[int, object]] = [
            (200, {"template_id": 7}),
            (502, ""),
            (200, listed("offer", status="PENDING")),
            (503, ""),
            (200, listed("offer", status="REJECTED", rejected_reason="PROMOTIONAL")),
        ]
        with vendor(lambda *_: answers.pop(0)) as url:
            result = run(folder, "create", write(folder, OFFER), "--wait", "--base-url", url)
        assert result.exit_code == exits.NOT_ALL_ACCEPTED
        assert result.stderr.endswith("offer (en) is REJECTED, PROMOTIONAL\n")

    def test_names_that_no_file_may_have_are_spelt_out(self, folder: Folder) -> None:
        odd = [
            listed("../../etc/passwd"),
            listed("a" * 400, "en"),
            listed("a" * 400, "de"),
            listed("x", "en_US"),
            listed("x", "EN_us"),
            listed("CON\n\x1b[1m", "日本"),
        ]
        with vendor(listing(*odd)) as url:
            shown = run(folder, "list", "--base-url", url)
            assert "\x1b" not in shown.stdout
            assert run(folder, "pull", "kept", "--base-url", url).exit_code == exits.FINISHED
            again = run(folder, "pull", "kept", "--base-url", url)
        assert "0 new, 0 changed, 6 as before" in again.stderr
        names = sorted(path.name for path in (folder.path / "kept").iterdir())
        assert len({name.casefold() for name in names}) == 6
        assert "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd.en.json" in names
        assert max(map(len, names)) < 255

    def test_one_that_is_not_known_in_part_is_shown_all_the_same(self, folder: Folder) -> None:
        odd = listed(
            "otp",
            "en",
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "text": "Copy"}]},
            status="LIMIT_EXCEEDED",
        )
        with vendor(listing(odd)) as url:
            shown = run(folder, "show", "otp", "--base-url", url)
            rows = run(folder, "list", "--base-url", url)
        assert "LIMIT_EXCEEDED" in shown.stdout
        assert "[buttons]" in shown.stdout
        assert "body (not known here), buttons (not known here)" in rows.stdout

    def test_a_server_that_cuts_its_lists_is_not_believed_on_absence(self, folder: Folder) -> None:
        asked: list[Query] = []
        templates = listing(*(listed("offer", f"e{n}") for n in range(30)), listed("offer", "fr"), first=20)

        def answer(method: str, path: str, query: Query) -> tuple[int, object]:
            asked.append(query)
            return templates(method, path, query)

        with vendor(answer) as url:
            french = run(folder, "show", "offer", "--language", "fr", "--base-url", url)
            assert french.exit_code == exits.FINISHED
            assert asked == [{"name": "offer"}, {"name": "offer", "language_code": "fr"}]
            deleted = run(folder, "delete", "offer", "--base-url", url)
        assert "at least 20 languages" in deleted.stderr
