"""A file whose format is not that of its suffix is refused in words."""

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.files.first_bytes import check_first_bytes


@pytest.mark.parametrize("content", [b"F\xcb\xbe\x8d6\xe1\xa1n", b"", "你好".encode("gb18030")])
def test_a_file_that_does_not_begin_as_its_name_says(tmp_path, content):
    path = tmp_path / "a.gpkg"
    path.write_bytes(content)
    with pytest.raises(OneMapError) as refused:
        check_first_bytes(path)
    [problem] = refused.value.problems
    assert problem.code == "source.damaged"
    assert (problem.facts["reason"].code, problem.facts["reason"].facts) == ("system.other_format", {"suffix": ".gpkg"})
