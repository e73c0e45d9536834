"""The tables that every library has from the start, in SQL that both stores understand."""

# Types: INTEGER (64 bits), REAL (double), TEXT, BLOB. Dates and moments are ISO text.
LIBRARY_TABLES = (
    "CREATE TABLE onemap_library (key TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE onemap_district (fid INTEGER PRIMARY KEY, geom BLOB)",
    "CREATE TABLE onemap_packs (position INTEGER PRIMARY KEY, id TEXT NOT NULL, content TEXT)",
    """CREATE TABLE onemap_catalogue (code TEXT PRIMARY KEY, title TEXT NOT NULL, department TEXT NOT NULL,
  library TEXT NOT NULL, kind TEXT NOT NULL, geometry TEXT NOT NULL, key TEXT)""",
    """CREATE TABLE onemap_versions (code TEXT NOT NULL, number INTEGER NOT NULL, table_name TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL, valid_from TEXT, valid_to TEXT, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL,
  count INTEGER NOT NULL, hash TEXT NOT NULL, source TEXT NOT NULL, source_hash TEXT NOT NULL,
  coverage_kind TEXT NOT NULL, coverage_m2 REAL NOT NULL, coverage BLOB NOT NULL, accuracy_m REAL, report TEXT NOT NULL,
  PRIMARY KEY (code, number), UNIQUE (code, label))""",
    # For each version a checksum of every row, four bytes each: `verify` names the rows that are not what was added.
    "CREATE TABLE onemap_row_hashes (table_name TEXT PRIMARY KEY, hashes BLOB NOT NULL)",
    "CREATE TABLE onemap_runs (id TEXT PRIMARY KEY, started TEXT NOT NULL, who TEXT NOT NULL, record TEXT NOT NULL)",
    # Rows of runs: some thousand to a block, whose columns and geometries are streams that rules/ packs and unpacks.
    # lowest, highest: of the parcels that the rows belong to.
    """CREATE TABLE onemap_run_blocks (run TEXT NOT NULL, name TEXT NOT NULL, first INTEGER NOT NULL,
  count INTEGER NOT NULL, lowest TEXT, highest TEXT, content BLOB NOT NULL, shapes BLOB,
  PRIMARY KEY (run, name, first))""",
    """CREATE TABLE onemap_audit (number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, content_hash TEXT NOT NULL, previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL)""",
)


def own_file_key(kind: str) -> str:
    """Return the key under which a server keeps one of the city's own files among the library's facts."""
    return f"file:{kind}"
