export interface AdminModuleOptions {
  /** Whether a signed-in user of the host is an administrator. */
  isAdmin: (userId: string) => boolean | Promise<boolean>;
  /** How old an administrator's second factor may be; 900 seconds unless told. */
  freshSeconds?: number;
  /** How often every instance brings the statistics up to date, about; 15 unless told, null never. */
  rollUpEverySeconds?: number | null;
}

export type ResolvedAdminOptions = AdminModuleOptions &
  Required<Pick<AdminModuleOptions, 'freshSeconds' | 'rollUpEverySeconds'>>;

/** The module's options as the host gave them, with every default filled in. */
export const ADMIN_OPTIONS = Symbol('ADMIN_OPTIONS');

export const resolveAdminOptions = (given: AdminModuleOptions): ResolvedAdminOptions => ({
  ...given,
  freshSeconds: given.freshSeconds ?? 900,
  rollUpEverySeconds: given.rollUpEverySeconds === undefined ? 15 : given.rollUpEverySeconds,
});
