/**
 * A preload (`NODE_OPTIONS=--import`) for an instance whose clock is wrong by `CLOCK_SKEW_MS`: `Date` and
 * `performance.timeOrigin` are shifted; timers run on, as they do on a machine whose clock was set wrong.
 */
const skewMs = Number(process.env.CLOCK_SKEW_MS ?? 0);
if (!Number.isFinite(skewMs)) throw new Error('CLOCK_SKEW_MS must be a number');

const RealDate = Date;
class SkewedDate extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [SkewedDate.now()] : given));
  }

  static now() {
    return RealDate.now() + skewMs;
  }
}

Object.defineProperty(SkewedDate, 'name', { value: 'Date' });
globalThis.Date = new Proxy(SkewedDate, {
  // `Date()` without `new` is the time as text.
  apply: () => new SkewedDate().toString(),
});
SkewedDate.prototype.constructor = globalThis.Date;
// What was made by the platform before us, or in another realm, is a date too.
Object.defineProperty(SkewedDate, Symbol.hasInstance, { value: (value) => value instanceof RealDate });

const { timeOrigin } = performance;
Object.defineProperty(performance, 'timeOrigin', { configurable: true, get: () => timeOrigin + skewMs });
