-- The role `foureyes_execution`, with which execution workers come: they run what models wrote. It
-- reads, and writes what judging writes (migrations/grants.py), and is granted that at each
-- `foureyes database migrate`. Run it as the owner of the tables, in their database, as often as you like,
-- and migrate afterwards (psql 14 or later):
--
--   EXECUTION_POSTGRES_PASSWORD=... psql "$FOUREYES_DATABASE_URL" --file=deploy/postgres/execution.sql
--   foureyes database migrate
\set ON_ERROR_STOP on
\getenv execution_password EXECUTION_POSTGRES_PASSWORD

SELECT 'CREATE ROLE foureyes_execution'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'foureyes_execution')
\gexec

ALTER ROLE foureyes_execution
    LOGIN NOCREATEDB NOCREATEROLE NOINHERIT
    PASSWORD :'execution_password';

SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO foureyes_execution', current_database())
\gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
