#!/bin/sh
# Runs once, when the database is made: the owner of the tables, the role of the application, the role for retention.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres --set owner="$(cat /run/secrets/owner_password)" \
  --set application="$(cat /run/secrets/application_password)" <<'SQL'
CREATE ROLE otp_owner LOGIN PASSWORD :'owner';
CREATE ROLE application LOGIN NOINHERIT PASSWORD :'application';
ALTER ROLE application SET statement_timeout = '10s';
ALTER ROLE application SET idle_in_transaction_session_timeout = '15s';
CREATE ROLE otp_retention NOLOGIN;
GRANT otp_retention TO application;
CREATE DATABASE otp OWNER otp_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE otp FROM PUBLIC;
GRANT CONNECT ON DATABASE otp TO application;
SQL
