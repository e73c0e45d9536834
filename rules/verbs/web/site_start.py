"""A site with what answers for it: for a library in a file cores that all share, on a server one for each account."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from starlette.types import ASGIApp

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.server_address import is_server, server_address
from onemap.layers.stores.server.account_connection import account_server, check_proved_server, forget_server_variables
from onemap.rules.contract.declaration import Verb
from onemap.rules.verbs.web.account_door import AccountDoor
from onemap.rules.verbs.web.code_door import CodeDoor
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.job_table import JobTable
from onemap.rules.verbs.web.parcel_limits import Limits
from onemap.rules.verbs.web.public_pages import public_app
from onemap.rules.verbs.web.serve_child import ServeChild
from onemap.rules.verbs.web.site_guard import SiteNames
from onemap.rules.verbs.web.verb_question import Asker, verbs_for_others
from onemap.rules.verbs.web.web_site import SiteParts, WebSite

_AT_ONCE = 2  # questions that are worked on
_ACCOUNTS_AT_ONCE = 16  # of which each account's core does one


def file_site(
    library: str,
    names: SiteNames,
    verbs: Mapping[str, Verb],
    language: str,
    tell: Callable[[str], None],
    stack: ExitStack,
) -> ASGIApp:
    """The site of a library in a file. tell: called with each code; stack: closed at the end."""
    limits, asker = Limits(), Asker(library, language, names_files=False)
    # Whoever looks at a page waits for it; a program that asks for a check may wait a little longer.
    pool = CorePool(_AT_ONCE, language, limits.seconds, gives_way=True)
    desk_pool = CorePool(_AT_ONCE, language, limits.seconds)
    jobs = JobTable(pool, asker, _AT_ONCE, _AT_ONCE)
    for part in (desk_pool, pool, jobs):
        stack.callback(part.end)
    door = CodeDoor(tell)
    return WebSite(SiteParts(asker, verbs_for_others(verbs), jobs, limits, names, door, desk_pool, lambda: True)).app


def public_site(library: str, names: SiteNames, language: str) -> ASGIApp:
    """The site of public notices alone, with nobody signed in.

    Raises OneMapError notice.account for an account on a server that may do more than write comments, web.tls for a
    server elsewhere that is not proved, and what opening the library raises.
    """
    if is_server(library):
        check_proved_server(library)
    with open_library(library) as opened:
        if opened.path is None and not opened.roles.is_public:
            role = f"onemap_{server_address(library).schema or 'onemap'}_public"
            raise OneMapError("notice.account", account=opened.account or "", role=role)
    return public_app(library, names, language)


def server_site(
    library: str, takes_directory: bool, names: SiteNames, verbs: Mapping[str, Verb], language: str, stack: ExitStack
) -> ASGIApp:
    """The site of a library on a server, which has no account of its own there. stack: ends what answers.

    Raises OneMapError as `account_server`.
    """
    server = account_server(library, takes_directory=takes_directory)
    forget_server_variables()
    limits, asker = Limits(), Asker(server.held_location, language, names_files=False)
    nobody = CorePool(0, language, limits.seconds)
    jobs = JobTable(nobody, asker, _ACCOUNTS_AT_ONCE, max(_AT_ONCE, os.cpu_count() or 1))
    given = {"library": library, "directory": takes_directory}
    door = AccountDoor(lambda: ServeChild(language), given, limits.seconds)
    for part in (door, jobs):
        stack.callback(part.end)
    return WebSite(SiteParts(asker, verbs_for_others(verbs), jobs, limits, names, door, nobody, server.answers)).app
