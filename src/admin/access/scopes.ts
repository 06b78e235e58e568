/** What an API token may do; an administrator with a session may do all of it. Public API, never renamed. */
export const SCOPES = [
  'history:read',
  'statistics:read',
  'history:export',
  'audit:read',
  'policy:simulate',
  'blocks:write',
  'requests:cancel',
  'locks:lift',
  'factors:reset',
  'numbers:reveal',
  'persons:erase',
  'tokens:write',
  'events:write',
] as const;
/** What an API token may do. */
export type Scope = (typeof SCOPES)[number];

/** Metadata of a handler. */
export const SCOPE = 'admin:scope';
