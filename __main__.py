"""The core's door: `onemap VERB …`, `python -m onemap VERB …`, `python -I FOLDER/__main__.py VERB …`."""

import sys  # all else is loaded where Ctrl+C ends the work already

_CANCELLED = 130
_asked_to_stop = []


def _register_package() -> None:
    """Make this folder the package `onemap`, whatever its name and wherever it lies.

    With `-I` Python finds neither the folder nor the package, and putting the folder's parent on the path would
    make every other plugin beside it importable.
    """
    import importlib.util
    from pathlib import Path

    if "onemap" in sys.modules:
        return
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "onemap", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["onemap"] = package
    spec.loader.exec_module(package)


_ARGUMENTS = "ONEMAP_ARGUMENTS"


def _hide_passwords() -> None:
    """Begin anew without a password that was typed into an address: a list of processes shows arguments to everyone.

    What was typed, and the password for libpq and the processes that this one starts, are in the environment, which is
    shown to nobody else. Windows shows arguments to their user only.
    """
    import json
    import os

    typed_arguments = os.environ.pop(_ARGUMENTS, None)
    if typed_arguments is not None:
        sys.argv[1:] = json.loads(typed_arguments)
        return
    if os.name != "posix" or not any(set("=@%＠") & set(argument) or "://" in argument for argument in sys.argv[1:]):
        return
    from onemap.layers.secret_words import shown_word
    from onemap.layers.server_address import passwords_in

    program = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv[1:])]
    public_words = [*program, *map(shown_word, sys.argv[1:])]
    if public_words == sys.orig_argv:
        return
    passwords = {word for argument in sys.argv[1:] for word in passwords_in(argument)}
    if len(passwords) == 1 and "PGPASSWORD" not in os.environ:
        os.environ["PGPASSWORD"] = passwords.pop()
    os.environ[_ARGUMENTS] = json.dumps(sys.argv[1:])
    os.execv(sys.executable, public_words)  # nosec B606


def _run() -> int:
    """Run the command line; returns its exit code."""
    import os
    import signal

    def stop(number: int, _: object) -> None:
        _asked_to_stop.append(number)
        raise KeyboardInterrupt

    def take(unraisable: object) -> None:
        # What is raised in a callback of importlib's is lost; it is raised once more when all is loaded.
        if unraisable.exc_type is not KeyboardInterrupt:
            sys.__unraisablehook__(unraisable)

    sys.unraisablehook = take
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)
    _register_package()
    from onemap.layers.gdal_limits import limit_gdal

    # QGIS hands its children the way to its own PROJ and GDAL, too; the core has others.
    limit_gdal()
    # With one thread a sum of products ends in the same digit on every machine, and none waits for work from the start.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    _hide_passwords()
    if sys.argv[1:] == ["--compile"]:  # by whoever sets the core up
        from onemap.rules.judge.overlay.pair_ground import compile_kernel

        return compile_kernel()
    from onemap.layers.files.temporary_room import temporary_room
    from onemap.rules.verbs.commands.command_line import main as run

    if _asked_to_stop:
        raise KeyboardInterrupt
    with temporary_room():
        code = run()
        _hear_no_more()
    return code


def _stopped() -> int:
    """Answer Ctrl+C that came before there was anything to cancel; returns the exit code."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _register_package()
    from onemap.rules.verbs.commands.command_line import report_cancelled

    return report_cancelled(sys.argv[1:])


def _leave(code: int) -> None:
    """End at once: threads in the middle of a calculation that nobody wants any more are not waited for."""
    import os

    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _hear_no_more() -> None:
    """All is said: what comes now comes too late."""
    import signal

    for late in (signal.SIGINT, signal.SIGTERM):
        signal.signal(late, signal.SIG_IGN)


def main() -> int:
    """Run the command line; returns its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this very message is for older ones
        sys.stderr.write("onemap needs Python 3.11 or newer; this is %d.%d\n" % sys.version_info[:2])  # noqa: UP031
        return 3
    try:
        code = _run()
    except BaseException as error:
        # What is broken off while a module is loaded may end in an error of another kind.
        if not (_asked_to_stop or isinstance(error, KeyboardInterrupt)):
            raise
        code = _stopped()
    finally:
        _hear_no_more()
    if code == _CANCELLED:
        _leave(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
