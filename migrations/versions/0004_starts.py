"""Attempts that wait to be started, and by index what the reaper looks for."""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_QUEUED = text("state = 'queued'")


def upgrade() -> None:
    """Let `moved_at` be absent, and make the indexes."""
    op.alter_column("attempt", "moved_at", nullable=True)
    op.drop_index("ix_attempt_open", "attempt")
    op.create_index(
        "ix_attempt_under_way", "attempt", ["run_id"],
        postgresql_where=text("state IN ('queued','running') AND moved_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_attempt_waiting", "attempt", ["run_id", "id"],
        postgresql_where=text("state = 'queued' AND moved_at IS NULL"),
    )  # fmt: skip
    columns = ["model_id", "send_again_at"]
    op.create_index("ix_completion_due", "completion", columns, postgresql_where=_QUEUED)
    op.create_index("ix_execution_due", "execution", ["send_again_at"], postgresql_where=_QUEUED)


def downgrade() -> None:
    """Take it back: all attempts count as started, and the reaper sends what is not."""
    op.drop_index("ix_execution_due", "execution")
    op.drop_index("ix_completion_due", "completion")
    op.drop_index("ix_attempt_waiting", "attempt")
    op.drop_index("ix_attempt_under_way", "attempt")
    op.create_index(
        "ix_attempt_open", "attempt", ["state"],
        postgresql_where=text("state IN ('queued','running')"),
    )  # fmt: skip
    op.execute("UPDATE attempt SET moved_at = created_at WHERE moved_at IS NULL")
    op.alter_column("attempt", "moved_at", nullable=False)
