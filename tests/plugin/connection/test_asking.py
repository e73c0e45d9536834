"""Questions to the core have an owner: late or foreign answers are not shown, and leave nothing busy.

It tests Asking itself, then every object of the plugin that owns one, found in the code.
"""

import ast
import os
import shutil
import signal
from pathlib import Path

import pytest
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QDate, QEvent, QObject
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.map.place_list import PlaceList
from onemap.plugin.profile.paths import FOLDER
from onemap.plugin.rooms.identify.place_filter import PlaceQuestions
from onemap.plugin.widgets.work_row import WorkRow
from onemap.tests.plugin.dialogs_of_plugin import DIALOGS, close
from onemap.tests.plugin.small_town import wait_for
from onemap.tests.plugin.windows import own_dock

VERB = "words"  # asks no library, and is answered soon
UNKNOWN = {"library": "/nowhere/library.gpkg"}


class Scope:
    """The subject of an answer."""

    def __init__(self):
        self.now = "here"

    def __call__(self):
        return self.now


@pytest.fixture
def owner():
    made = QObject()
    yield made
    if not sip.isdeleted(made):
        sip.delete(made)


def ended(requests):
    """Wait until the core has answered; all other listeners have been told by then."""
    left = list(requests)
    for request in requests:
        request.ended.connect(lambda done=request: left.remove(done))
    wait_for(lambda: not left)


def test_an_answer_is_shown_and_the_owner_is_at_rest_before_it_is(shared_core, owner):
    asking, shown, turns = Asking(shared_core, owner), [], []
    asking.busy_changed.connect(turns.append)
    request = asking.ask(VERB, {}, lambda answer: shown.append((answer, asking.is_busy)))
    assert asking.is_busy and turns == [True]
    ended([request])
    assert [is_busy for _answer, is_busy in shown] == [False] and shown[0][0]["departments"]
    assert turns == [True, False]


def test_a_newer_question_takes_the_place_of_the_one_before(shared_core, owner, tmp_path):
    asking, shown, dropped, turns = Asking(shared_core, owner), [], [], []
    asking.busy_changed.connect(turns.append)
    folder = tmp_path / "answer"
    folder.mkdir()
    first = asking.ask(VERB, {}, shown.append, discard=lambda: dropped.append(1), folder=str(folder))
    second = asking.ask(VERB, {}, lambda _answer: shown.append(2))
    ended([first, second])
    assert (shown, dropped, folder.exists()) == ([2], [1], False)
    assert turns[-1] is False and not asking.is_busy


def test_what_is_forgotten_or_of_another_scope_is_dropped(shared_core, owner):
    scope, shown, dropped = Scope(), [], []
    asking = Asking(shared_core, owner, scope)
    request = asking.ask(VERB, {}, shown.append, discard=lambda: dropped.append("forgotten"))
    asking.forget()
    assert not asking.is_busy
    ended([request])
    request = asking.ask(VERB, {}, shown.append, discard=lambda: dropped.append("elsewhere"))
    scope.now = "there"
    ended([request])
    asking.refused.connect(shown.append)
    request = asking.ask("layers", UNKNOWN, shown.append, discard=lambda: dropped.append("refused"))
    scope.now = "elsewhere"
    ended([request])
    assert (shown, dropped, asking.is_busy) == ([], ["forgotten", "elsewhere", "refused"], False)


def test_what_writes_is_all_shown_and_its_refusal_wherever_one_is(shared_core, owner):
    scope, shown, refused = Scope(), [], []
    asking = Asking(shared_core, owner, scope, is_writing=True)
    asking.refused.connect(refused.append)
    requests = [asking.ask(VERB, {}, lambda _answer, number=number: shown.append(number)) for number in range(2)]
    ended(requests)
    assert shown == [0, 1] and not asking.is_busy
    request = asking.ask("layers", UNKNOWN, shown.append)
    scope.now = "there"
    ended([request])
    assert shown == [0, 1] and isinstance(refused[0], Refusal)


def test_an_owner_that_is_gone_hears_nothing(shared_core, owner):
    shown = []
    requests = [
        Asking(shared_core, owner).ask(VERB, {}, shown.append),
        Asking(shared_core, owner).ask("layers", UNKNOWN, shown.append, refuse=shown.append),
        Asking(shared_core, owner).ask(VERB, {}, shown.append, read=lambda answer: shown.append(answer)),
    ]
    sip.delete(owner)
    ended(requests)
    assert shown == []


def test_files_are_read_in_a_thread_while_the_owner_is_busy(shared_core, owner, tmp_path):
    asking, shown, refused = Asking(shared_core, owner), [], []
    asking.refused.connect(refused.append)
    asking.ask(VERB, {}, lambda answer, rows: shown.append(rows), read=lambda answer: len(answer) > 1)
    wait_for(lambda: not asking.is_busy)
    assert shown == [True]

    def fail(_answer):
        raise Refusal("The file is damaged.")

    folder = tmp_path / "answer"
    folder.mkdir()
    asking.ask(VERB, {}, lambda *_answer: shown.append("nothing"), read=fail, folder=str(folder))
    wait_for(lambda: refused)
    assert (refused[0].message, shown, asking.is_busy, folder.exists()) == (
        "The file is damaged.",
        [True],
        False,
        False,
    )
    asking.show_known({"known": 1}, lambda answer, rows: shown.append((answer, rows)), lambda answer: answer["known"])
    wait_for(lambda: not asking.is_busy)
    assert shown[-1] == ({"known": 1}, 1)


def test_what_nobody_waits_for_does_not_end_a_core_that_works_for_others(owner):
    core, refused, shown = Core(), [], []
    core.died.connect(refused.append)
    Asking(core, owner).ask(VERB, {}, shown.append)
    wait_for(lambda: shown)

    os.kill(core.process_id, signal.SIGSTOP)  # as if it worked at something long
    asking = Asking(core, owner)
    forgotten = asking.ask("layers", UNKNOWN, shown.append)
    other = Asking(core, owner).ask(VERB, {}, shown.append)
    asking.forget()
    os.kill(core.process_id, signal.SIGCONT)
    ended([forgotten, other])
    assert len(shown) == 2 and refused == []
    core.stop()


# Every owner


def classes_that_ask():
    """The names of the classes that make an Asking."""
    names = []
    for path in sorted((FOLDER / "plugin").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
            if isinstance(node, ast.ClassDef) and any(isinstance(f, ast.Name) and f.id == "Asking" for f in calls):
                names.append(node.name)
    return names


OWNERS = classes_that_ask()
# Whose answers are shown whatever is open, and why.
OF_NO_LIBRARY = {
    "WorkingDialog": "a dialog is of the library for which it was opened, and closes with it",
    "ProfileDialog": "as all dialogs",
    "PastedTextDialog": "as all dialogs",
    "CompareForm": "words are the same everywhere; its other question is of a library",
    "ParcelMends": "a file of parcels",
    "ProofTab": "a delivery, before anything of it is in a library",
    "RulesChoice": "a file of rules",
    "ServiceDialog": "which layers a server has; what is registered is written",
    "ResultsView": "the steps of a run, which is cleared with its library",
}


@pytest.fixture(scope="module")
def desk(application, town, library, shared_core, tmp_path_factory):
    """The dock and all dialogs of an open library, with other askers; each is asked, and left."""
    with own_dock(QgsMapCanvas(), shared_core) as dock:
        dock.open_library(library)
        wait_for(lambda: dock.library.layers and not dock.library.reading.is_busy)
        dock.check_tab.rules.add_file(str(town / "pack.toml"))
        dialogs = [make(dock.library) for make in DIALOGS.values()]
        beside = [PlaceQuestions(dock.library)]
        made = [one for top in (dock, *dialogs, *beside) for one in top.findChildren(Asking)]
        one_of_each = {type(asking.parent()): asking.parent() for asking in made}
        askings = [asking for asking in made if asking.parent() is one_of_each[type(asking.parent())]]
        places = dock.findChild(PlaceList)  # it searches anew a while after a library was read
        searches = []
        places.searched.connect(lambda: searches.append(True))
        places.search_later("")
        wait_for(lambda: searches and not any(one.is_busy for one in made))
        other = str(tmp_path_factory.mktemp("other") / "other.gpkg")
        shutil.copyfile(library, other)
        yield Desk(dock, askings, other)
        for dialog in dialogs:
            close(dialog)


class Desk:
    """Every Asking of the plugin, and what it showed of late answers."""

    def __init__(self, dock, askings, other_library):
        self.askings, self.shown = askings, {}
        library = dock.library
        self._ask_all("newer question", self._ask_twice)
        self._ask_all("forgotten", self._ask_and_forget)
        self.day_scopes = self._ask_all("another day", self._ask, lambda: library.set_day(QDate(2025, 6, 1)))
        self.library_scopes = self._ask_all("another library", self._ask, lambda: library.open(other_library))
        wait_for(lambda: library.layers and not library.reading.is_busy)

    def _ask_all(self, case, ask, change=lambda: None):
        """Ask with each, change something, wait for all answers; return the askings whose scope has changed."""
        before = [asking.scope() for asking in self.askings]
        self.shown[case] = {asking: [] for asking in self.askings}
        requests = [request for asking in self.askings for request in ask(asking, self.shown[case][asking])]
        change()
        ended(requests)
        wait_for(lambda: not any(asking.is_busy for asking in self.askings))
        return [asking for asking, scope in zip(self.askings, before, strict=True) if asking.scope() != scope]

    def _ask(self, asking, shown):
        return [asking.ask(VERB, {}, lambda _answer: shown.append("late"))]

    def _ask_twice(self, asking, shown):
        first = asking.ask(VERB, {}, lambda _answer: shown.append("first"))
        return [first, asking.ask(VERB, {}, lambda _answer: shown.append("second"))]

    def _ask_and_forget(self, asking, shown):
        requests = self._ask(asking, shown)
        asking.forget()
        return requests

    def of(self, owner):
        """The askings of a class."""
        return [one for one in self.askings if owner in [base.__name__ for base in type(one.parent()).__mro__]]


@pytest.mark.parametrize("owner", OWNERS)
def test_whoever_asks_shows_no_late_answer_and_is_at_rest_after_it(desk, owner):
    askings = desk.of(owner)
    assert askings, f"the desk of this test has no {owner}: make one there"
    for asking in askings:
        assert desk.shown["newer question"][asking] == (["first", "second"] if asking.is_writing else ["second"])
        assert desk.shown["forgotten"][asking] == []
        for case, left in (("another day", desk.day_scopes), ("another library", desk.library_scopes)):
            assert asking not in left or desk.shown[case][asking] == []
        assert not asking.is_busy
        assert [row for row in _rows_of(asking.parent()) if not row.isHidden()] == []


@pytest.mark.parametrize("owner", OWNERS)
def test_whoever_asks_knows_the_library_that_it_asks_about_or_says_why_not(desk, owner):
    is_of_library = all(one in desk.library_scopes or one.is_writing or _is_bound(one) for one in desk.of(owner))
    assert is_of_library or owner in OF_NO_LIBRARY


def _is_bound(asking):
    """Whether an answer is about something, though another library has it too: as what follows its parameters."""
    return asking.scope.__name__ != "_any_scope"


def _rows_of(owner):
    return owner.findChildren(WorkRow) if isinstance(owner, QWidget) else []


@pytest.mark.slow
def test_windows_that_are_gone_hear_nothing(application, library, shared_core):
    """With a core that lives on, as when the plugin is loaded anew."""
    shown = []
    with own_dock(QgsMapCanvas(), shared_core) as dock:
        dock.open_library(library)
        wait_for(lambda: dock.library.layers)
        dialogs = [make(dock.library) for make in DIALOGS.values()]
        askings = [one for window in (dock, *dialogs) for one in window.findChildren(Asking)]
        requests = [one.ask(VERB, {}, shown.append, refuse=shown.append) for one in askings]
        for dialog in dialogs:
            close(dialog)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    ended(requests)
    assert shown == [] and Path(library).exists()
