"""Roles: what somebody has after composites and groups, as Keycloak's tokens tell it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from idp.admin.keycloak.findings import Findings

# Clients of Keycloak's own, whose roles mean something to Keycloak alone.
BUILT_IN: Final = frozenset(
    {
        "account",
        "account-console",
        "admin-cli",
        "broker",
        "realm-management",
        "security-admin-console",
    }
)

_MOST_KNOWN: Final = 10_000  # sets of roles that are kept in memory
_ROLES_OF_KEYCLOAK: Final = "Users with roles in Keycloak's own clients, which are not taken over"

Role: TypeAlias = tuple[str, str]  # of a client ("": of the realm), and its name


@dataclass
class Roles:
    """The roles of a realm, and those that its groups give."""

    _parts: dict[Role, tuple[Role, ...]] = field(default_factory=dict)
    _of_group: dict[str, frozenset[Role]] = field(default_factory=dict)
    _expanded: dict[Role, frozenset[Role]] = field(default_factory=dict)
    _known: dict[frozenset[Role], tuple[dict[str, Any], bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Mapping[str, Any], findings: Findings) -> "Roles":
        """Return the roles of a realm; what is notable about them becomes a finding."""
        roles = cls()
        declared = facts.get("roles") or {}
        for one in declared.get("realm") or ():
            roles._declare("", one, findings)
        for client, ones in (declared.get("client") or {}).items():
            for one in ones:
                roles._declare(client, one, findings)
        for group in facts.get("groups") or ():
            roles._take_group(group, "", frozenset(), findings)
        _note_default(facts, findings)
        return roles

    def of_user(self, user: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
        """Return a user's roles as they are stored: with parts of composites and of groups."""
        held = set(_named(user))
        for path in user.get("groups") or ():
            held |= self._of_group.get(path, frozenset())
            if path not in self._of_group:
                findings.add("roles", "Groups of users that the realm does not declare", path)
        stored, has_own = self._stored(frozenset(held))
        if has_own:
            findings.add("roles", _ROLES_OF_KEYCLOAK)
        return stored

    def _stored(self, held: frozenset[Role]) -> tuple[dict[str, Any], bool]:
        """Return roles as they are stored, and whether some were Keycloak's own.

        Most users have the roles of many others.
        """
        if held in self._known:
            return self._known[held]
        every = set().union(*(self._expand(role) for role in held)) if held else set()
        own = {role for role in every if role[0] not in BUILT_IN}
        clients: dict[str, list[str]] = {}
        for client, name in sorted(own):
            clients.setdefault(client, []).append(name)
        realm = clients.pop("", [])
        stored = {"realm": realm, "clients": clients}, len(own) < len(every)
        if len(self._known) < _MOST_KNOWN:
            self._known[held] = stored
        return stored

    def _declare(self, client: str, role: Mapping[str, Any], findings: Findings) -> None:
        parts = tuple(_composites(role.get("composites") or {}))
        self._parts[client, str(role["name"])] = parts
        if role.get("attributes"):
            findings.add("roles", "Attributes of roles, which have no place here", role["name"])
        if parts and client not in BUILT_IN:
            name = f"{client}/{role['name']}" if client else str(role["name"])
            what = "Composite roles; users get every role in them, as in Keycloak's tokens"
            findings.add("roles", what, name)

    def _take_group(
        self,
        group: Mapping[str, Any],
        above: str,
        inherited: frozenset[Role],
        findings: Findings,
    ) -> None:
        path = str(group.get("path") or f"{above}/{group.get('name', '')}")
        held = inherited | frozenset(_named(group))
        if path in self._of_group:
            # Members name the path alone: nobody knows whose roles were meant.
            what = "Groups that share one path; their members get no roles of either"
            findings.add("roles", what, path, name_all=True)
        self._of_group[path] = frozenset() if path in self._of_group else held
        what = "Groups; their members keep the roles, the groups themselves are not taken over"
        findings.add("roles", what, path)
        if group.get("attributes"):
            findings.add("roles", "Attributes of groups, which are not taken over", path)
        for one in group.get("subGroups") or ():
            self._take_group(one, path, held, findings)

    def _expand(self, role: Role) -> frozenset[Role]:
        if role not in self._expanded:
            reached = {role}
            waiting = [role]
            while waiting:  # composites may hold each other
                new = [part for part in self._parts.get(waiting.pop(), ()) if part not in reached]
                reached.update(new)
                waiting += new
            self._expanded[role] = frozenset(reached)
        return self._expanded[role]


def _named(holder: Mapping[str, Any]) -> Iterable[Role]:
    for name in holder.get("realmRoles") or ():
        yield "", name
    for client, names in (holder.get("clientRoles") or {}).items():
        for name in names:
            yield client, name


def _composites(composites: Mapping[str, Any]) -> Iterable[Role]:
    for name in composites.get("realm") or ():
        yield "", name
    for client, names in (composites.get("client") or {}).items():
        for name in names:
            yield client, name


def _note_default(facts: Mapping[str, Any], findings: Findings) -> None:
    default = (facts.get("defaultRole") or {}).get("name")
    if default:
        what = (
            "Users keep this default role and its parts; whoever is added here later gets no "
            "roles by default"
        )
        findings.add("roles", what, str(default))
