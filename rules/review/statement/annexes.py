"""The annexes of a document: laws, versions, packs, the log's chain, coordinates of boundary points."""

from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.rules.display.maps.boundary_points import boundary_points
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.kinds.reasons import reasons_text
from onemap.rules.judge.packs.legal_basis import articles_by_law
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.review.statement.run_evidence import Evidence


def laws(evidence: Evidence, rules: set[str]) -> list[Row]:
    """The laws that these rules cite, each with its articles in the rules' order."""
    citations = [
        (item.law, item.article) for rule in evidence.rules.values() if rule.id in rules for item in rule.basis
    ]
    return [{"law": law, "articles": articles} for law, articles in articles_by_law(citations).items()]


def layer_versions(library: Library, evidence: Evidence, layers: set[str] | None) -> list[Row]:
    """The layer versions that the run used, and the layers for which it found none, by code.

    layers: only these; None: all.
    """
    stored_versions = {
        (code, label): (source, source_hash, count)
        for code, label, source, source_hash, count in library.connection.execute(
            "SELECT code, label, source, source_hash, count FROM onemap_versions"
        )
    }
    rows = []
    for item in evidence.record["layers"]:
        if layers is not None and item["code"] not in layers:
            continue
        entry = evidence.catalogue.get(item["code"])
        source, source_hash, count = stored_versions.get((item["code"], item["label"]), (None, None, None))
        rows.append(
            {
                "layer": item["code"],
                "title": evidence.layer_title(item["code"]),
                "department": entry.department if entry else None,
                "department_title": evidence.department_title(entry.department) if entry else None,
                "version": item["label"],
                "valid_from": item.get("valid_from"),
                "valid_to": item.get("valid_to"),
                "source": source,
                "source_hash": source_hash,
                "features": count,
                "hash": item["hash"],
                "coverage": item["coverage"],
                "coverage_title": phrase(f"coverage.{item['coverage']}", evidence.language)
                if item["coverage"]
                else None,
                "assumed": item["coverage"] == "extent",
                "reason": item["reason"],
                "reason_text": reasons_text(item["reason"], evidence.language),
            }
        )
    return rows


def packs_table(packs: tuple[Pack, ...], language: str) -> list[Row]:
    """The rule packs with their hashes, followed by the tables of uses that their rules judged by."""
    tables = dict.fromkeys(table for pack in packs for table in pack.tables)
    facts = [
        *((pack.id, pack.version, pack.title, pack.hash) for pack in packs),
        *((table.name, table.version, table.title, table.hash) for table in tables),
    ]
    return [
        {"pack": name, "version": version, "title": title.get(language) or name, "hash": hash_}
        for name, version, title, hash_ in facts
    ]


def chain_at(library: Library, case: str) -> Row:
    """The head of the log's chain when the case's last step was recorded; the same state always prints the same head.

    A department may not read a server's log, only its present head; then `at` is None.
    """
    if not (library.roles.is_owner or library.roles.is_lead):
        number, head = library.chain_head()
        return {"number": number, "at": None, "hash": head}
    row = library.connection.execute(
        "SELECT number, at, hash FROM onemap_audit WHERE subject = ? OR subject LIKE ? ORDER BY number DESC LIMIT 1",
        (case, f"{case} %"),
    ).fetchone()
    row = row or (library.chain_head()[0], None, library.chain_head()[1])
    return dict(zip(("number", "at", "hash"), row, strict=True))


def boundary_table(evidence: Evidence, crs: str) -> Row:
    """The coordinates of every parcel's boundary points, in metres north and east with three decimals."""
    parcels = [
        {
            "parcel": row["parcel"],
            "points": [
                {
                    "label": point.label,
                    "ring": point.ring,
                    "north_m": round(point.north_m, 3),
                    "east_m": round(point.east_m, 3),
                }
                for point in boundary_points(ground)
            ],
        }
        for row, ground in zip(evidence.parcels, evidence.grounds, strict=True)
    ]
    return {"crs": crs, "points": sum(len(parcel["points"]) for parcel in parcels), "parcels": parcels}
