import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in these, whatever its own clock does: USER_HZ is part of its interface. */
const TICKS_PER_SECOND = 100;

/**
 * @typedef {object} Process
 * @property {number} parent
 * @property {number} own ticks of the process and all its threads
 * @property {number} children ticks of those of its children that have ended
 */

/**
 * @param {number} pid
 * @returns {Process | null} null: it is gone
 */
function read(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field, the name, may hold blanks and brackets: count from its end.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0, user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = [1, 11, 12, 13, 14].map(
    (index) => fields[index],
  );
  return { parent, own: user + system, children: childrenUser + childrenSystem };
}

/**
 * CPU seconds that a process and all its descendants have used so far, those that have ended included.
 * @param {number} pid
 */
export function cpuSeconds(pid) {
  const processes = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), read(Number(name))]),
  );
  /** @type {(id: number) => number} */
  const ticksOf = (id) => {
    const process = processes.get(id);
    if (!process) return 0;
    let ticks = process.own + process.children;
    for (const [child, entry] of processes) if (entry?.parent === id) ticks += ticksOf(child);
    return ticks;
  };
  return ticksOf(pid) / TICKS_PER_SECOND;
}
