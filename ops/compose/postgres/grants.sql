-- After the migrations, as the owner of the tables: "Roles in Postgres" in docs/operations.md. Can be repeated.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO application;
REVOKE UPDATE, DELETE, TRUNCATE ON otp_verification_events, otp_admin_audit, otp_journal_seals FROM application;
GRANT SELECT, DELETE ON otp_verification_events TO otp_retention;
GRANT SELECT, UPDATE (retired_at, leaves) ON otp_journal_seals TO otp_retention;
