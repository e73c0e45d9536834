"""Ctrl+C and other signals: one line and the contract's exit code, whenever they come; nothing stops twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onemap.layers.errors import Cancelled
from onemap.rules.verbs.commands import command_line
from onemap.rules.verbs.commands.stop_signals import handling_signals
from onemap.rules.verbs.work import library_work

ROOT = Path(__file__).resolve().parents[4]
MESSAGE = "Cancelled; nothing was left half-done.\n"
ASKS_ITSELF = """
import os, signal
if not os.environ.get("ASKED"):
    os.environ["ASKED"] = "1"
    os.kill(os.getpid(), signal.{sign})
"""


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """The core in a folder of its own, of which a module can be another."""
    folder = tmp_path / "core"
    folder.mkdir()
    shutil.copyfile(ROOT / "__main__.py", folder / "__main__.py")
    shutil.copyfile(ROOT / "__init__.py", folder / "__init__.py")
    for name in ("layers", "resources"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    shutil.copytree(ROOT / "rules", folder / "rules", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("place", ["in a module", "in a class of a module"])
def test_who_stops_it_while_its_modules_are_loaded_reads_one_line(core, sign, place):
    asks = ASKS_ITSELF.format(sign=sign)
    if place == "in a class of a module":  # where Python makes another error of it
        asks = "class Descriptor:\n    def __set_name__(self, *_):\n" + "".join(
            f"        {line}\n" for line in asks.strip().splitlines()
        )
        asks += "class Asks:\n    one = Descriptor()\n"
    with (core / "rules" / "verbs" / "commands" / "verbs.py").open("a") as file:
        file.write("\n" + asks)
    words = [sys.executable, "-I", "-X", "utf8", str(core / "__main__.py"), "words", "--lang", "en"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", MESSAGE)


AS_IT_IS_SAID = """
_printed = _print_json
def _print_json(value):
    _printed(value)
    os.kill(os.getpid(), signal.{sign})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM"])
def test_what_is_done_and_said_is_not_cancelled_any_more(core, sign):
    with (core / "rules" / "verbs" / "commands" / "command_line.py").open("a") as file:
        file.write(AS_IT_IS_SAID.format(sign=sign))
    words = [sys.executable, "-I", "-X", "utf8", str(core / "__main__.py"), "words", "--json"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, timeout=40)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cancelled" not in json.loads(done.stdout)


# As importlib's lock of a module does, whose weak reference ends when the module is loaded: what is raised is lost.
LOST = """
import os, signal, time, weakref
class Lock:
    pass
lock = Lock()
def stop_here(ref):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(9):
        time.sleep(0)
reference = weakref.ref(lock, stop_here)
del lock
{then}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
@pytest.mark.parametrize(
    ("module", "then"), [("verbs/commands/verbs", ""), ("verbs/work/library_work", "time.sleep(60)")]
)
def test_a_request_to_stop_that_python_ignores_is_answered_all_the_same(core, module, then):
    with (core / "rules" / f"{module}.py").open("a") as file:
        file.write("\n" + LOST.format(then=then))
    words = [sys.executable, "-I", "-X", "utf8", str(core / "__main__.py"), "words", "--lang", "en"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, timeout=40)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", MESSAGE)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
def test_other_errors_that_python_ignores_are_still_told(core):
    with (core / "rules" / "verbs" / "work" / "library_work.py").open("a") as file:
        file.write(
            "\nclass Wrong:\n    def __del__(self):\n        raise ValueError('seen')\ndel_me = Wrong()\ndel del_me\n"
        )
    words = [sys.executable, "-I", "-X", "utf8", str(core / "__main__.py"), "words", "--lang", "en"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, timeout=40)
    assert done.returncode == 0 and "ValueError: seen" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
def test_what_ends_in_another_error_because_it_was_stopped_was_cancelled(onemap, monkeypatch):
    def words(*_: object) -> dict[str, object]:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        except Cancelled:
            raise RuntimeError("what a library makes of it") from None

    monkeypatch.setattr(library_work, "words", words)
    answer = onemap("words")
    assert (answer.code, answer.json) == (130, {"problems": [], "cancelled": True})


def test_pressing_twice_does_not_break_off_the_clearing_away(monkeypatch):
    moment = [100.0]
    monkeypatch.setattr(command_line.time, "monotonic", lambda: moment[0])
    progress = command_line._ProgressLine("none")
    with pytest.raises(Cancelled):
        progress.stop()
    moment[0] += 0.2
    progress.stop()
    with pytest.raises(Cancelled):
        progress(0.5, "")
    moment[0] += 5.0
    with pytest.raises(Cancelled):
        progress.stop()


def test_who_heard_signals_before_hears_them_after():
    before = signal.getsignal(signal.SIGINT)
    heard: list[int] = []
    with handling_signals(lambda number, _: heard.append(number)):
        signal.raise_signal(signal.SIGINT)
    assert heard == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is before
