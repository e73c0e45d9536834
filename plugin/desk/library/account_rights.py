"""What the account that has opened a library may do in it; in a file everybody may do everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onemap.plugin.words.translation import tr


@dataclass(frozen=True)
class AccountRights:
    """The rights of an account on a server.

    account: empty for a library in a file, in which names are typed.
    departments: for which the account speaks; None for all.
    """

    account: str = ""
    is_owner: bool = True
    is_lead: bool = True
    departments: tuple[str, ...] | None = None

    @property
    def why_not_owner(self) -> str:
        """The reason why an owner's button is disabled; empty if the account is the owner."""
        return "" if self.is_owner else tr("Only an owner of the library on the server may do this")

    @property
    def why_not_lead(self) -> str:
        """The reason why a button of the lead department is disabled; empty if the account may press it."""
        return "" if self.is_lead else tr("Only the lead department may do this")


def rights_in(answer: dict[str, Any]) -> AccountRights:
    """The rights in an answer of the core to `layers`."""
    roles = answer.get("roles") or {}
    is_owner, is_lead = (bool(roles.get(name, True)) for name in ("owner", "lead"))  # an older core does not say
    departments = None if is_owner else tuple(roles.get("departments") or ())
    return AccountRights(str(answer.get("account") or ""), is_owner, is_lead, departments)
