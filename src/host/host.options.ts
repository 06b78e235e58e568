export interface HostOptions {
  /** Make users whose password is in the README: in the embedded database only. */
  demoUsers: boolean;
}

export const HOST_OPTIONS = Symbol('HOST_OPTIONS');
