/** A mistake in how an application uses this package. The message holds no data of people, so logs show it. */
export class MisuseError extends Error {
  override readonly name = 'MisuseError';
}
