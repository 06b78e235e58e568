import type { ThrottlerStorage } from '@nestjs/throttler';
import type { AdminModuleOptions } from '../admin/index.js';
import type { PostThrottleOptions } from '../two-factor/index.js';

export interface HostOptions {
  /** Make users whose password is in the README: in the embedded database only. */
  demoUsers: boolean;
  /** How often an address may try to sign in or up; null for no limit. */
  signIns: { limit: number; windowSeconds: number } | null;
  /** Where they are counted. */
  throttlerStorage: ThrottlerStorage;
  /** How often people who are signed in may post. */
  posts: PostThrottleOptions;
  /** How long a session lasts after sign-in, however busy it is. */
  sessionLifetimeSeconds: number;
  /** Besides who is one, which the users' roles say. */
  admin: Omit<AdminModuleOptions, 'isAdmin'>;
}

export const HOST_OPTIONS = Symbol('HOST_OPTIONS');
