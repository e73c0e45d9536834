"""The plugin's own words, in the user's language. Words of the subject come from the core."""

from typing import Optional

from qgis.PyQt.QtCore import QCoreApplication, QTranslator

from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.profile.settings import language

CONTEXT = "onemap"


def tr(text: str) -> str:
    """The text in the user's language; English is the source."""
    return QCoreApplication.translate(CONTEXT, text)


def sentences(*texts: str) -> str:
    """Sentences one after the other: Chinese ones have no blank between them."""
    return ("" if language() == "zh" else " ").join(text for text in texts if text)


def labelled(name: str, text: str) -> str:
    """What something is called, and what is said of it."""
    return f"{name}：{text}" if language() == "zh" else f"{name}: {text}"


def install_translator() -> Optional[QTranslator]:
    """Teach Qt the plugin's words; keep what comes back for as long as they are needed."""
    if language() == "en":
        return None
    translator = QTranslator()
    if not translator.load(str(RESOURCES / "translations" / f"onemap_{language()}.qm")):
        return None
    QCoreApplication.installTranslator(translator)
    return translator


def remove_translator(translator: Optional[QTranslator]) -> None:
    """Let Qt forget the plugin's words."""
    if translator is not None:
        QCoreApplication.removeTranslator(translator)
