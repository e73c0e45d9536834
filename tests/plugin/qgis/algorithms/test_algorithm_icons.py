"""Every algorithm has its own icon, which QGIS requests whenever somebody types into its search."""

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSize


def test_every_algorithm_gives_a_picture_that_no_other_has(provider):
    algorithms = QgsApplication.processingRegistry().providerById("onemap").algorithms()
    assert len(algorithms) > 20
    drawn = {}
    for algorithm in algorithms:
        picture = algorithm.icon().pixmap(QSize(32, 32)).toImage()
        assert not picture.isNull(), algorithm.id()
        same = [other for other, seen in drawn.items() if seen == picture]
        assert same == [], f"{algorithm.id()} looks like {same}"
        drawn[algorithm.id()] = picture
