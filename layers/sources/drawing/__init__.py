"""Drawings: DXF and KML."""
