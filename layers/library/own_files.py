"""The city's own files that are kept with a library: catalogue, calendar and profile; logged, so a change is seen."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from onemap.layers.catalogue.bureau_profile import Names, Profile, checked_profile
from onemap.layers.catalogue.catalogue import OWN_FILES, catalogue_of, own_file_path
from onemap.layers.catalogue.working_days import WorkCalendar, checked_calendar
from onemap.layers.errors import OneMapError, file_reason, text_reason
from onemap.layers.files.durable_names import name_durably
from onemap.layers.files.process_folder import folder_beside
from onemap.layers.files.text_encodings import text_of
from onemap.layers.library.library import Library, keep_fact, log, sha256
from onemap.layers.library.versions import versions
from onemap.layers.progress import settle_work
from onemap.layers.stores.library_tables import own_file_key


def own_file_kind(name: str) -> str:
    """Return the kind of one of the city's own files from the end of its name. Raises OneMapError keep.kind."""
    for kind in OWN_FILES:
        if name.lower().endswith(f".{kind}.toml"):
            return kind
    raise OneMapError("keep.kind", file=name, ends=[f".{kind}.toml" for kind in OWN_FILES])


def own_file_text(path: Path) -> str:
    """Return a file's text. Raises OneMapError source.missing, keep.text."""
    with _refused_file(path):
        return path.read_text(encoding="utf-8-sig")


def notice_text(path: Path) -> str:
    """Read the text of a notice as offices save it, in UTF-8 or GB18030.

    Raises OneMapError source.missing, keep.text, encoding.undecidable.
    """
    with _refused_file(path):
        return text_of(path, None)[0]


@contextlib.contextmanager
def _refused_file(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise OneMapError("source.missing", file=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise OneMapError("keep.text", file=path.name, reason=text_reason(error)) from None


def keep_catalogue(library: Library, text: str, file: str, who: str, seen_hash: str | None = None) -> None:
    """Keep the city's own catalogue with a library. seen_hash: as in `keep_own_file`.

    Raises OneMapError catalogue.… for mistakes in it, keep.layer if it lacks a layer that has versions, keep.conflict.
    """
    entries = catalogue_of(text, file)
    defined = {row[0] for row in library.connection.execute("SELECT code FROM onemap_catalogue")}
    for code in dict.fromkeys(version.code for version in versions(library)):
        if code not in entries and code not in defined:
            raise OneMapError("keep.layer", file=file, layer=code)
    keep_own_file(library, "catalogue", text, who, seen_hash)


def own_text_hash(text: str | None) -> str:
    """Return the hash of one of the city's own files, or of none."""
    return sha256(text or "")


def keep_own_file(library: Library, kind: str, text: str, who: str, seen_hash: str | None = None) -> None:
    """Keep one of the city's own files with a library: beside the library's file, or among its facts on a server.

    seen_hash: the hash of the file that the person changed, None if nobody says. Raises OneMapError keep.conflict,
    library.owner_adds, library.read_only, out.failed.
    """
    library.check_owner()
    with contextlib.ExitStack() as failing:
        with library.writing() as connection:
            if seen_hash is not None and own_text_hash(library.own_file(kind)) != seen_hash:
                raise OneMapError("keep.conflict", file=own_file_name(library, kind), field="--expect")
            if library.path is None:
                keep_fact(connection, own_file_key(kind), text)
            log(connection, who, "keep", kind, {"hash": sha256(text)})
            settle_work()
            if library.path is not None:
                own_file = own_file_path(library.path, kind)
                failing.callback(_put_beside, own_file, own_file.read_bytes() if own_file.exists() else None)
                _put_beside(own_file, text.encode())
        failing.pop_all()


def _put_beside(path: Path, content: bytes | None) -> None:
    """Write a file beside the library's, whole or not at all; None removes it. Raises OneMapError out.failed."""
    try:
        if content is None:
            path.unlink(missing_ok=True)
            return
        with folder_beside(path) as folder:
            (folder / path.name).write_bytes(content)
            name_durably(folder / path.name, path)
    except OSError as error:
        raise OneMapError("out.failed", file=path.name, reason=file_reason(error)) from error


def profile_of(library: Library) -> Profile:
    """Return the bureau's profile that is kept with a library; an empty profile if there is none.

    Raises OneMapError profile.…, keep.text.
    """
    text = library.own_file("profile")
    return Profile() if text is None else checked_profile(text, own_file_name(library, "profile"))


def calendar_of(library: Library) -> WorkCalendar:
    """Return a library's calendar: the years of ONEMAP_CALENDAR's file, then the bureau's own, then the package's.

    Raises OneMapError calendar.syntax, calendar.value, calendar.file.
    """
    text = library.own_file("calendar")
    bureau = WorkCalendar() if text is None else checked_calendar(text, own_file_name(library, "calendar"))
    calendar_file = os.environ.get("ONEMAP_CALENDAR", "")
    return WorkCalendar({**bureau.own, **_named_calendar(Path(calendar_file)).own}) if calendar_file else bureau


def _named_calendar(path: Path) -> WorkCalendar:
    try:
        return checked_calendar(path.read_bytes().decode("utf-8-sig"), path.name)
    except OSError:
        raise OneMapError("calendar.file", file=path.name, field="ONEMAP_CALENDAR") from None
    except UnicodeDecodeError as error:
        raise OneMapError("calendar.syntax", file=path.name, reason=text_reason(error)) from None


def department_names(library: Library) -> Mapping[str, Names]:
    """Return names of departments by code and language: from the profile, or from the catalogue if it cannot be read.

    A mistake in the profile stops no check from giving its verdicts.
    """
    try:
        return profile_of(library).names
    except OneMapError:
        return Profile().names


def own_file_name(library: Library, kind: str) -> str:
    """Return the name of one of the city's own files for errors; on a server, the library's label."""
    return own_file_path(library.path, kind).name if library.path else library.label
