"""What the rooms above the library keep in it, and who may do what with it in a library on a server."""

from onemap.layers.library import services
from onemap.layers.stores.rights import EVERYONE, Grant
from onemap.rules.compare import decisions
from onemap.rules.inputs import subdivision_store
from onemap.rules.review import review_tables as review
from onemap.rules.runs import run_store

TABLES = (*services.TABLES, *run_store.TABLES, *subdivision_store.TABLES, *decisions.TABLES, *review.TABLES)
GRANTS = (
    Grant("onemap_services", "SELECT", EVERYONE),
    Grant("onemap_snapshots", "SELECT", EVERYONE),
    Grant("onemap_pack_texts", "SELECT", EVERYONE),
    Grant("onemap_pack_texts", "INSERT", EVERYONE),
    Grant("onemap_pieces", "SELECT", EVERYONE),
    *decisions.GRANTS,
    *review.GRANTS,
)
