"""How well a layer's accuracy fits a place, in one word; and how far the nearest feature is looked for."""

FIT, LIMITED, UNFIT, UNKNOWN = "fit", "limited", "unfit", "unknown"
FARTHEST_M = 20_000.0
