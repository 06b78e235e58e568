/** Every event of the journal; `verification.<type>` brings those of one type. */
export const VERIFICATION_EVENT = 'verification.event';
