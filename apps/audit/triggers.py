"""The database's own refusal to change the record, whoever asks, on SQLite and PostgreSQL.

SQLite rebuilds a table to alter it and forgets its triggers: a migration that alters one of these tables
calls `install` again as its last step.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

SQLITE = """
create trigger audit_entry_update before update on audit_entry
begin select raise(abort, 'audit entries cannot be changed'); end;
create trigger audit_entry_delete before delete on audit_entry
begin select raise(abort, 'audit entries cannot be deleted'); end;
create trigger audit_head_update before update on audit_head when new.id <> old.id or new.count <> old.count + 1
begin select raise(abort, 'the audit head moves forward, one entry at a time'); end;
create trigger audit_head_delete before delete on audit_head
begin select raise(abort, 'the audit head cannot be deleted'); end;
"""

POSTGRESQL = """
create function audit_refuse() returns trigger language plpgsql as $$
begin raise exception '% on % is refused: the audit record cannot be changed', tg_op, tg_table_name; end $$;
create trigger audit_entry_change before update or delete on audit_entry for each row execute function audit_refuse();
create trigger audit_entry_truncate before truncate on audit_entry execute function audit_refuse();
create trigger audit_head_update before update on audit_head for each row
when (new.id <> old.id or new.count <> old.count + 1) execute function audit_refuse();
create trigger audit_head_delete before delete on audit_head for each row execute function audit_refuse();
create trigger audit_head_truncate before truncate on audit_head execute function audit_refuse();
"""

INSTALLED: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {
        "audit_entry": ("audit_entry_update", "audit_entry_delete"),
        "audit_head": ("audit_head_update", "audit_head_delete"),
    },
    "postgresql": {
        "audit_entry": ("audit_entry_change", "audit_entry_truncate"),
        "audit_head": ("audit_head_update", "audit_head_delete", "audit_head_truncate"),
    },
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL)
            return
        for statement in SQLITE.split("end;\n"):
            if statement.strip():
                cursor.execute(f"{statement}end;")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: before their tables are dropped, or emptied by a test."""
    with connection.cursor() as cursor:
        for table, names in INSTALLED[connection.vendor].items():
            for name in names:
                where = f" on {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"drop trigger if exists {name}{where}")
        if connection.vendor == "postgresql":
            cursor.execute("drop function if exists audit_refuse()")
