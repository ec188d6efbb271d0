-- The role `foureyes_reader`, for people and dashboards: it reads every table and view, those of
-- later migrations included, and can do nothing else. Run it as the owner of the tables, in their
-- database, before or after the migrations, and as often as you like (psql 14 or later):
--
--   READER_PASSWORD=... psql "$FOUREYES_DATABASE_URL" --file=deploy/postgres/reader.sql
--
-- Roles belong to a whole server: what PUBLIC may do in its other databases, the role may too.
\set ON_ERROR_STOP on
\getenv reader_password READER_PASSWORD

SELECT 'CREATE ROLE foureyes_reader'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'foureyes_reader')
\gexec

ALTER ROLE foureyes_reader
    LOGIN NOCREATEDB NOCREATEROLE
    CONNECTION LIMIT 20
    PASSWORD :'reader_password';

-- What holds is the grants below; these keep an honest mistake from hurting.
ALTER ROLE foureyes_reader SET default_transaction_read_only = on;
ALTER ROLE foureyes_reader SET statement_timeout = '60s';
ALTER ROLE foureyes_reader SET idle_in_transaction_session_timeout = '60s';

SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO foureyes_reader', current_database())
\gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO foureyes_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO foureyes_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO foureyes_reader;

-- Large objects would be a way to write: by default anybody may make them. Only a superuser can
-- take that away; on a managed server it stays.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
    AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea')
    AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
\gexec
