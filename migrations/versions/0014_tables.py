"""The tables: sweep, run, attempt and step; the work they share; the problems and the models.

Made of the fourteen revisions that there were before the first release, and known by the number of the
last of them: a database that has come to it by these is the same.
"""

from alembic import op

revision = "0014"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE language_model (
    id serial NOT NULL,
    name varchar NOT NULL,
    settings jsonb NOT NULL,
    identity varchar NOT NULL,
    trouble text,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE problem (
    id serial NOT NULL,
    benchmark varchar NOT NULL,
    problem_id varchar NOT NULL,
    version varchar NOT NULL,
    entry_point varchar NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (benchmark, problem_id, version)
);
CREATE INDEX ix_problem_version ON problem (version);

CREATE TABLE sweep (
    id serial NOT NULL,
    key varchar NOT NULL,
    name varchar NOT NULL,
    file jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    origin text,
    accepts_imported boolean NOT NULL DEFAULT false,
    PRIMARY KEY (id),
    UNIQUE (key)
);
CREATE INDEX ix_sweep_name ON sweep (name);

CREATE TABLE completion (
    id serial NOT NULL,
    key varchar NOT NULL,
    state varchar(20) NOT NULL,
    error text,
    tries integer NOT NULL,
    worker varchar,
    lease_until timestamptz,
    send_again_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    model_id integer NOT NULL,
    kind varchar(20) NOT NULL,
    prompt varchar NOT NULL,
    prompt_hash varchar NOT NULL,
    request jsonb NOT NULL,
    text text,
    finish_reason varchar,
    prompt_tokens integer,
    cached_tokens integer,
    completion_tokens integer,
    seconds double precision,
    engine text,
    failures integer NOT NULL DEFAULT 0,
    origin text,
    PRIMARY KEY (id),
    CONSTRAINT done_has_text CHECK (state <> 'done' OR text IS NOT NULL),
    UNIQUE NULLS NOT DISTINCT (key, origin),
    CONSTRAINT state CHECK (state IN ('queued', 'running', 'done', 'error', 'cancelled')),
    FOREIGN KEY (model_id) REFERENCES language_model (id),
    CONSTRAINT kind CHECK (kind IN ('draft', 'plan', 'review', 'fix', 'trial', 'judge'))
);
CREATE INDEX ix_completion_model_id ON completion (model_id);
CREATE INDEX ix_completion_open ON completion (state) WHERE state IN ('queued','running');
CREATE INDEX ix_completion_due ON completion (model_id, send_again_at) WHERE state = 'queued';
CREATE INDEX ix_completion_elsewhere ON completion (id) WHERE origin IS NOT NULL;

CREATE TABLE execution (
    id serial NOT NULL,
    key varchar NOT NULL,
    state varchar(20) NOT NULL,
    error text,
    tries integer NOT NULL,
    worker varchar,
    lease_until timestamptz,
    send_again_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    problem_id integer NOT NULL,
    suite varchar(20) NOT NULL,
    code text NOT NULL,
    judge_version varchar NOT NULL,
    base varchar(20),
    plus varchar(20),
    reason varchar,
    level varchar,
    detail jsonb,
    seconds double precision,
    failures integer NOT NULL DEFAULT 0,
    origin text,
    PRIMARY KEY (id),
    CONSTRAINT done_has_detail CHECK (state <> 'done' OR detail IS NOT NULL),
    UNIQUE NULLS NOT DISTINCT (key, origin),
    CONSTRAINT state CHECK (state IN ('queued', 'running', 'done', 'error', 'cancelled')),
    FOREIGN KEY (problem_id) REFERENCES problem (id),
    CONSTRAINT suite CHECK (suite IN ('visible', 'hidden')),
    CONSTRAINT base_status CHECK (base IN ('pass', 'fail', 'timeout')),
    CONSTRAINT plus_status CHECK (plus IN ('pass', 'fail', 'timeout'))
);
CREATE INDEX ix_execution_open ON execution (state) WHERE state IN ('queued','running');
CREATE INDEX ix_execution_due ON execution (send_again_at) WHERE state = 'queued';
CREATE INDEX ix_execution_elsewhere ON execution (id) WHERE origin IS NOT NULL;
CREATE INDEX ix_execution_program ON execution (problem_id, hashtext(code));

CREATE TABLE run (
    id serial NOT NULL,
    sweep_id integer NOT NULL,
    key varchar NOT NULL,
    position integer NOT NULL,
    benchmark varchar NOT NULL,
    pattern varchar NOT NULL,
    pairing varchar NOT NULL,
    coder_id integer NOT NULL,
    reviewer_id integer NOT NULL,
    samples integer NOT NULL,
    options jsonb NOT NULL,
    roles text[],
    PRIMARY KEY (id),
    UNIQUE (sweep_id, key),
    FOREIGN KEY (sweep_id) REFERENCES sweep (id) ON DELETE CASCADE,
    FOREIGN KEY (coder_id) REFERENCES language_model (id),
    FOREIGN KEY (reviewer_id) REFERENCES language_model (id)
);
CREATE INDEX ix_run_coder_id ON run (coder_id);
CREATE INDEX ix_run_reviewer_id ON run (reviewer_id);

CREATE TABLE attempt (
    id serial NOT NULL,
    run_id integer NOT NULL,
    problem_id integer NOT NULL,
    sample integer NOT NULL,
    state varchar(20) NOT NULL,
    outcome varchar(20),
    code text,
    error text,
    created_at timestamptz NOT NULL,
    moved_at timestamptz,
    finished_at timestamptz,
    moves integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    trying_since timestamptz,
    PRIMARY KEY (id),
    UNIQUE (run_id, problem_id, sample),
    CONSTRAINT outcome_when_ended CHECK ((outcome IS NOT NULL) = (state IN ('done', 'error'))),
    FOREIGN KEY (run_id) REFERENCES run (id) ON DELETE CASCADE,
    FOREIGN KEY (problem_id) REFERENCES problem (id),
    CONSTRAINT state CHECK (state IN ('queued', 'running', 'done', 'error', 'cancelled')),
    CONSTRAINT outcome CHECK (outcome IN ('solved', 'unsolved', 'refused', 'error'))
);
CREATE INDEX ix_attempt_under_way ON attempt (run_id)
    WHERE state IN ('queued','running') AND moved_at IS NOT NULL;
CREATE INDEX ix_attempt_waiting ON attempt (run_id, id) WHERE state = 'queued' AND moved_at IS NULL;

CREATE TABLE step (
    id serial NOT NULL,
    attempt_id integer NOT NULL,
    position integer NOT NULL,
    branch integer NOT NULL,
    kind varchar(20) NOT NULL,
    role varchar(20),
    completion_id integer,
    execution_id integer,
    created_at timestamptz NOT NULL,
    verdict varchar,
    code text,
    issues text[],
    PRIMARY KEY (id),
    UNIQUE (attempt_id, position, branch),
    CONSTRAINT asks_one_thing CHECK (num_nonnulls(completion_id, execution_id) = 1),
    FOREIGN KEY (attempt_id) REFERENCES attempt (id) ON DELETE CASCADE,
    CONSTRAINT kind CHECK (kind IN ('draft', 'plan', 'review', 'fix', 'trial', 'judge')),
    CONSTRAINT role CHECK (role IN ('coder', 'reviewer')),
    FOREIGN KEY (completion_id) REFERENCES completion (id),
    FOREIGN KEY (execution_id) REFERENCES execution (id)
);
CREATE INDEX ix_step_completion_id ON step (completion_id);
CREATE INDEX ix_step_execution_id ON step (execution_id);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop the tables, and with them every row."""
    op.execute(
        "DROP TABLE step, attempt, run, execution, completion, sweep, problem, language_model"
    )
