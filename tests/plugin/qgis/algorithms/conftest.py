"""Algorithms of the provider, and their forms as QGIS's dialog has them."""

import pytest
from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsApplication


def algorithm(verb):
    return QgsApplication.processingRegistry().algorithmById(f"onemap:{verb}").create()


@pytest.fixture
def form_of(provider):
    """Return a function that makes the form of an algorithm as QGIS's dialog does."""
    made = []

    def form(verb):
        made.append(AlgorithmDialog(algorithm(verb), False))
        made[-1].show()
        return made[-1].mainWidget()

    yield form
    for one in made:
        one.close()
