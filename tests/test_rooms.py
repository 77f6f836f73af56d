"""Imports go one way: a room uses the rooms above it in docs/architecture.md, and no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import wa_bulk

PACKAGE = Path(wa_bulk.__file__).parent
ROOMS = re.findall(
    r"^\| `(\w+)/` \|",
    (Path(__file__).parents[1] / "docs/architecture.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
ON_ITS_OWN = "sandbox"
"""It brings what others are tested against, so it shares the contract with them and nothing else."""


def imported_rooms(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
            if node.module == "wa_bulk":
                names = [f"wa_bulk.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "wa_bulk" and len(parts) > 1 and parts[1] in ROOMS:
                yield parts[1]


def test_every_room_is_in_the_list_once() -> None:
    folders = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    assert sorted(ROOMS) == folders


def may_import(own: str, other: str) -> bool:
    if own == ON_ITS_OWN:
        return other == "api"
    return ROOMS.index(other) < ROOMS.index(own) and (other != ON_ITS_OWN or own == "cli")


def test_imports_go_one_way() -> None:
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {room}/"
        for path in PACKAGE.rglob("*.py")
        if (own := path.relative_to(PACKAGE).parts[0]) in ROOMS
        for room in imported_rooms(path)
        if room != own and not may_import(own, room)
    }
    assert not wrong
