CREATE VIEW v_features AS
SELECT
    problem.id AS row_id,
    problem.benchmark,
    problem.problem_id,
    problem.version,
    (SELECT count(*) FROM regexp_matches(problem.prompt, '\S+', 'g')) AS words,
    (
        SELECT count(*)
        FROM regexp_split_to_table(problem.prompt, '\n') AS line
        WHERE strpos(replace(line, ' (', '('), problem.entry_point || '(') > 0
            AND line ~ '>>>|\massert\M|\)\s*(==|=|->|=>|➞|→|⇒|should return|returns?)'
            AND line !~ '^\s*def\s'
    ) AS examples,
    problem.prompt ~ ('\mdef\s+' || problem.entry_point || '\s*\([^)]*(:|\)\s*->)') AS types,
    (
        SELECT count(*)
        FROM regexp_matches(
            regexp_replace(problem.prompt, '^\s*def\s.*$', '', 'gn'),
            '\m(empty|none|null|zero|negative|missing|invalid|otherwise|unless|except|never|raises?'
                '|ignore[ds]?|duplicates?|ties?|equally|at most|at least|if there (is|are) no)\M',
            'gi'
        )
    ) AS edge_words,
    -- read only for problems that may be the same: a record may have megabytes
    md5(regexp_replace(problem.record, '"prompt"\s*:\s*"(?:[^"\\]|\\.)*"', '')) AS rest
FROM problem;

COMMENT ON VIEW v_features IS
    'One row per version of a problem: how much its prompt says. words: of the whole prompt; '
    'examples: lines that call the entry point and state a result; types: whether the signature has '
    'any; edge_words: words that speak of special cases, such as empty, negative, otherwise. rest is '
    'a hash of the record without its prompt: who has the same one is the same problem, with the '
    'same tests, in other words.';
