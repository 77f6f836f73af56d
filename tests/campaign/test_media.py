"""The media of a campaign: each distinct link is looked at once, and judged where it is used."""

from pathlib import Path

import pytest_asyncio

from tests.media import files
from tests.media.campaigns import IMAGE
from tests.media.web_server import MediaServer, media_server
from wa_bulk.campaign.media import MediaFindings, look_at_media
from wa_bulk.media import MediaChecker

HEADER = """
name = "terms"
recipients = "orders.csv"
[message]
to = "{phone}"
[message.body]
type = "template"
[message.body.template]
name = "terms"
language = "en"
[[message.body.template.components]]
type = "header"
parameters = [{ type = "document", document = { %s } }]
"""


@pytest_asyncio.fixture(name="server")
async def _server():  # type: ignore[no-untyped-def]
    async with media_server() as running:
        yield running


async def look(folder: Path, campaign: str, rows: str, *, every_row: bool = False) -> MediaFindings:
    (folder / "c.toml").write_text(campaign)
    (folder / "orders.csv").write_text("phone,pic\n" + rows)
    async with MediaChecker(private=True) as checker:
        return await look_at_media(folder / "c.toml", checker, every_row=every_row)


async def test_a_fixed_link_is_looked_at_once(server: MediaServer, tmp_path: Path) -> None:
    link = server.put("/a", files.webp(), "image/webp")
    found = await look(tmp_path, IMAGE % link, "+447911123456,x\n+447911123457,y\n")
    assert (found.links, found.problems) == (1, 1)
    assert {(f.status, f.row, f.link, f.field) for f in found.findings} == {
        ("problem", None, link, "body.image")
    }
    assert server.asked == {("HEAD", "/a"): 1, ("GET", "/a"): 1}


async def test_links_of_rows_are_judged_by_their_row(server: MediaServer, tmp_path: Path) -> None:
    for name, content, kind in (("a", files.jpeg(), "image/jpeg"), ("b", files.PAGE, "text/html")):
        server.put(f"/{name}", content, kind)
    rows = "+447911123456,a\n+447911123457,b\n+447911123458,b\nnonsense,c\n+447911123459,gone\n"
    campaign = IMAGE % (server.url + "/{pic}")

    assert (await look(tmp_path, campaign, rows)).links == 0
    found = await look(tmp_path, campaign, rows, every_row=True)

    assert (found.links, found.problems, found.unseen) == (3, 2, 0)
    assert {(f.row, f.line, tuple(f.columns)) for f in found.findings} == {(2, 3, ("pic",)), (5, 6, ("pic",))}
    assert server.asked["HEAD", "/b"] == 1
    assert server.asked["HEAD", "/c"] == 0


async def test_a_header_takes_pdf_only_and_an_id_cannot_be_looked_at(
    server: MediaServer, tmp_path: Path
) -> None:
    link = server.put("/terms", files.DOCX, "application/pdf")
    found = await look(tmp_path, HEADER % f'link = "{link}"', "+447911123456,x\n")
    assert found.findings[0].text == (
        "is application/zip by its content; expected application/pdf for a template's header"
    )
    found = await look(tmp_path, HEADER % 'id = "123"', "+447911123456,x\n")
    assert (found.links, found.unseen) == (0, 1)
    assert found.findings[0].text == "is given by its id, and cannot be looked at"
