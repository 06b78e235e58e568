/** Options of a module with every default filled in. */
export type WithDefaults<Given, Defaults> = Omit<Given, keyof Defaults> &
  Required<Pick<Given, keyof Defaults & keyof Given>>;

/** Fills in the defaults of options. An explicit null, 0 or false stays as it is; undefined counts as absent. */
export function withDefaults<Given extends object, Defaults extends Partial<Given>>(
  given: Given | undefined,
  defaults: Defaults,
): WithDefaults<Given, Defaults> {
  const defined = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(defined) } as unknown as WithDefaults<Given, Defaults>;
}
