"""The key `title`, which has the same form in many tables of packs."""

from onemap.rules.judge.kinds.kind import TABLE, Key

TITLE_FORM = '{ zh = "…", en = "…" }'
TITLE = Key(TABLE, {"zh": f"题目，{TITLE_FORM}", "en": f"Its title, {TITLE_FORM}."}, required=True)
