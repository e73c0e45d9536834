"""Libraries that tests have filled; a library filled in the same way again is copied, because it is one file.

Only tests that need layers as a setting for something else use them, and only if the test replaces no code of the
program: otherwise the library is filled anew.
"""

import copy
import hashlib
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from onemap.tests.conftest import Answer

_MOST_KEPT = 200


@dataclass
class MadeLibraries:
    """Libraries and the files written for them, by all requests to each since it was made."""

    folder: Path
    kept: dict[str, tuple[Path, Answer]] = field(default_factory=dict)

    def keep(self, key: str, files: Sequence[Path], answer: Answer) -> None:
        """Store the present state of files; the oldest ones are dropped."""
        while len(self.kept) >= _MOST_KEPT:
            shutil.rmtree(self.kept.pop(next(iter(self.kept)))[0])
        place = self.folder / key
        place.mkdir()
        for file in files:
            shutil.copyfile(file, place / file.name)
        self.kept[key] = place, answer

    def copy(self, key: str, folder: Path) -> Answer:
        """Copy the stored files into a folder, and return the answer as if the request had been made there."""
        place, answer = self.kept[key]
        for file in place.iterdir():
            shutil.copyfile(file, folder / file.name)
        return replace(answer, json=copy.deepcopy(answer.json))


@dataclass
class FilledLibrary:
    """A library in its own folder, filled in steps that other tests may have taken already."""

    path: Path
    made: MadeLibraries
    is_windows_like: bool
    _key: str = ""
    _state: Any = None

    def step(self, asked: Any, files: Callable[[], Sequence[Path]], ask: Callable[[list[Path]], Answer]) -> Answer:
        """The answer of `ask`, or its former answer to the same request on an equal library.

        asked: all that the answer depends on; files: writes the files that `ask` gets the paths of.
        """
        if self._key and (self._state is None or self._file_state() != self._state):
            return ask(list(files()))  # somebody else wrote into it, or beside it
        key = hashlib.sha256(pickle.dumps((self._key, self.is_windows_like, asked))).hexdigest()
        if key in self.made.kept:
            answer = self.made.copy(key, self.path.parent)
        else:
            written = list(files())
            answer = ask(written)
            if answer.code == 0 and self._file_state() is not None:
                self.made.keep(key, [self.path, *written], replace(answer, json=copy.deepcopy(answer.json)))
        self._key, self._state = key, self._file_state()
        return answer

    def _file_state(self) -> Any:
        """The state by which a change of the library is noticed; None if files beside it hold a part of it."""
        beside = [file.name for file in self.path.parent.glob(f"{self.path.stem}.*") if file != self.path]
        state = self.path.stat() if self.path.is_file() else None
        return None if beside or state is None else (state.st_mtime_ns, state.st_size, state.st_ino)


def may_be_copied(request: pytest.FixtureRequest) -> bool:
    """Whether the test's fixtures replace no code of the program."""
    return "monkeypatch" not in request.fixturenames


def as_wkb(value: Any) -> Any:
    """Shapes, and lists of them, as bytes."""
    return shapely.to_wkb(value if isinstance(value, shapely.Geometry) else list(value))
