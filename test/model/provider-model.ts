import { type FaultyOperation, type ProviderState, type State, TTL } from './state.js';

const CANCEL_NOT_BEFORE = 30;
const SEARCHABLE_AFTER = 60;
/** The provider has given the request that the model has just made an id which the model does not know yet. */
export const NEW_ID = 'new';

/** `effect` tells what the provider did; `lost` that nobody heard of it. */
interface Said<Effect> {
  effect: Effect | null;
  lost: boolean;
}

const isAlive = ({ end, endsAt }: ProviderState, now: number) => end === null && endsAt > now;

/** How the provider behaves, faults included: each call takes the fault that waits for it. */
export class ProviderModel {
  constructor(
    private readonly state: State,
    private readonly now: number,
  ) {}

  start(number: number): Said<{ id: string; isNew: boolean }> {
    return this.call(number, 'start', () => {
      const { providers } = this.state;
      const inFlight = providers.find((each) => each.number === number && isAlive(each, this.now));
      if (inFlight) return { id: inFlight.id, isNew: false };
      const startedAt = this.now;
      providers.push({ id: NEW_ID, number, startedAt, endsAt: startedAt + TTL, end: null, wrong: 0 });
      this.state.numbers[number]!.messages += 1;
      return { id: NEW_ID, isNew: true };
    });
  }

  check(id: string, right: boolean): Said<'matched' | 'mismatched' | 'exhausted' | 'gone'> {
    const request = this.find(id);
    return this.call(request.number, 'check', () => {
      if (!isAlive(request, this.now)) return 'gone';
      if (right) {
        request.end = { how: 'success', at: this.now };
        return 'matched';
      }
      request.wrong += 1;
      if (request.wrong < 3) return 'mismatched';
      request.end = { how: 'failed', at: this.now };
      return 'exhausted';
    });
  }

  cancel(id: string): Said<'cancelled' | 'too-early' | 'gone'> {
    const request = this.find(id);
    return this.call(request.number, 'cancel', () => {
      if (!isAlive(request, this.now)) return 'gone';
      if (this.now < request.startedAt + CANCEL_NOT_BEFORE) return 'too-early';
      request.end = { how: 'cancelled', at: this.now };
      return 'cancelled';
    });
  }

  /** v1 only. Null: it does not say (yet). */
  lookup(id: string): 'pending' | 'success' | 'failed' | 'cancelled' | 'expired' | null {
    const { end, endsAt } = this.find(id);
    const ended = end ?? (endsAt <= this.now ? { how: 'expired' as const, at: endsAt } : null);
    if (!ended) return 'pending';
    return this.now >= ended.at + SEARCHABLE_AFTER ? ended.how : null;
  }

  private call<Effect>(number: number, operation: FaultyOperation, act: () => Effect): Said<Effect> {
    const { faults } = this.state.numbers[number]!;
    const fault = faults[operation];
    delete faults[operation];
    return { effect: fault === 'reset' ? null : act(), lost: fault !== undefined };
  }

  private find(id: string): ProviderState {
    const request = this.state.providers.find((each) => each.id === id);
    if (!request) throw new Error(`the model knows no request ${id} at the provider`);
    return request;
  }
}
