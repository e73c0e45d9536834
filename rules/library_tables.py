"""What the rooms above the library keep in it, and who may do what with it in a library on a server."""

from onemap.layers import services
from onemap.layers.stores.rights import EVERYONE, Grant
from onemap.rules import cut_store, runs
from onemap.rules.compare import tables as compare
from onemap.rules.review import tables as review

TABLES = (*services.TABLES, *runs.TABLES, *cut_store.TABLES, *compare.TABLES, *review.TABLES)
GRANTS = (
    Grant("onemap_services", "SELECT", EVERYONE),
    Grant("onemap_snapshots", "SELECT", EVERYONE),
    Grant("onemap_pack_texts", "SELECT", EVERYONE),
    Grant("onemap_pack_texts", "INSERT", EVERYONE),
    Grant("onemap_pieces", "SELECT", EVERYONE),
    *compare.GRANTS,
    *review.GRANTS,
)
