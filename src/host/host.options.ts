export interface HostOptions {
  /** Make users whose password is in the README: in the embedded database only. */
  demoUsers: boolean;
  /** How often an address may try to sign in or up; null for no limit. */
  signIns: { limit: number; windowSeconds: number } | null;
}

export const HOST_OPTIONS = Symbol('HOST_OPTIONS');
