"""A sandbox that looks at media fails what WhatsApp would not take."""

from tests.media import files
from tests.media.web_server import MediaServer
from wa_bulk import Client, Message
from wa_bulk.media import MediaChecker
from wa_bulk.media.message_media import MessageMedia
from wa_bulk.sandbox import Delivery, Sandbox, SandboxSettings

TO = "+447911123456"
AT_ONCE = SandboxSettings(delivery=Delivery(sent_after_s=0, delivered_after_s=0, read_after_s=0))


async def test_a_sandbox_with_media(server: MediaServer) -> None:
    good = server.put("/good", files.jpeg(), "image/jpeg")
    bad = server.put("/bad", files.webp(), "image/webp")
    async with (
        MediaChecker(private=True) as checker,
        Sandbox(AT_ONCE, MessageMedia(checker).problem) as sandbox,
        Client(sandbox.key, sandbox.secret, base_url=sandbox.url) as client,
    ):
        sandbox.reply(TO, "Hello")  # opens the person's window
        for link in (good, bad, bad):
            await client.send(Message.image(TO, link))
        await sandbox.settled()
        _, first, second, third = sandbox.messages

    assert (first.status, first.error) == ("read", None)
    assert second.status == third.status == "failed"
    assert second.error is not None
    assert second.error.code == 131053
    assert f"{bad} is image/webp by its content" in second.error.message
    assert server.asked["HEAD", "/bad"] == 1
