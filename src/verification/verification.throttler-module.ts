import { randomBytes } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { SharedThrottlerStorage } from '../http/index.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from './verification.options.js';
import { throttlersOf } from './verification.throttler.js';

/** What {@link ThrottlerModule} provides, for the verification's own routes. It isn't global, so a host keeps its own throttlers. */
@Module({})
export class VerificationThrottlerModule {
  /** @param options exports {@link VERIFICATION_OPTIONS} */
  static for(options: DynamicModule): DynamicModule {
    return {
      ...ThrottlerModule.forRootAsync({
        imports: [options],
        inject: [VERIFICATION_OPTIONS],
        useFactory: (options: ResolvedVerificationOptions) => ({
          ...throttlersOf(options),
          // Without a storage of the host, calls are counted in memory, where any key of the hash will do.
          storage: options.throttle.storage ?? new SharedThrottlerStorage({ secret: randomBytes(32) }),
        }),
      }),
      module: VerificationThrottlerModule,
    };
  }
}
