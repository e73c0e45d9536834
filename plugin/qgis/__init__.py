"""What QGIS itself offers of One Map: algorithms, functions of expressions, services, scenes in 3D."""
