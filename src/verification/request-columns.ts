/** The columns of a {@link VerificationRecord}; the row is named `r`. Named one by one, so that a prepared statement survives a new column. */
export const REQUEST_COLUMNS = `
    r.id, r.purpose, r.status, r.reason, r.channel, r.locale, r.brand, r.provider, r.attempts, r.max_attempts, r.sends, r.max_sends,
    r.phone_number AS sealed_number, r.phone_country, r.phone_last_digits, r.confirmed_for, r.user_id, r.caller_fingerprint,
    r.caller_bound, r.prover_fingerprint, r.context, r.code_length, r.provider_request_id, r.send_lease_until,
    r.lease_until, r.lease_token IS NOT NULL AS is_leased, r.check_in_doubt, r.provider_verdict,
    r.sent_at, r.resend_available_at, r.created_at, r.expires_at, r.verified_at, clock_timestamp() AS read_at`;
