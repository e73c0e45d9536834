"""A code that the catalogue lacks is refused with the codes that may have been meant."""

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError
from onemap.layers.messages import in_words


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sTBHHX", "STBHHX"),  # in other letters
        ("生态保护红线", "STBHHX"),  # by its title
        ("Ecological red line", "STBHHX"),
        ("永久基本农田图斑", "YJJBNTTB"),
        ("STBHHXX", "STBHHX"),  # mistyped
    ],
)
def test_a_code_in_other_letters_a_title_and_a_mistyped_code_name_the_layer(given, meant):
    with pytest.raises(OneMapError) as refusal:
        known_layer(shipped_catalogue(), given, "--as")
    problem = refusal.value.problems[0]
    assert problem.code == "layer.unknown"
    assert in_words(problem, "en").message.startswith(f"The catalogue has no layer {given} (perhaps {meant}")
    assert in_words(problem, "zh").message.startswith(f"目录中没有图层 {given}（也许是 {meant}")


def test_nothing_is_guessed_of_a_code_that_is_like_none():
    with pytest.raises(OneMapError) as refusal:
        known_layer(shipped_catalogue(), "qqq", "--as")
    assert in_words(refusal.value.problems[0], "en").message == "The catalogue has no layer qqq."
    assert known_layer(shipped_catalogue(), "STBHHX", "--as").code == "STBHHX"
