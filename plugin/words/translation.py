"""The plugin's own texts in the user's language. Words of the field come from the core."""

from collections.abc import Iterable, Sequence
from typing import Optional, Union

from qgis.PyQt.QtCore import QCoreApplication, QTranslator

from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.profile.settings import language

CONTEXT = "onemap"
MOST_NAMED = 6  # of layers that a message names


def tr(text: str) -> str:
    """The text in the user's language; English is the source."""
    return QCoreApplication.translate(CONTEXT, text)


class Count:
    """A count for sentences: with `{n:# sheet|# sheets}`, "1 sheet" or "2,000 sheets"; `#` is the number.

    In a language without such forms, `{n}` is the number.
    """

    def __init__(self, number: Union[int, float]) -> None:
        self._number = number

    def __format__(self, forms: str) -> str:
        number = f"{self._number:,.0f}"
        one, has_forms, more = forms.partition("|")
        return (one if number == "1" else more).replace("#", number, 1) if has_forms else number


def sentences(*texts: str) -> str:
    """Sentences joined into one text: in Chinese without a space between them."""
    return ("" if language() == "zh" else " ").join(text for text in texts if text)


def name_list(names: Iterable[str]) -> str:
    """Names separated by the comma of the user's language."""
    return tr(", ").join(names)


def list_of_some(names: Sequence[str]) -> str:
    """The first names and the number of the others, so that a message stays short."""
    first_names, more = name_list(names[:MOST_NAMED]), len(names) - MOST_NAMED
    return tr("{names}, {count} more").format(names=first_names, count=more) if more > 0 else first_names


def with_label(name: str, text: str) -> str:
    """A label, a colon, and the text."""
    return f"{name}：{text}" if language() == "zh" else f"{name}: {text}"


def install_translator() -> Optional[QTranslator]:
    """Load the plugin's translations into Qt.

    The caller keeps the returned translator for as long as the texts are needed.
    """
    if language() == "en":
        return None
    translator = QTranslator()
    if not translator.load(str(RESOURCES / "translations" / f"onemap_{language()}.qm")):
        return None
    QCoreApplication.installTranslator(translator)
    return translator


def remove_translator(translator: Optional[QTranslator]) -> None:
    """Remove the plugin's translations from Qt."""
    if translator is not None:
        QCoreApplication.removeTranslator(translator)
