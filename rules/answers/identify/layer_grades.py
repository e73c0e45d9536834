"""The grades of how well a layer's accuracy fits a place; and how far to look for the nearest feature."""

FIT, LIMITED, UNFIT, UNKNOWN = "fit", "limited", "unfit", "unknown"
FARTHEST_M = 20_000.0
