/** Options of `AdminModule`. */
export interface AdminModuleOptions {
  /** Whether a signed-in user of the host is an administrator. */
  isAdmin: (userId: string) => boolean | Promise<boolean>;
  /** How old an administrator's second factor may be. Defaults to 900 seconds. */
  freshSeconds?: number;
  /** How often every instance brings the statistics up to date, about. Defaults to 15; null for never. */
  rollUpEverySeconds?: number | null;
  /** How long rows are kept; null keeps all, and then nothing is deleted automatically. Defaults to null. */
  retention?: RetentionOptions | null;
}

/** How long old rows are kept. */
export interface RetentionOptions {
  /** Of requests, with their events, in days; null keeps them. */
  requestsDays: number | null;
  /** Of decisions, in days; null keeps them. */
  decisionsDays: number | null;
}

export type ResolvedAdminOptions = AdminModuleOptions &
  Required<Pick<AdminModuleOptions, 'freshSeconds' | 'rollUpEverySeconds' | 'retention'>>;

/** The module's options as the host gave them, with every default filled in. */
export const ADMIN_OPTIONS = Symbol('ADMIN_OPTIONS');

export const resolveAdminOptions = (given: AdminModuleOptions): ResolvedAdminOptions => ({
  ...given,
  freshSeconds: given.freshSeconds ?? 900,
  retention: given.retention ?? null,
  rollUpEverySeconds: given.rollUpEverySeconds === undefined ? 15 : given.rollUpEverySeconds,
});
