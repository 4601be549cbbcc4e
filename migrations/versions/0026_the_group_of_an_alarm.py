"""The group whose audits raised an alarm, beside each alarm.

Revision: 0026, after 0025. Alarms of older programs were those of a whole side. Events that name
groups are there only where a newer program ran before: then they tell.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

RAISED = "SELECT details FROM audit_event WHERE kind = 'alarm' ORDER BY id"


def upgrade() -> None:
    op.add_column("alarm", sa.Column("group_name", sa.Text(), nullable=True))
    connection = op.get_bind()
    told = [
        group
        for (text,) in connection.exec_driver_sql(RAISED).fetchall()
        for details in [json.loads(text)]
        for group in details.get("groups") or [None] * len(details["sides"])
    ]
    rows = [(group, number) for number, group in enumerate(told, start=1) if group is not None]
    if rows:
        connection.exec_driver_sql("UPDATE alarm SET group_name = ? WHERE id = ?", rows)
    op.execute(
        "CREATE TRIGGER alarm_group_no_update BEFORE UPDATE OF group_name ON alarm "
        "BEGIN SELECT RAISE(ABORT, 'alarm is append-only'); END"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER alarm_group_no_update")
    op.drop_column("alarm", "group_name")
