"""Public names that are imported when they are first used (PEP 562)."""

from __future__ import annotations

TYPE_CHECKING = False  # not typing's: importing that would cost more than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_names(
    namespace: dict[str, object], homes: Mapping[str, str], others: str | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for the package of this namespace.

    `homes` says in which module each name is; further names of the package's `__all__` are in `others`.
    """
    public = namespace["__all__"]
    assert isinstance(public, list)

    def find(name: str) -> object:
        home = homes.get(name) or (others if name in public else None)
        if home is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(home), name)
        namespace[name] = value
        return value

    def listed() -> list[str]:
        return sorted({*namespace, *public})

    return find, listed
