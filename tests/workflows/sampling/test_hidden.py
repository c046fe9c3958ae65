import pytest

from workflows.sampling.hidden import HiddenTexts


@pytest.mark.parametrize(
    ("original", "text"),
    [
        ("Jürgen Weiß", "seen by JÜRGEN WEISS, late"),
        ("jürgen weiss", "seen by Jürgen Weiß, late"),
        ("İpek Yılmaz", "seen by İpek Yılmaz, late"),
        ("Jean  Dupont", "seen by Jean\u00a0Dupont, late"),
    ],
)
def test_each_spelling_is_replaced(original: str, text: str) -> None:
    hidden = HiddenTexts({original: "x"})

    assert hidden.replace(text) == "seen by x, late"
    assert hidden.replace("ß İ  nothing") == "ß İ  nothing"


def test_the_longest_text_is_replaced_and_short_texts_are_kept() -> None:
    assert HiddenTexts({"ann lee": "x", "ann leeward": "y", "bo": "z"}).replace("Bo, Ann Leewards") == "Bo, ys"
    assert HiddenTexts({"ann lee": "x", "ann leeward": "y"}).replace("by Ann Lee") == "by x"


def test_a_drawn_replacement_is_never_a_hidden_text() -> None:
    drawn = iter(["Ann Lee", "BEA LOW", "Zoe Fox", "unused"])
    hidden = HiddenTexts({"ann lee": lambda: next(drawn), "bea low": ""})

    assert hidden.replace("Ann Lee, ann lee") == "Zoe Fox, Zoe Fox"
