"""Every statement of the vendor's table of media formats, on real files."""

from typing import NamedTuple

import pytest

from tests.media import files
from tests.media.web_server import MediaServer
from wa_bulk import check_media
from wa_bulk.api.media import MediaKind

MB, KB = 1024 * 1024, 1024


class Case(NamedTuple):
    """A file, how it is served and as what it is sent; `says` is part of the problem or warning, if any."""

    name: str
    kind: MediaKind
    content: bytes
    content_type: str
    problem: str | None = None
    warning: str | None = None
    in_header: bool = False


def padded(content: bytes, size: int) -> bytes:
    return content + bytes(size - len(content))


H264 = files.film(files.video_track(), files.sound_track())
OPUS_TYPE = "audio/ogg; codecs=opus"

CASES = [
    Case("image jpeg", "image", files.jpeg(), "image/jpeg"),
    Case("image png", "image", files.png(), "image/png"),
    Case("image gif", "image", files.picture("GIF"), "image/gif", "is image/gif by its content"),
    Case("image webp", "image", files.webp(), "image/webp", "expected image/jpeg or image/png"),
    Case("image transparent", "image", files.png("RGBA", (9, 9, 9, 128)), "image/png", "transparent"),
    Case("image opaque with alpha", "image", files.png("RGBA", (9, 9, 9, 255)), "image/png"),
    Case("image transparent grey", "image", files.png("LA", (9, 0)), "image/png", "transparent"),
    Case(
        "image transparent header",
        "image",
        files.png("RGBA", (9, 9, 9, 0)),
        "image/png",
        "transparent",
        None,
        True,
    ),
    Case("image transparent palette", "image", files.palette_png(), "image/png", "transparent"),
    Case("image of 5 MB", "image", padded(files.jpeg(), 5 * MB), "image/jpeg", None, "has 5,242,880 bytes"),
    Case("image of 5,000,000 bytes", "image", padded(files.jpeg(), 5_000_000), "image/jpeg"),
    Case(
        "image above 5 MB",
        "image",
        padded(files.jpeg(), 5 * MB + 1),
        "image/jpeg",
        "expected at most 5 MB for an image",
    ),
    Case("image that is a page", "image", files.PAGE, "image/jpeg", "is text/html by its content"),
    Case("image served as text", "image", files.jpeg(), "text/plain", "is served as text/plain"),
    Case("image of no type", "image", files.jpeg(), "", None, "without a Content-Type"),
    Case(
        "image as bytes", "image", files.jpeg(), "application/octet-stream", None, "does not say what it is"
    ),
    Case("image as image/jpg", "image", files.jpeg(), "image/jpg", None, "its proper name is image/jpeg"),
    Case(
        "image of the other type",
        "image",
        files.jpeg(),
        "image/png",
        None,
        "is served as image/png and is image/jpeg",
    ),
    Case("image without bytes", "image", b"", "image/jpeg", "is empty"),
    Case("video mp4", "video", H264, "video/mp4"),
    Case("video mp4 in a header", "video", H264, "video/mp4", None, None, True),
    Case("video 3gpp", "video", files.film(files.video_track(), brand=b"3gp5"), "video/3gpp"),
    Case(
        "video tracks at the end",
        "video",
        files.film(files.video_track(), data=200_000, moov_last=True),
        "video/mp4",
    ),
    Case(
        "video H.265",
        "video",
        files.film(files.video_track(b"hvc1")),
        "video/mp4",
        "video in H.265; expected H.264",
    ),
    Case(
        "video H.265 at the end",
        "video",
        files.film(files.video_track(b"hev1"), data=200_000, moov_last=True),
        "video/mp4",
        "video in H.265",
    ),
    Case(
        "video with MP3",
        "video",
        files.film(files.video_track(), files.sound_track(object_type=0x6B)),
        "video/mp4",
        "sound in MP3; expected AAC",
    ),
    Case(
        "video with AMR",
        "video",
        files.film(files.video_track(), files.sound_track(b"samr"), brand=b"3gp4"),
        "video/3gpp",
        "sound in AMR",
    ),
    Case(
        "video unknown codec",
        "video",
        files.film(files.video_track(b"xyz1")),
        "video/mp4",
        None,
        "a codec called 'xyz1'",
    ),
    Case("video without pictures", "video", files.film(files.sound_track()), "video/mp4", "has no pictures"),
    Case(
        "video quicktime",
        "video",
        files.film(files.video_track(), brand=b"qt  "),
        "video/quicktime",
        "video/quicktime",
    ),
    Case("video without tracks", "video", files.film()[:40], "video/mp4", None, "its codecs are not known"),
    Case("video of 16 MB", "video", padded(H264, 16 * MB), "video/mp4", None, "more than 16,000,000"),
    Case(
        "video above 16 MB",
        "video",
        padded(H264, 16 * MB + 1),
        "video/mp4",
        "expected at most 16 MB for a video",
    ),
    Case("audio aac", "audio", files.AAC, "audio/aac"),
    Case("audio mp4", "audio", files.film(files.sound_track(), brand=b"M4A "), "audio/mp4"),
    Case("audio mp4, common brand", "audio", files.film(files.sound_track()), "audio/mp4"),
    Case("audio mp4 with pictures", "audio", H264, "audio/mp4", "has pictures (H.264)"),
    Case("audio amr", "audio", files.AMR, "audio/amr"),
    Case("audio mpeg", "audio", files.MP3, "audio/mpeg"),
    Case("audio mpeg with a tag", "audio", files.TAGGED_MP3, "audio/mpeg"),
    Case("audio ogg opus", "audio", files.OPUS, OPUS_TYPE),
    Case(
        "audio ogg opus, basic type",
        "audio",
        files.OPUS,
        "audio/ogg",
        None,
        "expected audio/ogg; codecs=opus",
    ),
    Case(
        "audio ogg vorbis", "audio", files.VORBIS, "audio/ogg", "is Ogg with vorbis; expected opus", "alone"
    ),
    Case("audio ogg vorbis, lying", "audio", files.VORBIS, OPUS_TYPE, "is Ogg with vorbis"),
    Case("audio ogg, other codec said", "audio", files.OPUS, "audio/ogg; codecs=vorbis", "codecs=vorbis"),
    Case("audio wav", "audio", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", "is audio/wav by its content"),
    Case(
        "audio above 16 MB", "audio", padded(files.MP3, 16 * MB + 1), "audio/mpeg", "expected at most 16 MB"
    ),
    Case("document pdf", "document", files.PDF, "application/pdf"),
    Case("document docx", "document", files.DOCX, "application/vnd.openxmlformats"),
    Case("document of any type", "document", b"a,b\n1,2\n", "text/csv"),
    Case("document of no type", "document", b"\x01\x02", ""),
    Case(
        "document above 100 MB",
        "document",
        padded(files.PDF, 100 * MB + 1),
        "application/pdf",
        "expected at most 100 MB for a document",
    ),
    Case("document in a header", "document", files.PDF, "application/pdf", in_header=True),
    Case(
        "document in a header, docx",
        "document",
        files.DOCX,
        "application/pdf",
        "expected application/pdf for a template's header",
        in_header=True,
    ),
    Case(
        "document in a header, served as docx",
        "document",
        files.PDF,
        "application/msword",
        "is served as application/msword",
        in_header=True,
    ),
    Case("sticker static", "sticker", files.webp(), "image/webp"),
    Case("sticker animated", "sticker", files.webp(3), "image/webp"),
    Case("sticker png", "sticker", files.png(), "image/png", "expected image/webp for a sticker"),
    Case(
        "sticker static, 100 KB",
        "sticker",
        padded(files.webp(), 100 * KB),
        "image/webp",
        None,
        "more than 100,000",
    ),
    Case(
        "sticker static, more",
        "sticker",
        padded(files.webp(), 100 * KB + 1),
        "image/webp",
        "expected at most 100 KB for a static sticker",
    ),
    Case(
        "sticker animated, 500 KB",
        "sticker",
        padded(files.webp(3), 500 * KB),
        "image/webp",
        None,
        "more than 500,000",
    ),
    Case(
        "sticker animated, more",
        "sticker",
        padded(files.webp(3), 500 * KB + 1),
        "image/webp",
        "expected at most 500 KB",
    ),
]


async def test_every_statement_of_the_table(server: MediaServer) -> None:
    wrong = []
    for number, case in enumerate(CASES):
        link = server.put(f"/{number}", case.content, case.content_type)
        report = await check_media(link, case.kind, in_header=case.in_header, private=True)
        for expected, found in ((case.problem, report.problems), (case.warning, report.warnings)):
            if (expected is None and found) or (expected is not None and expected not in " | ".join(found)):
                wrong.append((case.name, expected, found))
        assert report.unseen is None, case.name
        assert report.ok is (case.problem is None), case.name
    assert wrong == []


async def test_a_report_says_what_the_file_is(server: MediaServer) -> None:
    link = server.put("/cat", files.png(), "image/png")
    report = await check_media(link, "image", private=True)
    assert (report.link, report.kind, report.content_type) == (link, "image", "image/png")
    assert (report.format, report.size) == ("image/png", len(files.png()))


async def test_another_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="kind is 'gif'; expected one of image, video"):
        await check_media("https://example.com/a.gif", "gif")  # type: ignore[arg-type]
