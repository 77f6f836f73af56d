"""Whether a PNG is transparent anywhere, whatever filters, passes and depths it is made of."""

import random

import pytest
from PIL import Image

from tests.media import files
from wa_bulk.media.png import OpacityScan, png_head


def is_transparent(data: bytes, piece: int = 97) -> bool | None:
    head = png_head(data)
    assert head is not None
    scan = OpacityScan(head)
    for at in range(0, len(data), piece):
        scan.feed(data[at : at + piece])
    return scan.transparent


def filtered(kind: int, row: list[int], above: list[int], pixel: int) -> bytes:
    """A row through one of the five filters, as the specification writes them."""
    made = bytearray([kind])
    for i, value in enumerate(row):
        left = row[i - pixel] if i >= pixel else 0
        up = above[i]
        corner = above[i - pixel] if i >= pixel else 0
        guess = left + up - corner
        nearest = min((abs(guess - near), order, near) for order, near in enumerate((left, up, corner)))[2]
        made.append((value - (0, left, up, (left + up) // 2, nearest)[kind]) % 256)
    return bytes(made)


@pytest.mark.parametrize(("colour", "channels"), [(6, 4), (4, 2)])
@pytest.mark.parametrize("depth", [8, 16])
def test_every_filter_in_any_order(colour: int, channels: int, depth: int) -> None:
    draw = random.Random(colour + depth)
    size = depth // 8
    pixel = channels * size
    for hole in [None, *(draw.randrange(7 * 12) for _ in range(20))]:
        above = [0] * (7 * pixel)
        rows = []
        for y in range(12):
            row = [draw.randrange(256) for _ in range(7 * pixel)]
            for x in range(7):
                end = (x + 1) * pixel
                row[end - size : end] = [255] * size
                if hole == y * 7 + x:
                    row[end - 1] = draw.randrange(255)
            rows.append(filtered(draw.randrange(5), row, above, pixel))
            above = row
        data = files.png_by_hand(7, rows, colour=colour, depth=depth)
        assert is_transparent(data, draw.choice([1, 7, 1000])) is (hole is not None)


def test_an_interlaced_picture() -> None:
    sizes = [(2, 2), (1, 2), (3, 1), (2, 3), (5, 2), (4, 5), (9, 4)]  # of the seven passes of 9 × 9 pixels
    rows = [b"\0" + b"\1\2\3\xff" * width for width, height in sizes for _ in range(height)]
    data = bytearray(files.png_by_hand(9, rows, interlaced=True))
    data[20:24] = (9).to_bytes(4, "big")
    assert is_transparent(bytes(data)) is False


def test_pictures_that_a_library_made() -> None:
    image = Image.effect_noise((200, 150), 90).convert("RGBA")
    assert is_transparent(files.saved(image)) is False
    image.putpixel((199, 149), (1, 2, 3, 254))
    assert is_transparent(files.saved(image)) is True


def test_a_picture_cut_short_is_not_known() -> None:
    data = files.png("RGBA", (1, 2, 3, 255))
    assert is_transparent(data[: len(data) - 30]) is None


def test_what_is_no_png() -> None:
    assert png_head(b"\x89PNG\r\n\x1a\n") is None
    head = png_head(files.png("RGBA", (1, 2, 3, 255)))
    assert head is not None
    with pytest.raises(ValueError, match="compression method"):
        OpacityScan(head).feed(files.png_by_hand(1, [b"\0\0\0\0\0"]).replace(b"\x78\x9c", b"\x00\x00"))
