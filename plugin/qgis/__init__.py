"""One Map within QGIS itself: algorithms, functions of expressions, services, scenes in 3D."""
