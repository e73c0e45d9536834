"""The desk: the open library, its layers on the map, parcels, results, answers, and the guide."""
