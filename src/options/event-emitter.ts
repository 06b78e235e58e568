import { optionalPackage } from './optional-package.js';

/** What is used of the host's `EventEmitter2`. Its package is an optional peer, so our declarations do not name its type. */
export interface Emitter {
  eventNames(): readonly unknown[];
  listenersAny(): readonly unknown[];
  emitAsync(name: string, event: object): Promise<unknown>;
}

/** Injects the host's {@link Emitter}, where it has one. */
export const EVENT_EMITTER =
  optionalPackage<{ EventEmitter2: abstract new () => Emitter }>('@nestjs/event-emitter')?.EventEmitter2 ??
  Symbol('EventEmitter2');
