from typing import Any

from idp.admin.keycloak.findings import Findings
from idp.admin.keycloak.roles import Roles


def role(name: str, **composites: Any) -> dict[str, Any]:
    return {"name": name, "composite": bool(composites), "composites": composites}


def roles_of(user: dict[str, Any], findings: Findings | None = None, **facts: Any) -> Any:
    findings = findings or Findings()
    return Roles.of(facts, findings).of_user(user, findings)


def test_a_composite_gives_every_role_in_it_however_deep():
    declared = {
        "realm": [
            role("all", realm=["middle"], client={"desk": ["publisher"]}),
            role("middle", realm=["deep"]),
            role("deep"),
        ],
        "client": {"desk": [role("publisher", client={"desk": ["reader"]}), role("reader")]},
    }
    assert roles_of({"realmRoles": ["all"]}, roles=declared) == {
        "realm": ["all", "deep", "middle"],
        "clients": {"desk": ["publisher", "reader"]},
    }


def test_composites_that_hold_each_other_end():
    declared = {"realm": [role("a", realm=["b"]), role("b", realm=["a"])]}
    assert roles_of({"realmRoles": ["a"]}, roles=declared)["realm"] == ["a", "b"]


def test_a_role_that_nobody_declared_is_kept():
    assert roles_of({"realmRoles": ["loose"], "clientRoles": {"desk": ["x"]}}) == {
        "realm": ["loose"],
        "clients": {"desk": ["x"]},
    }


def test_groups_give_their_roles_and_those_of_the_groups_above_them():
    groups = [
        {
            "name": "district",
            "path": "/district",
            "realmRoles": ["officer"],
            "subGroups": [
                {"name": "upazila", "path": "/district/upazila", "clientRoles": {"desk": ["x"]}}
            ],
        }
    ]
    assert roles_of({"groups": ["/district/upazila"]}, groups=groups) == {
        "realm": ["officer"],
        "clients": {"desk": ["x"]},
    }
    assert roles_of({"groups": ["/district"]}, groups=groups)["clients"] == {}


def test_roles_of_keycloaks_own_clients_are_left_and_told():
    findings = Findings()
    user = {"clientRoles": {"realm-management": ["realm-admin"], "desk": ["x"]}}
    assert roles_of(user, findings) == {"realm": [], "clients": {"desk": ["x"]}}
    assert [one.count for one in findings if "Keycloak's own clients" in one.what] == [1]


def test_what_roles_and_groups_lose_is_told():
    findings = Findings()
    declared = {"realm": [{**role("a"), "attributes": {"x": ["y"]}}]}
    groups = [{"name": "g", "path": "/g", "attributes": {"x": ["y"]}}]
    roles_of({}, findings, roles=declared, groups=groups, defaultRole={"name": "default-roles-x"})
    told = {one.what.split(",")[0].split(";")[0]: one.examples for one in findings}
    assert told == {
        "Attributes of roles": ["a"],
        "Groups": ["/g"],
        "Attributes of groups": ["/g"],
        "Users keep this default role and its parts": ["default-roles-x"],
    }


def test_groups_that_share_a_path_give_no_roles_and_are_told():
    findings = Findings()
    groups = [
        {"name": "a", "path": "/a", "realmRoles": ["harmless"]},
        {
            "name": "a",
            "path": "/a",
            "realmRoles": ["admin"],
            "subGroups": [{"name": "b", "path": "/a/b", "realmRoles": ["x"]}],
        },
        {"name": "a", "path": "/a", "realmRoles": ["third"]},
    ]
    assert roles_of({"groups": ["/a"]}, findings, groups=groups)["realm"] == []
    told = {one.what: one.examples for one in findings}
    assert told["Groups that share one path; their members get no roles of either"] == ["/a"]
    assert roles_of({"groups": ["/a/b"]}, groups=groups)["realm"] == ["admin", "x"]
