"""Which texts are one template."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.messaging.skeletons import BLANK, find_templates


def test_words_that_differ_become_a_blank() -> None:
    templates = find_templates(
        {"We are packing your kettle now": 9, "We are packing your desk lamp now": 5, "Your code is ⟨…⟩": 7}
    )
    assert templates["We are packing your kettle now"] == f"We are packing your {BLANK} now"
    assert templates["We are packing your desk lamp now"] == f"We are packing your {BLANK} now"
    assert templates["Your code is ⟨…⟩"] == "Your code is ⟨…⟩"


def test_several_blanks_in_one_template() -> None:
    texts = [
        f"Free tea at {place} this {day} with any cake" for place in ("A", "B Street") for day in ("x", "y")
    ]
    assert set(find_templates(dict.fromkeys(texts, 1)).values()) == {
        f"Free tea at {BLANK} this {BLANK} with any cake"
    }


def test_short_and_different_texts_stay_apart() -> None:
    texts = {
        "STOP": 3,
        "Stop": 2,
        "ok thanks": 1,
        "Your order is on its way": 1,
        "Your order was left at the door": 1,
    }
    assert find_templates(texts) == {text: text for text in texts}


@given(st.dictionaries(st.text(alphabet="ab ⟨…⟩", max_size=30), st.integers(1, 9), max_size=12))
def test_every_text_has_one_template_and_the_order_does_not_matter(texts: dict[str, int]) -> None:
    templates = find_templates(texts)
    assert set(templates) == set(texts)
    assert find_templates(dict(reversed(texts.items()))) == templates
