"""The hash of a file is that of the standard library; hashing reports progress and can be cancelled."""

import hashlib

import pytest

from onemap.layers.errors import Cancelled
from onemap.layers.files import file_hashes
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.progress import Progress


@pytest.mark.parametrize("size", [0, 1, 64, 65, 1000])
def test_the_hash_is_that_of_all_bytes_and_its_share_ends_at_one(tmp_path, monkeypatch, size):
    monkeypatch.setattr(file_hashes, "_BLOCK_BYTES", 64)
    path, shares = tmp_path / "a.tif", []
    path.write_bytes(bytes(range(256)) * 4 if size == 1000 else b"x" * size)
    found = file_hash(path, Progress(lambda share, step: shares.append(share)))
    assert found == hashlib.sha256(path.read_bytes()).hexdigest()
    assert shares == sorted(shares) and shares[-1:] == ([1.0] if size else [])


def test_it_ends_between_two_blocks_where_it_is_cancelled(tmp_path, monkeypatch):
    monkeypatch.setattr(file_hashes, "_BLOCK_BYTES", 64)
    path, shares = tmp_path / "a.tif", []
    path.write_bytes(b"x" * 1000)

    def report(share, step):
        shares.append(share)
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        file_hash(path, Progress(report))
    assert 0.5 < shares[-1] < 0.6
