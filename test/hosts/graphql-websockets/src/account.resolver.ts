import { Field, ID, Mutation, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { RequireFactor, SkipSecondFactor } from 'nest-sms-otp/two-factor';

@ObjectType()
class Account {
  @Field(() => ID)
  id!: string;
}

/** The guard of the application, which `TwoFactorModule` is by default, reaches resolvers too. */
@Resolver(() => Account)
export class AccountResolver {
  @Query(() => Account)
  account(): Account {
    return { id: '1' };
  }

  /** For those only who have a second factor, and have shown it within the last five minutes. */
  @RequireFactor({ maxAgeSeconds: 300 })
  @Mutation(() => Boolean)
  closeAccount(): boolean {
    return true;
  }

  @SkipSecondFactor()
  @Query(() => String)
  version(): string {
    return '1';
  }
}
