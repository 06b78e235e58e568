/** One promise of a port, to be run against an implementation of it. Rejects when the promise is not kept. */
export interface ContractCase<World> {
  /** What the implementation does when it keeps the promise. */
  name: string;
  /** Rejects when the promise is broken. */
  run(world: World): Promise<void>;
}
