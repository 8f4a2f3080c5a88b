"""Tables and how they came to be: each migration is applied once, in order, at start.

Stamps are UTC text of one width, so that they compare as text. Tables are nouns of the domain.
"""

from __future__ import annotations

from sqlite_utils import Database

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE keys (key TEXT PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL);
    CREATE TABLE health (
        system TEXT PRIMARY KEY, last_success TEXT, down_since TEXT, why TEXT NOT NULL DEFAULT ''
    );

    CREATE TABLE exports (
        id INTEGER PRIMARY KEY, feed TEXT NOT NULL, file TEXT NOT NULL, digest TEXT NOT NULL,
        form TEXT NOT NULL, made_at TEXT NOT NULL, read_at TEXT NOT NULL, rows INTEGER NOT NULL,
        new INTEGER NOT NULL, changed INTEGER NOT NULL, repeated INTEGER NOT NULL,
        vanished INTEGER NOT NULL, quarantined INTEGER NOT NULL
    );
    CREATE INDEX exports_feed ON exports (feed, digest);
    CREATE TABLE appeals (
        source TEXT NOT NULL, number TEXT NOT NULL, feed TEXT NOT NULL, digest TEXT NOT NULL,
        row TEXT NOT NULL, received_at TEXT NOT NULL, municipality TEXT, status TEXT,
        is_open INTEGER NOT NULL, spam INTEGER NOT NULL, due_at TEXT, closed_at TEXT,
        overdue_at TEXT, executor TEXT, house TEXT, topic TEXT, history INTEGER NOT NULL,
        first_seen_at TEXT NOT NULL, export INTEGER NOT NULL, vanished_at TEXT,
        PRIMARY KEY (source, number)
    ) WITHOUT ROWID;
    CREATE INDEX appeals_feed ON appeals (feed, received_at);
    CREATE INDEX appeals_stock ON appeals (spam, vanished_at, is_open, status);
    CREATE INDEX appeals_falling_due ON appeals (due_at) WHERE is_open = 1 AND overdue_at IS NULL;
    CREATE INDEX appeals_overdue ON appeals (overdue_at) WHERE overdue_at IS NOT NULL;
    CREATE TABLE appeal_history (
        id INTEGER PRIMARY KEY, source TEXT NOT NULL, number TEXT NOT NULL, at TEXT NOT NULL,
        export INTEGER NOT NULL, field TEXT NOT NULL, old TEXT, new TEXT
    );
    CREATE INDEX appeal_history_of ON appeal_history (source, number);
    CREATE TABLE corrections (
        source TEXT NOT NULL, number TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
        by TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (source, number, field)
    ) WITHOUT ROWID;
    CREATE TABLE entries (
        what TEXT NOT NULL, at TEXT NOT NULL, source TEXT NOT NULL, number TEXT NOT NULL,
        PRIMARY KEY (what, at, source, number)
    ) WITHOUT ROWID;
    CREATE INDEX entries_of ON entries (source, number);
    CREATE TABLE counters (
        what TEXT NOT NULL, hour TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (what, hour)
    ) WITHOUT ROWID;
    CREATE TABLE fresh_appeals (
        source TEXT NOT NULL, number TEXT NOT NULL, first INTEGER NOT NULL, changed TEXT NOT NULL,
        PRIMARY KEY (source, number)
    ) WITHOUT ROWID;
    CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, feed TEXT NOT NULL,
        file TEXT NOT NULL, line INTEGER, reason TEXT NOT NULL, raw TEXT NOT NULL,
        UNIQUE (kind, feed, file, line, reason, raw)
    );

    CREATE TABLE letters (
        digest TEXT PRIMARY KEY, message_id TEXT, sender TEXT NOT NULL, subject TEXT NOT NULL,
        received_at TEXT NOT NULL, letter TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,
        task TEXT, seen INTEGER NOT NULL DEFAULT 1
    );
    CREATE INDEX letters_state ON letters (state, received_at);
    CREATE TABLE places (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL,
        uid TEXT NOT NULL, digest TEXT NOT NULL,
        PRIMARY KEY (account, folder, uidvalidity, uid)
    ) WITHOUT ROWID;

    CREATE TABLE tasks (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL,
        clause TEXT NOT NULL, project TEXT NOT NULL, subject TEXT NOT NULL, status TEXT NOT NULL,
        assignee TEXT, executor TEXT, author TEXT NOT NULL, tracker TEXT NOT NULL, ident TEXT, url TEXT NOT NULL,
        due_at TEXT, decided_at TEXT NOT NULL, created_at TEXT, accepted_at TEXT, done_at TEXT,
        closed_at TEXT, changed_at TEXT, measures TEXT, causes TEXT, prevention TEXT, source TEXT,
        number TEXT, letter TEXT, address TEXT, topic TEXT, parent TEXT,
        reopen_count INTEGER NOT NULL, announce INTEGER NOT NULL, history INTEGER NOT NULL,
        is_open INTEGER NOT NULL, fresh INTEGER NOT NULL, seen TEXT, gone_at TEXT
    );
    CREATE UNIQUE INDEX tasks_ident ON tasks (tracker, ident) WHERE ident IS NOT NULL;
    CREATE INDEX tasks_open ON tasks (playbook, is_open, kind);
    CREATE INDEX tasks_changed ON tasks (playbook, changed_at);
    CREATE INDEX tasks_fresh ON tasks (fresh) WHERE fresh = 1;
    CREATE INDEX tasks_announce ON tasks (playbook) WHERE announce = 1;
    CREATE TABLE notes (
        task TEXT NOT NULL, ident TEXT NOT NULL, at TEXT NOT NULL, author TEXT NOT NULL,
        text TEXT NOT NULL, changes TEXT NOT NULL, PRIMARY KEY (task, ident)
    ) WITHOUT ROWID;
    CREATE TABLE announcements (
        playbook TEXT NOT NULL, executor TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (playbook, executor)
    ) WITHOUT ROWID;
    CREATE TABLE acts (
        ident TEXT PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, person TEXT NOT NULL,
        do TEXT NOT NULL, key TEXT, text TEXT NOT NULL, origin TEXT NOT NULL,
        fields TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, seq INTEGER NOT NULL
    );
    CREATE INDEX acts_state ON acts (state, seq);
    CREATE TABLE absences (
        person TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, substitute TEXT,
        PRIMARY KEY (person, first)
    ) WITHOUT ROWID;

    CREATE TABLE terms (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, clause TEXT NOT NULL,
        object TEXT NOT NULL, started_at TEXT NOT NULL, due_at TEXT NOT NULL, outcome TEXT,
        ended_at TEXT, wakes INTEGER NOT NULL, fresh INTEGER NOT NULL, why TEXT NOT NULL
    );
    CREATE INDEX terms_running ON terms (playbook, rule, due_at) WHERE outcome IS NULL;
    CREATE INDEX terms_breached ON terms (playbook, clause, due_at) WHERE outcome = 'breached';
    CREATE INDEX terms_fresh ON terms (fresh) WHERE fresh = 1;
    CREATE TABLE reports (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, day TEXT NOT NULL,
        state TEXT NOT NULL, document TEXT, decided_at TEXT NOT NULL, reviewed_by TEXT,
        named INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX reports_of ON reports (playbook, rule, state);
    CREATE TABLE drafts (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, clause TEXT NOT NULL,
        owner TEXT NOT NULL, state TEXT NOT NULL, letter TEXT NOT NULL, at TEXT NOT NULL
    );
    CREATE TABLE flags (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, clause TEXT NOT NULL,
        object TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL
    );
    CREATE TABLE findings (
        playbook TEXT NOT NULL, rule TEXT NOT NULL, object TEXT NOT NULL, day TEXT NOT NULL,
        clause TEXT NOT NULL, outcome TEXT NOT NULL, why TEXT NOT NULL, numbers TEXT NOT NULL,
        at TEXT NOT NULL, PRIMARY KEY (playbook, rule, object, day)
    ) WITHOUT ROWID;

    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, token TEXT NOT NULL,
        effect TEXT NOT NULL, playbook TEXT NOT NULL, rule TEXT NOT NULL, clause TEXT NOT NULL,
        channel TEXT NOT NULL, destination TEXT NOT NULL, task TEXT, payload TEXT NOT NULL,
        urgent INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        doubt INTEGER NOT NULL DEFAULT 0, next_at TEXT NOT NULL, not_after TEXT,
        created_at TEXT NOT NULL, claimed_at TEXT, done_at TEXT, late INTEGER NOT NULL DEFAULT 0,
        repeats INTEGER NOT NULL DEFAULT 0, receipt TEXT NOT NULL DEFAULT '',
        why TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX outbox_waiting ON outbox (destination, urgent DESC, id) WHERE state = 'waiting';
    CREATE INDEX outbox_expiring ON outbox (state, not_after) WHERE not_after IS NOT NULL;
    CREATE INDEX outbox_changes ON outbox (state, task) WHERE task IS NOT NULL;
    CREATE INDEX outbox_state ON outbox (state, id);
    CREATE INDEX outbox_token ON outbox (token);
    CREATE INDEX outbox_task ON outbox (task, id);
    CREATE INDEX outbox_done ON outbox (playbook, channel, done_at);
    CREATE TABLE circuits (
        destination TEXT PRIMARY KEY, failures INTEGER NOT NULL, open_until TEXT NOT NULL,
        since TEXT NOT NULL, why TEXT NOT NULL
    );

    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, event TEXT NOT NULL, playbook TEXT NOT NULL,
        rule TEXT NOT NULL, clause TEXT NOT NULL, key TEXT NOT NULL, by TEXT NOT NULL,
        evidence TEXT NOT NULL, digest TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
    );
    CREATE INDEX journal_key ON journal (key);
    """,
    """
    ALTER TABLE appeals ADD COLUMN block TEXT;
    ALTER TABLE appeals ADD COLUMN category TEXT;
    ALTER TABLE appeals ADD COLUMN subcategory TEXT;
    ALTER TABLE appeals ADD COLUMN origin TEXT;
    ALTER TABLE appeals ADD COLUMN repeat INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE indices (
        category TEXT PRIMARY KEY, value TEXT NOT NULL, export INTEGER NOT NULL,
        received_at TEXT NOT NULL, fresh INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE incidents (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, clause TEXT NOT NULL,
        object TEXT NOT NULL, mode TEXT NOT NULL, state TEXT NOT NULL, detected_at TEXT NOT NULL,
        onset_at TEXT NOT NULL, entered_at TEXT NOT NULL, count INTEGER NOT NULL,
        houses TEXT NOT NULL, why TEXT NOT NULL, life_threat INTEGER NOT NULL,
        declared_by TEXT NOT NULL, solved_at TEXT, closed_at TEXT, facts TEXT NOT NULL
    );
    CREATE INDEX incidents_open ON incidents (playbook, detected_at)
        WHERE state IN ('open', 'suspected');
    CREATE TABLE plans (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, clause TEXT NOT NULL,
        task TEXT NOT NULL UNIQUE, state TEXT NOT NULL, incident TEXT, measures TEXT NOT NULL,
        approved_at TEXT
    );
    """,
    """
    CREATE INDEX tasks_parent ON tasks (parent) WHERE parent IS NOT NULL;
    """,
    """
    ALTER TABLE indices RENAME TO indices_of_all;
    CREATE TABLE indices (
        municipality TEXT NOT NULL, category TEXT NOT NULL, value TEXT NOT NULL,
        export INTEGER NOT NULL, received_at TEXT NOT NULL, fresh INTEGER NOT NULL,
        PRIMARY KEY (municipality, category)
    ) WITHOUT ROWID;
    INSERT INTO indices SELECT '', category, value, export, received_at, fresh FROM indices_of_all;
    DROP TABLE indices_of_all;
    """,
    """
    DELETE FROM quarantine WHERE id NOT IN (
        SELECT min(id) FROM quarantine
        GROUP BY kind, feed, file, coalesce(line, 0), reason, raw
    );
    CREATE UNIQUE INDEX quarantine_once
        ON quarantine (kind, feed, file, coalesce(line, 0), reason, raw);
    """,
    """
    CREATE TABLE extensions (
        task TEXT PRIMARY KEY, playbook TEXT NOT NULL, asked_at TEXT NOT NULL, due_at TEXT,
        wanted TEXT, lacks TEXT NOT NULL, state TEXT NOT NULL
    );
    CREATE INDEX extensions_asked ON extensions (playbook, asked_at) WHERE state = 'asked';
    """,
    """
    CREATE TABLE climbs (
        key TEXT PRIMARY KEY, playbook TEXT NOT NULL, rule TEXT NOT NULL, object TEXT NOT NULL,
        occasion INTEGER NOT NULL, started_at TEXT NOT NULL, said TEXT NOT NULL,
        since TEXT NOT NULL, due_at TEXT, step INTEGER NOT NULL, state TEXT NOT NULL
    );
    CREATE INDEX climbs_running ON climbs (playbook, rule, started_at) WHERE state = 'climbing';
    CREATE INDEX climbs_of ON climbs (object);
    CREATE INDEX letters_task ON letters (task) WHERE task IS NOT NULL;
    """,
    """
    ALTER TABLE incidents ADD COLUMN named TEXT NOT NULL DEFAULT '{}';
    """,
    """
    CREATE TABLE outages (
        number TEXT PRIMARY KEY, feed TEXT NOT NULL, row TEXT NOT NULL, entered TEXT NOT NULL,
        before TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, campaign TEXT,
        fresh INTEGER NOT NULL, vanished_at TEXT
    ) WITHOUT ROWID;
    CREATE INDEX outages_last ON outages (last_at);
    CREATE INDEX outages_fresh ON outages (fresh) WHERE fresh = 1;
    CREATE TABLE inspections (
        number TEXT PRIMARY KEY, feed TEXT NOT NULL, row TEXT NOT NULL, entered TEXT NOT NULL,
        before TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, campaign TEXT,
        fresh INTEGER NOT NULL, vanished_at TEXT
    ) WITHOUT ROWID;
    CREATE INDEX inspections_of ON inspections (campaign, number);
    CREATE TABLE mirror_history (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, number TEXT NOT NULL, at TEXT NOT NULL,
        field TEXT NOT NULL, old TEXT, new TEXT
    );
    CREATE INDEX mirror_history_of ON mirror_history (kind, number);
    CREATE TABLE mirror_exports (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, feed TEXT NOT NULL, file TEXT NOT NULL,
        digest TEXT NOT NULL, made_at TEXT NOT NULL, read_at TEXT NOT NULL, rows INTEGER NOT NULL,
        quarantined INTEGER NOT NULL
    );
    CREATE INDEX mirror_exports_of ON mirror_exports (kind, made_at);
    """,
    """
    CREATE TABLE joined (
        playbook TEXT NOT NULL, source TEXT NOT NULL, number TEXT NOT NULL, task TEXT NOT NULL,
        place TEXT NOT NULL, told INTEGER NOT NULL, PRIMARY KEY (playbook, source, number)
    ) WITHOUT ROWID;
    CREATE INDEX joined_untold ON joined (playbook) WHERE told = 0;
    CREATE INDEX joined_places ON joined (playbook, place);
    CREATE INDEX joined_tasks ON joined (task);
    """,
    """
    CREATE INDEX terms_waking ON terms (playbook, due_at) WHERE outcome IS NULL AND wakes = 1;
    """,
    """
    UPDATE joined SET told = 2 WHERE told = 1;
    DROP INDEX joined_untold;
    CREATE INDEX joined_untold ON joined (playbook, told) WHERE told < 2;
    """,
    """
    ALTER TABLE letters ADD COLUMN what TEXT NOT NULL DEFAULT '';
    ALTER TABLE letters ADD COLUMN row TEXT NOT NULL DEFAULT '';
    ALTER TABLE letters ADD COLUMN playbook TEXT NOT NULL DEFAULT '';
    CREATE INDEX letters_sender ON letters (sender, received_at, digest);
    """,
    """
    ALTER TABLE drafts ADD COLUMN task TEXT;
    CREATE INDEX drafts_waiting ON drafts (playbook, at) WHERE state = 'waiting';
    """,
    """
    CREATE TABLE answered (
        task TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (task, digest)
    ) WITHOUT ROWID;
    """,
    """
    CREATE INDEX acts_at ON acts (at);
    CREATE INDEX acts_of ON acts (key, seq);
    """,
    """
    CREATE INDEX exports_empty ON exports (made_at) WHERE rows = 0 AND quarantined = 0;
    """,
    """
    CREATE INDEX outbox_unsent ON outbox (playbook, created_at)
        WHERE effect = 'send_letter' AND state IN ('waiting', 'claimed', 'dead');
    """,
)


class ShapeUnknown(Exception):
    """The file was written by a newer mcur, or by another program; the message says which."""


def migrate(db: Database) -> int:
    """Bring the database to the newest shape; return how many migrations were applied."""
    db.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
    known = {row["number"] for row in db.query("SELECT number FROM migrations")}
    if known and max(known) > len(MIGRATIONS):
        msg = (
            f"was written by a newer mcur (shape {max(known)}, this one knows {len(MIGRATIONS)}):"
            " install that version again"
        )
        raise ShapeUnknown(msg)
    applied = 0
    for number, script in enumerate(MIGRATIONS, start=1):
        if number in known:
            continue
        with db.atomic():
            for statement in filter(str.strip, script.split(";")):
                db.conn.execute(statement)
            db.conn.execute("INSERT INTO migrations (number) VALUES (?)", (number,))
        applied += 1
    return applied
