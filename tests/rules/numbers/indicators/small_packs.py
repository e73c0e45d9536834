"""Small packs of indicators for tests, and the verb's answers to them."""

HEAD = """
[pack]
id = "town"
version = "1"
title = { zh = "试", en = "test" }
issuer = "town"
edition = "1"
"""


def pack_of(desk, terms, *items, head="", name="town"):
    """A pack of terms (id → keys) and indicators (keys); keys that an indicator leaves out are filled in."""
    text = HEAD + head
    for identifier, keys in terms.items():
        text += f'\n[[term]]\nid = "{identifier}"\n{keys.strip()}\n'
    for place, keys in enumerate(items):
        filled = {"id": f'"i{place}"', "title": '{ zh = "题", en = "title" }', "unit": '"m2"', "nature": '"binding"'}
        filled |= {"bound": '"none"', "source": '"hand"'} | dict(
            line.split(" = ", 1) for line in keys.strip().splitlines()
        )
        text += "\n[[indicator]]\n" + "".join(f"{key} = {value}\n" for key, value in filled.items())
    path = desk.folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def ask(desk, pack, *arguments, code=0, units=True):
    given = ["--unit=UNITS", "--unit-field=NAME"] if units else []
    answer = desk.run("indicators", desk.library, f"--pack={pack}", *given, *arguments)
    assert answer.code == code, answer.json
    return answer.json


def values(found, identifier="i0", field="value"):
    return {row["unit"]: row[field] for row in found["indicators"] if row["id"] == identifier}
