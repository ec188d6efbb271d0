"""A run has a team: a model for each of any number of roles, in place of a coder and a reviewer."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Seat the coders and the reviewers that there are."""
    op.execute("""
        CREATE TABLE seat (
            run_id integer NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            role text NOT NULL,
            model_id integer NOT NULL REFERENCES language_model (id),
            PRIMARY KEY (run_id, role)
        )
    """)
    op.execute("""
        INSERT INTO seat (run_id, role, model_id)
        SELECT id, 'coder', coder_id FROM run UNION ALL SELECT id, 'reviewer', reviewer_id FROM run
    """)
    op.execute("CREATE INDEX ix_seat_model_id ON seat (model_id)")
    op.execute("ALTER TABLE run DROP COLUMN coder_id, DROP COLUMN reviewer_id")
    op.execute("ALTER TABLE step DROP CONSTRAINT role, ALTER COLUMN role TYPE text")


def downgrade() -> None:
    """Have a coder and a reviewer again; runs of any other team are lost."""
    op.execute("""
        DELETE FROM run WHERE (
            SELECT array_agg(role ORDER BY role) FROM seat WHERE run_id = run.id
        ) IS DISTINCT FROM ARRAY['coder', 'reviewer']
    """)
    op.execute("""
        ALTER TABLE run
            ADD COLUMN coder_id integer REFERENCES language_model (id),
            ADD COLUMN reviewer_id integer REFERENCES language_model (id)
    """)
    op.execute("""
        UPDATE run SET
            coder_id = (SELECT model_id FROM seat WHERE run_id = run.id AND role = 'coder'),
            reviewer_id = (SELECT model_id FROM seat WHERE run_id = run.id AND role = 'reviewer')
    """)
    op.execute("""
        ALTER TABLE run ALTER COLUMN coder_id SET NOT NULL, ALTER COLUMN reviewer_id SET NOT NULL
    """)
    op.execute("CREATE INDEX ix_run_coder_id ON run (coder_id)")
    op.execute("CREATE INDEX ix_run_reviewer_id ON run (reviewer_id)")
    op.execute("DROP TABLE seat")
    op.execute("""
        UPDATE sweep SET file = (file - 'teams') || jsonb_build_object('pairings', file -> 'teams')
        WHERE file ? 'teams'
    """)
    op.execute("""
        ALTER TABLE step ALTER COLUMN role TYPE varchar(20),
            ADD CONSTRAINT role CHECK (role IN ('coder', 'reviewer'))
    """)
