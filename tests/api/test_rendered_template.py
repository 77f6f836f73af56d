"""What a phone shows for a template that is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.api import BodyComponent, Document, DocumentParameter, HeaderComponent, TextParameter
from wa_bulk.api.rendered_template import CompiledTemplate
from wa_bulk.api.template_definition import BodyDefinition, HeaderDefinition, variables

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.lists(st.one_of(words, st.integers(1, 4)), max_size=8), st.lists(words, min_size=4, max_size=4))
def test_filling_in_puts_every_value_where_its_variable_stands(
    parts: list[str | int], values: list[str]
) -> None:
    parts = [part if isinstance(part, int) else part.replace("{", "(") for part in parts]
    text = "".join(f"{{{{{part}}}}}" if isinstance(part, int) else part for part in parts)
    count = max(variables(text), default=0)
    parameters = [TextParameter(value) for value in values[:count]]
    blank = CompiledTemplate([BodyDefinition(text)])
    rendered = blank.fill([BodyComponent(list(parameters))] if parameters else [])
    assert rendered.body == "".join(values[p - 1] if isinstance(p, int) else p for p in parts)


def test_a_document_in_the_header_is_called_by_its_filename_else_its_caption() -> None:
    template = CompiledTemplate([HeaderDefinition("document"), BodyDefinition("Here it is.")])
    for filename, caption, shown in (
        ("f.pdf", "c.pdf", "f.pdf"),
        (None, "c.pdf", "c.pdf"),
        (None, None, None),
    ):
        document = Document(link="https://example.com/1.pdf", filename=filename, caption=caption)
        header = template.fill([HeaderComponent([DocumentParameter(document)])]).header
        assert header is not None
        assert header.filename == shown
