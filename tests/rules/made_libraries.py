"""Libraries that tests have filled: what is asked of an equal one again is copied, as a library is one file.

Only who asks for layers as a setting for something else may have them so, and only where nothing of the program is
replaced for the test: there it is done anew.
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
    """Libraries and the files that were written for them, by all that was asked of each since it was made."""

    folder: Path
    kept: dict[str, tuple[Path, Answer]] = field(default_factory=dict)

    def keep(self, key: str, files: Sequence[Path], answer: Answer) -> None:
        """Keep files as they are now; those that were kept first are let go."""
        while len(self.kept) >= _MOST_KEPT:
            shutil.rmtree(self.kept.pop(next(iter(self.kept)))[0])
        place = self.folder / key
        place.mkdir()
        for file in files:
            shutil.copyfile(file, place / file.name)
        self.kept[key] = place, answer

    def copy(self, key: str, folder: Path) -> Answer:
        """Put the files into a folder; what was answered, as if it had been asked there."""
        place, answer = self.kept[key]
        for file in place.iterdir():
            shutil.copyfile(file, folder / file.name)
        return replace(answer, json=copy.deepcopy(answer.json))


@dataclass
class FilledLibrary:
    """A library in a folder of its own, which is filled step by step by what others may have filled theirs by."""

    path: Path
    made: MadeLibraries
    is_windows_like: bool
    _key: str = ""
    _state: Any = None

    def step(self, asked: Any, files: Callable[[], Sequence[Path]], ask: Callable[[list[Path]], Answer]) -> Answer:
        """What `ask` answers, or answered when the same was asked of an equal library.

        asked: all that it depends on; files: writes the files that it wants, whose paths it is given.
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
        """What tells whether the library was changed; None for one with something beside it that says more of it."""
        beside = [file.name for file in self.path.parent.glob(f"{self.path.stem}.*") if file != self.path]
        state = self.path.stat() if self.path.is_file() else None
        return None if beside or state is None else (state.st_mtime_ns, state.st_size, state.st_ino)


def may_be_copied(request: pytest.FixtureRequest) -> bool:
    """Whether nothing of the program is replaced for a test, as far as its fixtures tell."""
    return "monkeypatch" not in request.fixturenames


def as_wkb(value: Any) -> Any:
    """Shapes, and lists of them, as bytes."""
    return shapely.to_wkb(value if isinstance(value, shapely.Geometry) else list(value))
