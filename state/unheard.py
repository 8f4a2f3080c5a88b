"""Tasks of executors of which nothing has been heard for some time."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from mcur.playbooks.facts import Task, TaskKind, TaskStatus
from mcur.state.database import StateDatabase
from mcur.state.stamps import text_of
from mcur.state.tasks import Tasks


class Unheard:
    """Looks up the last news of tasks: a change, an accepted act, a letter that answers."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def between(
        self, playbook: str, statuses: Collection[TaskStatus], after: datetime, until: datetime
    ) -> list[Task]:
        """Return executors' tasks in these states whose last news came in (after, until].

        Only what was heard in that time is looked at, each by an index: the rest costs nothing.
        """
        rows = self._db.query(
            """
            WITH heard (key) AS (
                SELECT key FROM tasks
                    WHERE playbook = :playbook AND changed_at > :after AND changed_at <= :until
                UNION SELECT key FROM acts WHERE at > :after AND at <= :until
                UNION SELECT task FROM letters WHERE state = 'answer'
                    AND received_at > :after AND received_at <= :until
            )
            SELECT key FROM tasks t WHERE key IN (SELECT key FROM heard)
                AND playbook = :playbook AND is_open = 1 AND history = 0 AND executor IS NOT NULL
                AND kind = :kind AND status IN (SELECT value FROM json_each(:statuses))
                AND gone_at IS NULL AND changed_at <= :until
                AND NOT EXISTS (SELECT 1 FROM acts a WHERE a.key = t.key AND a.at > :until
                    AND a.state IN ('accepted', 'done'))
                AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.task = t.key
                    AND l.state = 'answer' AND l.received_at > :until)
            ORDER BY decided_at, rowid
            """,
            {
                "playbook": playbook,
                "kind": TaskKind.EXECUTOR,
                "statuses": json.dumps(sorted(statuses)),
                "after": text_of(after),
                "until": text_of(until),
            },
        )
        tasks = Tasks(self._db)
        return [task for row in rows if (task := tasks.get(row["key"])) is not None]
