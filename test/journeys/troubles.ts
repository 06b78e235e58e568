import type { Page } from 'playwright-core';
import type { Step } from './journey.js';
import { asksAgain, isSignedOut, signsInAgain } from './proofs.js';
import { once, type Press, type Walk } from './walk.js';

/** Does a step while something goes wrong around it. */
type Trouble = (walk: Walk, step: Step) => Promise<void>;

/** Without a script, the browser gives up the first post and sends a second one. */
const twice: Press = (button) => button.click({ clickCount: 2, delay: 30 });

/** Does a step, and is on the page to which it leads. */
async function does(walk: Walk, step: Step, press: Press = once): Promise<void> {
  walk.texts += step.texts ?? 0;
  walk.links += step.links ?? 0;
  await walk.goes(walk.page, () => step.act(walk, walk.page, press));
  await arrives(walk, step);
}

async function arrives(walk: Walk, step: Step, page: Page = walk.page): Promise<void> {
  await walk.isOn(page, step.leadsTo);
  await step.notes?.(walk, page);
}

const back: Trouble = async (walk, step) => {
  await does(walk, step);
  await walk.goes(walk.page, () => walk.page.goBack());
  await walk.goes(walk.page, () => walk.page.goForward());
};

const reload: Trouble = async (walk, step) => {
  await does(walk, step);
  await walk.goes(walk.page, () => walk.page.reload());
};

/** The address is opened in a second tab, and the step is done there and then in the first tab. The second one goes on. */
const secondTab: Trouble = async (walk, step) => {
  const first = await walk.opensTab();
  await walk.isOn(walk.page, ...step.on);
  await does(walk, step);
  // A code page notices by itself that the code was entered elsewhere.
  if (step.on.includes(await walk.headingOf(first))) {
    await walk.sharesPasskeys(walk.page, first);
    // An e-mail is sent again to whoever asks again.
    walk.links += step.links ?? 0;
    await walk.tries(first, () => step.act(walk, first, once));
    if ((await walk.headingOf(first)) === step.leadsTo) await step.notes?.(walk, first);
  }
  await first.close();
};

/** The session has expired when the form is sent. The person signs in again, and is where the journey was. */
const expired: Trouble = async (walk, step) => {
  if (step.isAnonymous) {
    await walk.page.context().clearCookies();
    return does(walk, step);
  }
  await isSignedOut(walk);
  await walk.goes(walk.page, () => step.act(walk, walk.page, once));
  await walk.isOn(walk.page, 'Sign in');
  await signsInAgain(walk, walk.page);
  const heading = await walk.headingOf(walk.page);
  if (heading === step.leadsTo && !step.on.includes(heading)) return;
  if (!step.on.includes(heading)) await step.again?.(walk, walk.page);
  await walk.isOn(walk.page, ...step.on);
  await asksAgain(walk, walk.page);
  await does(walk, step);
};

export const TROUBLES = {
  'Back and forward': back,
  'a reload': reload,
  'a double click': (walk, step) => does(walk, step, twice),
  'a second tab': secondTab,
  'an expired session': expired,
} satisfies Record<string, Trouble>;

export type TroubleName = keyof typeof TROUBLES;

/** Does a step, with a trouble or without. */
export const takes = (walk: Walk, step: Step, trouble?: TroubleName): Promise<void> =>
  trouble ? TROUBLES[trouble](walk, step) : does(walk, step);
