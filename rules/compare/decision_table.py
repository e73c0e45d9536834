"""The table of decisions on difference spots; it only ever grows."""

from onemap.layers.stores.rights import EVERYONE, Grant

TABLES = (
    "CREATE TABLE IF NOT EXISTS onemap_decisions (number INTEGER PRIMARY KEY, pair TEXT NOT NULL, run TEXT NOT NULL,"
    " spot TEXT NOT NULL, cluster TEXT, type TEXT NOT NULL, use_a TEXT, use_b TEXT, class_a TEXT, class_b TEXT,"
    " decision TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, geom BLOB NOT NULL)",
)
GRANTS = (Grant("onemap_decisions", "SELECT", EVERYONE), Grant("onemap_decisions", "INSERT", EVERYONE))
