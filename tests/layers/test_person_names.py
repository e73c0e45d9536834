"""Two names belong to one person if people read them so; nobody shares the machine's name."""

import unicodedata

import pytest

from onemap.layers.person_names import same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wang Li", "wang li"),
        ("Wang Li", "  WANG\u3000LI "),
        ("WangLi", "Ｗａｎｇ Ｌｉ"),
        ("Wang", "W\u0430ng"),  # Cyrillic
        ("Wang", "W\u0251ng"),  # Latin alpha
        ("Popov", "\u0420\u043e\u0440\u043e\u03bd"),  # Cyrillic, and a Greek nu
        ("IVAN", "\u0406VAN"),  # Ukrainian
        ("Ivan", "\u04cfvan"),  # palochka
        ("张三", "张\u200b三"),
        ("张三", "\u2067张 三\u2069"),
        ("张三", "张\U000e0100三"),
        ("王人", "王\u2f08"),  # Kangxi radical
        ("\u9f8d", "\uf9c4"),  # a compatibility ideograph
        ("onemap", "\u041eneM\u0430p"),
        ("onemap", "One Map"),
        ("onemap", "0nemap"),
        ("liu", "Iiu"),
        ("", "\u2800\u3164 "),
        ("Li", "\U0001d40b\U0001d422"),  # mathematical bold
    ],
)
def test_names_that_read_alike_are_one_person(one, other):
    assert same_person(one, other) and same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("张三", "张四"), ("Wang", "Wong"), ("warner", "wamer"), ("王土", "王士"), ("Li", "Lu"), ("李末", "李未")],
        *[("clerk2", "clerk3"), ("onemap", "onemaps"), ("张三", "")],
    ],
)
def test_names_that_read_otherwise_are_two(one, other):
    assert not same_person(one, other)


@pytest.mark.parametrize(
    ("script", "letters", "latin"),
    [
        ("CYRILLIC", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455", "aceopxyijs"),
        ("GREEK", "\u0391\u0392\u0395\u0396\u0397\u039a\u039c\u039d\u039f\u03a1", "ABEZHKMNOP"),
    ],
)
def test_the_letters_that_are_alike_in_print_are_all_caught(script, letters, latin):
    for letter, alike in zip(letters, latin, strict=True):
        assert script in unicodedata.name(letter)
        assert same_person(f"Q{letter}q", f"q{alike}Q")
