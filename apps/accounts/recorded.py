"""What the record says of accounts."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.audit.sentences import add_sentences, name_target

Details = Mapping[str, Any]


def _of_holder(before: str, after: str) -> Callable[[Details], str]:
    """Grants are recorded as given to "user:ada" or "team:ml-core"."""

    def template(details: Details) -> str:
        team = "team " if str(details.get("holder", "")).startswith("team:") else ""
        return f"{before} {team}{{holder:behind}} {after}"

    return template


def add() -> None:
    name_target("accounts.user", "account")
    name_target("accounts.team", "team")
    name_target("accounts.token", "token")
    add_sentences(
        {
            "accounts.sign_in.succeed": "signed in",
            "accounts.sign_in.end": "signed out",
            "accounts.sign_in.fail": "failed to sign in as {username}",
            "accounts.sign_in.lock_out": "was locked out, after too many failures to sign in as {username}",
            "accounts.person.create": lambda details: (
                "made {target}, an administrator" if details.get("is_admin") else "made {target}"
            ),
            "accounts.person.set_password": "set the password of {target}",
            "accounts.person.set_email": "changed the e-mail address of {target}",
            "accounts.person.set_admin": lambda details: (
                "made {target} an administrator"
                if details.get("is_admin")
                else "took the administrator's rights from {target}"
            ),
            "accounts.person.activate": "switched {target} on again",
            "accounts.person.deactivate": "switched {target} off",
            "accounts.person.delete": "deleted {target}",
            "accounts.service_account.create": "made the service {target}, for which {owner} answers",
            "accounts.service_account.set_owner": "had {owner} answer for {target}, in the place of {before}",
            "accounts.service_account.activate": "switched the service {target} on again",
            "accounts.service_account.deactivate": "switched the service {target} off",
            "accounts.service_account.delete": "deleted the service {target}",
            "accounts.team.create": "made {target}",
            "accounts.team.update": "renamed or described {target}",
            "accounts.team.add_member": "put {member} into {target}",
            "accounts.team.remove_member": "took {member} out of {target}",
            "accounts.team.delete": "deleted {target}, whose members were {members}",
            "accounts.token.create": "made {target} for {user}, which may {scope}",
            "accounts.token.revoke": "revoked {target} of {user}",
            "accounts.grant.create": _of_holder("gave", "{level} on {target}"),
            "accounts.grant.update": _of_holder("gave", "{level} on {target}, where it was {before}"),
            "accounts.grant.remove": _of_holder("took back what", "was granted on {target}"),
        }
    )
