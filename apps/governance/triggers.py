"""What the database itself refuses about change requests, whoever asks, on SQLite and PostgreSQL.

- A vote on a request that is not open, by its requester or by somebody excluded; to change or delete a vote.
- Moving a request out of an end, backwards, or to approved or applied with fewer approvals than it needs.
- To change what a request asks for, or its evidence once that is complete; to delete a request.
- To change or delete a published revision of a policy, or an exclusion.

A migration that alters one of these tables calls `install` again as its last step (SQLite forgets its triggers).
"""

from django.db.backends.base.base import BaseDatabaseWrapper

_REQUEST = "governance_changerequest"
_VOTE = "governance_vote"
_REVISION = "governance_policyrevision"
_EXCLUSION = "governance_exclusion"

_FIXED = (
    "kind action object_type object_id target subject_id payload identity requester requester_id requester_kind"
    " approvals_needed expires_at"
).split()


Rule = tuple[str, str, str, str, str]
"""Of a refusal its name, table, event, condition and words."""


def _rules(vendor: str) -> list[Rule]:
    return [*_of_votes(), *_of_requests(vendor), *_of_what_is_written()]


def _of_votes() -> list[Rule]:
    open_state = f"coalesce((select r.state from {_REQUEST} r where r.id = new.request_id), '')"  # noqa: S608  our own
    requester = f"(select r.requester from {_REQUEST} r where r.id = new.request_id)"  # noqa: S608  tables, in all
    same = "x.request_id = new.request_id and x.username = new.voter"
    excluded = f"exists (select 1 from {_EXCLUSION} x where {same})"  # noqa: S608  of these
    return [
        ("vote_open", _VOTE, "insert", f"{open_state} <> 'open'", "this request is not open for votes"),
        ("vote_self", _VOTE, "insert", f"new.voter = {requester}", "nobody votes on their own request"),
        ("vote_excluded", _VOTE, "insert", excluded, "this person is excluded from voting on this request"),
        ("vote_update", _VOTE, "update", "true", "votes cannot be changed"),
        ("vote_delete", _VOTE, "delete", "true", "votes cannot be withdrawn"),
    ]


def _of_requests(vendor: str) -> list[Rule]:
    differs = "is distinct from" if vendor == "postgresql" else "is not"
    fixed = " or ".join(f"new.{column} {differs} old.{column}" for column in _FIXED)
    evidence = "old.evidence_digest <> '' and new.evidence_digest <> old.evidence_digest"
    onwards = "(old.state = 'open' or (old.state = 'approved' and new.state <> 'open'))"
    approvals = f"(select count(*) from {_VOTE} v where v.request_id = new.id and v.decision = 'approve')"  # noqa: S608
    lacking = (
        "new.state <> old.state and new.state in ('approved', 'applied') and new.kind <> 'break_glass'"
        f" and {approvals} < new.approvals_needed"
    )
    return [
        ("request_fixed", _REQUEST, "update", fixed, "what a request asks for cannot be changed"),
        ("request_evidence", _REQUEST, "update", evidence, "the evidence of a request cannot be changed"),
        (
            "request_state",
            _REQUEST,
            "update",
            f"new.state <> old.state and not {onwards}",
            "a request only moves forward",
        ),
        ("request_approvals", _REQUEST, "update", lacking, "this request lacks approvals"),
        ("request_insert", _REQUEST, "insert", "new.state <> 'open'", "a request begins open"),
        ("request_delete", _REQUEST, "delete", "true", "requests cannot be deleted"),
    ]


def _of_what_is_written() -> list[Rule]:
    published = "old.published_at is not null"
    return [
        ("revision_update", _REVISION, "update", published, "a published policy cannot be changed"),
        ("revision_delete", _REVISION, "delete", published, "a published policy cannot be deleted"),
        ("exclusion_update", _EXCLUSION, "update", "true", "exclusions cannot be changed"),
        ("exclusion_delete", _EXCLUSION, "delete", "true", "exclusions cannot be deleted"),
    ]


TABLES = (_REQUEST, _VOTE, _REVISION, _EXCLUSION)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place."""
    remove(connection)
    with connection.cursor() as cursor:
        for name, table, event, condition, words in _rules(connection.vendor):
            trigger = f"governance_{name}"
            for statement in _statements(connection.vendor, trigger, f"{event} on {table}", condition, words):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: before their tables are dropped, or emptied by a test."""
    with connection.cursor() as cursor:
        for name, table, *_ in _rules(connection.vendor):
            where = f" on {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"drop trigger if exists governance_{name}{where}")
            if connection.vendor == "postgresql":
                cursor.execute(f"drop function if exists governance_{name}()")


def _statements(vendor: str, name: str, when: str, condition: str, words: str) -> list[str]:
    if vendor == "sqlite":
        return [(f"create trigger {name} before {when} when {condition} begin select raise(abort, '{words}'); end")]
    # PostgreSQL's WHEN takes no subqueries, so the condition is asked in the function.
    row = "old" if when.startswith("delete") else "new"
    # A vote waits for whoever is about to end its request.
    wait = f" perform 1 from {_REQUEST} where id = new.request_id for no key update;"
    turn = wait if name.endswith("vote_open") else ""
    return [
        (
            f"create function {name}() returns trigger language plpgsql as $$ begin{turn}"
            f" if {condition} then raise exception '{words}' using errcode = 'check_violation'; end if;"
            f" return {row}; end $$"
        ),
        f"create trigger {name} before {when} for each row execute function {name}()",
    ]
