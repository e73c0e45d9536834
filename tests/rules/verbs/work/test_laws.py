"""`onemap laws`: each rule with its law, and whether the law is in force on a day."""

import tomllib

import pytest

from onemap.layers.shipped_files import RESOURCES

PACK = tomllib.loads((RESOURCES / "packs" / "city-preliminary.toml").read_text(encoding="utf-8"))


def test_every_rule_of_the_pack_stands_with_its_basis(onemap):
    answer = onemap("laws").done()
    given = [(rule["rule"], [entry["law"] for entry in rule["basis"]]) for rule in answer.json["rules"]]
    assert given == [(rule["id"], [entry["law"] for entry in rule["basis"]]) for rule in PACK["rule"]]


@pytest.mark.parametrize(("day", "old", "new"), [("2026-08-14", True, False), ("2026-08-15", False, True)])
def test_a_law_is_in_force_until_its_last_day(onemap, tmp_path, day, old, new):
    pack = tmp_path / "p.toml"
    basis = '[{ law = "旧法", to = 2026-08-14 }, { law = "法典", article = "第三百一十九条", from = 2026-08-15 }]'
    pack.write_text(
        '[pack]\nid = "p"\nversion = "1"\n[[rule]]\nid = "r"\nkind = "avoid"\nlayer = "STBHHX"\n'
        f'department = "environment"\nverdict = "prohibited"\ntitle = {{ zh = "题", en = "T" }}\nbasis = {basis}\n',
        encoding="utf-8",
    )
    (rule,) = onemap("laws", "--pack", pack, "--as-of", day).json["rules"]
    assert [entry["in_force"] for entry in rule["basis"]] == [old, new]


def test_the_page_is_a_table_in_the_reader_s_language(terminal):
    lines = terminal("laws", "--lang", "zh").stdout.decode().splitlines()
    assert lines[0] == "| 规则 | 名称 | 依据 | 部门 | 把握 |"
    assert len(lines) == 2 + len(PACK["rule"])
    assert any("永久基本农田" in line and "确定" in line for line in lines)
