"""One Map within QGIS itself: algorithms, expression functions, services, 3D scenes."""
