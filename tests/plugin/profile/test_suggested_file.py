"""The name that a dialog suggests for a new file is valid on Windows, too."""

from pathlib import Path, PureWindowsPath

import pytest

from onemap.plugin.profile import settings
from onemap.plugin.profile.suggested_file import suggested_file


@pytest.mark.parametrize(
    "name", ["永久基本农田 2023/24-2024:年底", "长" * 300, 'a\\b:c*d?e"f<g>h|i', "two\nlines\tand a tab"]
)
def test_a_title_becomes_a_name_that_every_system_takes(tmp_path, name):
    settings.put("review_folder", str(tmp_path))
    path = Path(suggested_file(name, ".pdf"))
    assert (path.parent, path.suffix) == (tmp_path, ".pdf")
    assert PureWindowsPath(path.name).name == path.name
    assert not set(path.name) & set('\\/:*?"<>|\n\t')
    path.write_bytes(b"")


def test_the_sense_of_a_title_stays(tmp_path):
    settings.put("review_folder", str(tmp_path))
    assert Path(suggested_file("永久基本农田 2023-2024", ".xlsx")).name == "永久基本农田 2023-2024.xlsx"
