"""The people of the demo: three teams, an auditor who only reads, somebody from outside, and a program."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.accounts.models import Team, User
from apps.accounts.services import people, service_accounts, teams, tokens
from apps.demo.schedule import SERVICE_ACCOUNT
from apps.demo.studies import Study
from mlregistry.actor import Actor
from mlregistry.levels import Level

PEOPLE = {
    "mira.okafor": "Customer Analytics",
    "tomas.lindqvist": "Customer Analytics",
    "ines.carvalho": "Credit Risk",
    "yusuf.demir": "Credit Risk",
    "hanna.vogel": "Supply Planning",
    "petra.novak": "",
    "liam.frost": "",
}
"""Who there is, with the team of each."""
READER, OUTSIDER = "petra.novak", "liam.frost"
ANSWERS_FOR_SERVICE = "hanna.vogel"
TEAMS = {
    "Customer Analytics": "Churn, campaigns and support. Standup at 9:30.",
    "Credit Risk": "Scorecards and valuations; what they put to use is regulated.",
    "Supply Planning": "Forecasts for shops and warehouses, every night.",
}

REVIEWERS = {
    "Model Risk": ("yusuf.demir", "petra.novak"),
    "IT Operations": ("tomas.lindqvist", "hanna.vogel"),
}
"""Teams that review what others want in Production, and who is in them."""


@dataclass
class Staff:
    """Everybody, by username, and what they sign in with."""

    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    token: str = ""
    """Of the service account."""

    def actor(self, username: str) -> Actor:
        return self.users[username].actor()


def taken() -> list[str]:
    """Names of the demo that belong to somebody already."""
    users = User.objects.filter(username__in=[*PEOPLE, SERVICE_ACCOUNT]).values_list("username", flat=True)
    return sorted([*users, *Team.objects.filter(name__in=[*TEAMS, *REVIEWERS]).values_list("name", flat=True)])


def hire(*, password: str, by: Actor) -> Staff:
    """Make everybody, with `password` or one of their own each."""
    staff = Staff()
    for name, description in TEAMS.items():
        staff.teams[name] = teams.create(name=name, description=description, by=by)
    for username, team in PEOPLE.items():
        staff.passwords[username] = password or secrets.token_urlsafe(people.RANDOM_PASSWORD_BYTES)
        user = people.create(
            username=username, password=staff.passwords[username], email=f"{username}@example.org", by=by
        )
        staff.users[username] = user
        if team:
            teams.add_member(team=staff.teams[team], user=user, by=by)
    account = service_accounts.create(username=SERVICE_ACCOUNT, owner=staff.users[ANSWERS_FOR_SERVICE], by=by)
    staff.users[SERVICE_ACCOUNT] = account
    teams.add_member(team=staff.teams["Supply Planning"], user=account, by=by)
    _, staff.token = tokens.create(user=account, name="nightly job of the demo", by=staff.actor(ANSWERS_FOR_SERVICE))
    return staff


def levels(study: Study, staff: Staff) -> list[tuple[User | Team, Level]]:
    """Who may do what with a study's experiment and models, beside their creators."""
    given: list[tuple[User | Team, Level]] = [
        (staff.teams[study.team], Level.EDIT),
        (staff.users[READER], Level.READ),
        (staff.users[OUTSIDER], Level.NO_PERMISSIONS),
    ]
    if study.hidden_from:
        given.append((staff.teams[study.hidden_from], Level.NO_PERMISSIONS))
    return given


def sign_in_lines(staff: Staff, told: Mapping[str, str]) -> list[str]:
    """Everybody, with what they may do and their password; for the end of the command."""
    width = max(map(len, PEOPLE))
    return [f"  {username:<{width}}  {password}  {told[username]}" for username, password in staff.passwords.items()]


MAY = {
    "mira.okafor": "Customer Analytics; manages Customer churn",
    "tomas.lindqvist": "Customer Analytics; manages Support ticket topics",
    "ines.carvalho": "Credit Risk; manages Credit risk",
    "yusuf.demir": "Credit Risk; manages House prices",
    "hanna.vogel": "Supply Planning; manages Demand forecast",
    READER: "reads everything",
    OUTSIDER: "sees nothing of it",
}
