"""roles and users/permissions of the 3.0 wire, as administrator and as people who hold something, or nothing.

Ids are numbers that each server gives as it likes; that they fit each other, every step after the first shows.
"""

from tests.contract.steps import FOLLOWS, PASSWORD, Step, delete, differs, experiment, get, patch, post

V3 = "/api/3.0/mlflow"
ROLES, USERS = f"{V3}/roles", f"{V3}/users"
NUMBERS = ("id", "role_id", "user_id")
NOWHERE = 987654321

ONE_WORKSPACE = differs(400, "INVALID_PARAMETER_VALUE", "no workspaces here; the genuine server takes any name")
TEAM_DENY = differs(400, "INVALID_PARAMETER_VALUE", "a team cannot overrule what others grant to its members")
NO_WILDCARD = differs(400, "INVALID_PARAMETER_VALUE", "permissions are kept on one object each")
NOT_KEPT = differs(400, "INVALID_PARAMETER_VALUE", "we keep no permissions on these; the genuine server does")
NO_OBJECT = differs(404, "RESOURCE_DOES_NOT_EXIST", "the genuine server grants on what is not there")
NO_LEVEL = differs(200, "", "the genuine server says what everybody holds, of what is not there too")
UNTOLD = differs(200, "", "nothing is said here of what one may not see")
NO_TEAM = differs(403, "PERMISSION_DENIED", "what is granted by name makes nobody a member of a team")
HIDDEN = differs(404, "RESOURCE_DOES_NOT_EXIST", "absent and hidden look the same here, and not as what is refused")


def role(name: str = "$here risk", save: str = "role", **fields: object) -> Step:
    given = {"workspace": "default", "name": name, "save": {save: "role.id"}, "without": NUMBERS} | fields
    return post(f"{ROLES}/create", **given)


def bad_role(**fields: object) -> Step:
    return post(f"{ROLES}/create", **({"workspace": "default", "name": "$here bad"} | fields))


def role_now(**fields: object) -> Step:
    return get(f"{ROLES}/get", **({"role_id": "$role", "without": NUMBERS} | fields))


def permission(save: str = "permission", **fields: object) -> Step:
    given = {
        "role_id": "$role",
        "resource_type": "experiment",
        "resource_pattern": "$experiment",
        "permission": "READ",
        "without": NUMBERS,
    }
    if "differs" not in fields and save:
        given["save"] = {save: "role_permission.id"}
    return post(f"{ROLES}/permissions/add", **(given | fields))


def bad_permission(**fields: object) -> Step:
    return permission(save="", **fields)


def change(**fields: object) -> Step:
    given = {"role_permission_id": "$permission", "without": NUMBERS}
    return patch(f"{ROLES}/permissions/update", **(given | fields))


def remove(**fields: object) -> Step:
    return delete(f"{ROLES}/permissions/remove", **({"role_permission_id": "$permission"} | fields))


def permissions_now(**fields: object) -> Step:
    return get(f"{ROLES}/permissions/list", role_id="$role", without=NUMBERS, **fields)


def user(name: str) -> Step:
    return post("users/create", username=f"$here-{name}", password=PASSWORD, without=("user",))


def assign(name: str = "ada", **fields: object) -> Step:
    given = {"role_id": "$role", "username": f"$here-{name}", "without": NUMBERS}
    return post(f"{ROLES}/assign", **(given | fields))


def unassign(name: str = "ada", **fields: object) -> Step:
    return delete(f"{ROLES}/unassign", **({"role_id": "$role", "username": f"$here-{name}"} | fields))


def role_users(**fields: object) -> Step:
    return get(f"{ROLES}/users/list", **({"role_id": "$role", "without": NUMBERS} | fields))


def roles_of(name: str = "ada", **fields: object) -> Step:
    return get(f"{USERS}/roles/list", **({"username": f"$here-{name}", "without": NUMBERS} | fields))


def held_by(name: str = "ada", **fields: object) -> Step:
    return get(f"{USERS}/permissions/list", **({"username": f"$here-{name}", "without": NUMBERS} | fields))


def on(name: str = "ada", **fields: object) -> dict[str, object]:
    return {"username": f"$here-{name}", "resource_type": "experiment", "resource_id": "$experiment"} | fields


def grant(name: str = "ada", **fields: object) -> Step:
    return post(f"{USERS}/permissions/grant", **on(name, **({"permission": "READ"} | fields)))


def revoke(name: str = "ada", **fields: object) -> Step:
    return post(f"{USERS}/permissions/revoke", **on(name, **fields))


def counts(name: str = "ada", **fields: object) -> Step:
    return get(f"{USERS}/permissions/get", **on(name, **fields))


def mine(by: str, **fields: object) -> Step:
    return get(f"{USERS}/current/permissions", by=f"$here-{by}", without=NUMBERS, **fields)


def without(step: Step, field: str) -> Step:
    """The same step without a field of its body or query."""
    for sent in (step.body, step.query):
        if sent:
            sent.pop(field)
    return step


ADA, BOB = {"by": "$here-ada"}, {"by": "$here-bob"}
BAD_IDS = ("", "abc", None, [], {}, "1.5", 10**30)

SCENARIOS: dict[str, list[Step]] = {
    "a role from beginning to end": [
        role(description="who looks at risk"),
        role_now(),
        patch(f"{ROLES}/update", role_id="$role", name="$here risks", without=NUMBERS),
        patch(f"{ROLES}/update", role_id="$role", description="and at more", without=NUMBERS),
        patch(f"{ROLES}/update", role_id="$role", name="$here risk", description="d", without=NUMBERS),
        role_now(),
        permissions_now(),
        role_users(),
        delete(f"{ROLES}/delete", role_id="$role"),
        role_now(says=True),
        permissions_now(says=True),
        role_users(says=True),
        delete(f"{ROLES}/delete", role_id="$role", says=True),
        patch(f"{ROLES}/update", role_id="$role", name="$here other", says=True),
        role(),
        role_now(),
        delete(f"{ROLES}/delete", role_id="$role"),
    ],
    "a role below the other prefix": [
        role().at("ajax-api"),
        role_now().at("ajax-api"),
        patch(f"{ROLES}/update", role_id="$role", description="d", without=NUMBERS).at("ajax-api"),
        permissions_now().at("ajax-api"),
        role_users().at("ajax-api"),
        delete(f"{ROLES}/delete", role_id="$role").at("ajax-api"),
    ],
    "roles that cannot be made": [
        role(),
        role(says=False, save="again"),
        *(bad_role(name=name) for name in ("", "  ", None, 5, ["a"], "__user_", "__user_1__", "__user_x")),
        *(bad_role(workspace=name) for name in ("", "  ", None, 5, ["a"])),
        bad_role(description=5),
        bad_role(description=["a"]),
        without(bad_role(), "name"),
        without(bad_role(), "workspace"),
        bad_role(workspace="$here elsewhere", differs=ONE_WORKSPACE),
    ],
    "roles that cannot be changed": [
        role(),
        role("$here other", save="other"),
        patch(f"{ROLES}/update", role_id="$role", says=True),
        patch(f"{ROLES}/update", role_id="$role", name=None, description=None, says=True),
        *(
            patch(f"{ROLES}/update", role_id="$role", name=name)
            for name in ("", "  ", 5, ["a"], "__user_1__", "$here other")
        ),
        patch(f"{ROLES}/update", role_id="$role", description=5),
        patch(f"{ROLES}/update", role_id=NOWHERE, name="$here third", says=True),
        patch(f"{ROLES}/update", name="$here third"),
        *(patch(f"{ROLES}/update", role_id=given, name="$here third") for given in BAD_IDS),
        *(delete(f"{ROLES}/delete", role_id=given) for given in (*BAD_IDS, NOWHERE)),
        *(get(f"{ROLES}/get", role_id=given) for given in ("", "abc", "1.5", 10**30, NOWHERE)),
        get(f"{ROLES}/get"),
        role_now(),
    ],
    "lists of roles": [
        get(f"{ROLES}/list", workspace="$here elsewhere"),
        get(f"{ROLES}/list", workspace=["$here elsewhere", "$here nowhere"]),
        get(f"{ROLES}/list", workspace=""),
        get(f"{ROLES}/list", workspace=["default", ""]),
        get(f"{ROLES}/list", workspace="default", without=("roles",)),
        get(f"{ROLES}/list", without=("roles",)),
        user("ada"),
        get(f"{ROLES}/list", **ADA),
        get(f"{ROLES}/list", workspace="default", **ADA),
        role(),
        assign(),
        get(f"{ROLES}/list", **ADA),
        get(f"{ROLES}/list", workspace="default", without=("roles",), **ADA),
        get(f"{ROLES}/list", workspace=["default", "$here elsewhere"], **ADA),
    ],
    "permissions of a role": [
        experiment(),
        role(),
        permission(),
        bad_permission(),
        permissions_now(),
        change(permission="EDIT"),
        change(permission="USE"),
        change(permission="MANAGE"),
        role_now(),
        remove(),
        remove(),
        change(permission="READ"),
        permissions_now(),
        *(
            step
            for name in ("USE", "EDIT", "MANAGE")
            for step in (permission(permission=name), permissions_now(), remove())
        ),
    ],
    "permissions that cannot be given to a role": [
        experiment(),
        role(),
        *(bad_permission(permission=name) for name in ("", "OWNER", "read", None, 5, "NO_PERMISSIONS")),
        *(bad_permission(resource_type=name) for name in ("", "nothing", "Experiment", None, 5)),
        *(without(bad_permission(), name) for name in ("role_id", "resource_type", "resource_pattern", "permission")),
        *(bad_permission(role_id=given) for given in (*BAD_IDS, NOWHERE)),
        bad_permission(resource_type="run", resource_pattern="1"),
        bad_permission(resource_type="workspace", resource_pattern="1"),
        bad_permission(resource_type="workspace", resource_pattern="*"),
        bad_permission(permission="DENY", differs=TEAM_DENY),
        bad_permission(resource_pattern="*", differs=NO_WILDCARD),
        bad_permission(resource_type="workspace", resource_pattern="*", permission="USE", differs=NOT_KEPT),
        *(
            bad_permission(resource_type=name, resource_pattern="*", differs=NOT_KEPT)
            for name in ("run", "logged_model", "registered_model_version", "scorer", "gateway_endpoint", "mcp_server")
        ),
        bad_permission(resource_pattern=str(NOWHERE), differs=NO_OBJECT),
        bad_permission(resource_type="registered_model", resource_pattern="$here never", differs=NO_OBJECT),
        bad_permission(resource_type="prompt", resource_pattern="$here never", differs=NO_OBJECT),
    ],
    "permissions that cannot be changed": [
        experiment(),
        role(),
        permission(),
        *(change(permission=name) for name in ("", "OWNER", None, 5, "NO_PERMISSIONS")),
        change(permission="DENY", differs=TEAM_DENY),
        without(change(permission="READ"), "permission"),
        without(change(permission="READ"), "role_permission_id"),
        *(change(role_permission_id=given, permission="READ") for given in (*BAD_IDS, NOWHERE)),
        *(remove(role_permission_id=given) for given in (*BAD_IDS, NOWHERE)),
        delete(f"{ROLES}/permissions/remove"),
        permissions_now(differs=FOLLOWS),
    ],
    "permissions on models and prompts": [
        post("registered-models/create", name="$here model"),
        post(
            "registered-models/create",
            name="$here prompt",
            tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}],
        ),
        role(),
        permission(resource_type="registered_model", resource_pattern="$here model"),
        bad_permission(resource_type="registered_model", resource_pattern="$here model"),
        permission(save="of_the_prompt", resource_type="prompt", resource_pattern="$here prompt"),
        change(permission="EDIT"),
        change(role_permission_id="$of_the_prompt", permission="MANAGE"),
        permissions_now(),
        role_now(),
        post("registered-models/rename", name="$here model", new_name="$here renamed"),
        remove(role_permission_id="$of_the_prompt"),
        user("ada"),
        grant(resource_type="registered_model", resource_id="$here renamed", permission="EDIT"),
        counts(resource_type="registered_model", resource_id="$here renamed"),
        held_by(),
        revoke(resource_type="registered_model", resource_id="$here renamed"),
        grant(resource_type="prompt", resource_id="$here prompt", permission="EDIT"),
        held_by(),
        revoke(resource_type="prompt", resource_id="$here prompt"),
        bad_permission(resource_type="prompt", resource_pattern="$here renamed", differs=NO_OBJECT),
        bad_permission(resource_type="registered_model", resource_pattern="$here prompt", differs=NO_OBJECT),
    ],
    "who has a role": [
        role(),
        user("ada"),
        user("bob"),
        roles_of(),
        held_by(),
        assign(),
        assign(says=False),
        assign("bob"),
        role_users(),
        roles_of(),
        roles_of().at("ajax-api"),
        unassign(),
        unassign(),
        role_users(),
        roles_of(),
        roles_of("bob"),
        assign().at("ajax-api"),
        unassign().at("ajax-api"),
        assign("nobody"),
        unassign("nobody"),
        roles_of("nobody"),
        held_by("nobody"),
        assign(role_id=NOWHERE),
        unassign(role_id=NOWHERE),
        without(assign(), "role_id"),
        without(assign(), "username"),
        without(unassign(), "role_id"),
        without(unassign(), "username"),
        without(roles_of(), "username"),
        without(held_by(), "username"),
        *(assign(role_id=given) for given in BAD_IDS),
        *(unassign(role_id=given) for given in BAD_IDS),
        get(f"{ROLES}/users/list", role_id="abc"),
        get(f"{ROLES}/users/list"),
        delete(f"{ROLES}/delete", role_id="$role"),
        roles_of("bob"),
    ],
    "what a role gives its users": [
        experiment(),
        role(),
        role("$here other", save="other"),
        user("ada"),
        counts(),
        permission(permission="USE"),
        assign(),
        counts(),
        held_by(),
        mine("ada"),
        mine("ada").at("ajax-api"),
        held_by(**ADA),
        roles_of(**ADA),
        permission(save="more", role_id="$other", permission="MANAGE"),
        assign(role_id="$other"),
        counts(),
        counts(**ADA),
        held_by(),
        mine("ada"),
        unassign(role_id="$other"),
        counts(),
        change(permission="READ"),
        counts(),
    ],
    "what is granted by name": [
        experiment(),
        user("ada"),
        user("bob"),
        counts(),
        grant(permission="EDIT"),
        grant(permission="READ"),
        counts(),
        held_by(),
        roles_of(),
        mine("ada"),
        revoke(),
        revoke(),
        counts(),
        *(
            step
            for name in ("READ", "USE", "EDIT", "MANAGE")
            for step in (grant(permission=name), counts(), held_by(), mine("ada"), revoke())
        ),
        grant(permission="DENY"),
        counts(),
        held_by(),
        mine("ada", differs=UNTOLD),
        counts(**ADA, differs=UNTOLD),
        revoke(),
        grant(permission="MANAGE").at("ajax-api"),
        counts().at("ajax-api"),
        held_by().at("ajax-api"),
        grant("bob", **ADA),
        counts("bob"),
        counts("bob", **BOB),
        revoke("bob", **ADA),
        revoke("bob", **ADA),
        revoke(**ADA).at("ajax-api"),
        counts(**ADA),
        grant(permission="EDIT"),
        grant("bob", **ADA),
        revoke("bob", **ADA),
    ],
    "grants by name that fail": [
        experiment(),
        user("ada"),
        *(grant(permission=name) for name in ("", "OWNER", None, 5, "NO_PERMISSIONS")),
        *(grant(resource_type=name) for name in ("", "nothing", None, 5, "workspace")),
        *(revoke(resource_type=name) for name in ("", "nothing", None, 5, "workspace")),
        *(counts(resource_type=name) for name in ("", "nothing", "workspace", "run")),
        *(without(grant(), name) for name in ("username", "resource_type", "resource_id", "permission")),
        *(without(revoke(), name) for name in ("username", "resource_type", "resource_id")),
        *(without(counts(), name) for name in ("username", "resource_type", "resource_id")),
        grant("nobody"),
        revoke("nobody"),
        counts("nobody"),
        revoke(resource_id=str(NOWHERE)),
        grant(resource_id="*", differs=NO_WILDCARD),
        revoke(resource_id="*", differs=NO_WILDCARD),
        counts(resource_id="*", differs=NO_WILDCARD),
        grant(resource_type="scorer", resource_id="1/a", differs=NOT_KEPT),
        counts(resource_type="scorer", resource_id="1/a", differs=NOT_KEPT),
        grant(resource_id=str(NOWHERE), differs=NO_OBJECT),
        counts(resource_id=str(NOWHERE), differs=NO_LEVEL),
        held_by(differs=FOLLOWS),
    ],
    "what others may not": [
        experiment(),
        role(),
        user("ada"),
        user("bob"),
        permission(),
        *(
            step
            for caller in (ADA,)
            for step in (
                role("$here fresh", **caller),
                role_now(**caller),
                permissions_now(**caller),
                patch(f"{ROLES}/update", role_id="$role", name="$here stolen", **caller),
                delete(f"{ROLES}/delete", role_id="$role", **caller),
                bad_permission(permission="MANAGE", **caller),
                change(permission="MANAGE", **caller),
                remove(**caller),
                assign(**caller),
                unassign(**caller),
                role_users(**caller),
                roles_of("bob", **caller),
                held_by("bob", **caller),
                roles_of("nobody", **caller),
                held_by("nobody", **caller),
                counts("bob", **caller),
                counts("nobody", **caller),
                grant("ada", permission="MANAGE", **caller),
                grant("bob", **caller),
                revoke("bob", **caller),
                grant("ada", resource_id=str(NOWHERE), differs=HIDDEN, **caller),
                role_now(role_id=NOWHERE, **caller),
                patch(f"{ROLES}/update", role_id=NOWHERE, name="$here stolen", **caller),
                roles_of(**caller),
                held_by(**caller),
                counts(**caller),
            )
        ),
        mine("ada"),
        assign(),
        role_now(**ADA),
        permissions_now(**ADA),
        role_now(role_id=NOWHERE, **ADA),
        patch(f"{ROLES}/update", role_id="$role", name="$here stolen", **ADA),
        delete(f"{ROLES}/delete", role_id="$role", **ADA),
        bad_permission(permission="MANAGE", **ADA),
        change(permission="MANAGE", **ADA),
        remove(**ADA),
        assign("bob", **ADA),
        unassign(**ADA),
        role_users(**ADA),
        roles_of(**ADA),
        roles_of("bob", **ADA),
        change(permission="MANAGE"),
        grant("bob", **ADA),
        role_now(**BOB, differs=NO_TEAM),
    ],
}
