/** What has to be undone before this process may end, newest first; each is undone once. */
const stack = /** @type {(() => unknown)[]} */ ([]);

/**
 * @param {() => unknown} undo must not mind being called when there is nothing left to undo
 * @returns undoes it now
 */
export function atExit(undo) {
  // Started while everything ends: it is undone by the loop that is under way.
  stack.push(undo);
  return async () => {
    const index = stack.indexOf(undo);
    if (index === -1) return;
    stack.splice(index, 1);
    await undo();
  };
}

/** @type {Promise<void> | undefined} */
let cleaning;

/** Undoes everything; called again, it waits for the first call. */
export function cleanUp() {
  cleaning ??= (async () => {
    for (let undo = stack.pop(); undo; undo = stack.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`could not clean up: ${/** @type {Error} */ (error).message}\n`);
      }
    }
  })();
  return cleaning;
}
