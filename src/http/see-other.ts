/** The page that a success leads to: a browser is sent there by 303, so that a reload repeats nothing. */
export class SeeOther extends Error {
  /** @param path of our own origin; see {@link safePath} for what comes from outside */
  constructor(readonly path: string) {
    super('see other');
    this.name = 'SeeOther';
  }
}
