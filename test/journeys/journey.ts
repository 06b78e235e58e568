import { ApplicationInBrowser } from '../support/application-in-browser.js';
import { inBrowser, SCRIPTING } from '../support/chromium.js';
import { TROUBLES, takes, type TroubleName } from './troubles.js';
import type { Account } from './truth.js';
import { type Press, Walk } from './walk.js';
import type { Page } from 'playwright-core';

/** What somebody does on one page. */
export interface Step {
  name: string;
  /** The address where it begins. Without one, on the page that the step before has led to. */
  at?: (walk: Walk) => string | Promise<string>;
  /** The headings of the page on which it begins. */
  on: readonly string[];
  /** Fills in the form and presses its button. It does so in any tab. */
  act: (walk: Walk, page: Page, press: Press) => Promise<void>;
  /** The heading of the page to which it leads. */
  leadsTo: string;
  /** How many messages to a phone it asks for. */
  texts?: number;
  /** How many links by e-mail it asks for. */
  links?: number;
  /** The way back to the page when a session has expired there. Without one, signing in again leads back. */
  again?: (walk: Walk, page: Page) => Promise<void>;
  /** Writes down what the page shows. */
  notes?: (walk: Walk, page: Page) => Promise<void>;
  /** Nobody is signed in. */
  isAnonymous?: boolean;
  /** A reload of the page to which it leads shows something else. */
  isShownOnce?: boolean;
  /** Troubles that cannot come here. */
  without?: readonly TroubleName[];
}

export interface Journey {
  name: string;
  needsJavaScript?: boolean;
  /** What was before the journey. */
  begins?: (walk: Walk) => Promise<void>;
  steps: readonly Step[];
  /** The account afterwards, in each of these ways. */
  ends?: Partial<Account>;
  /** What else is true afterwards. */
  holds?: (walk: Walk) => Promise<void>;
}

type Plan = (TroubleName | undefined)[];
const ALL = Object.keys(TROUBLES) as TroubleName[];

/**
 * The ways in which a journey is made: one without trouble, and one with a trouble at each step. With
 * `JOURNEY_TROUBLES=all`, every trouble comes to every step.
 */
function plansOf({ steps }: Journey, offset: number): [string, Plan][] {
  const fitting = ({ without = [] }: Step, wanted: number) => {
    const name = ALL[wanted % ALL.length]!;
    return without.includes(name) ? undefined : name;
  };
  const calm: [string, Plan] = ['without trouble', steps.map(() => undefined)];
  if (process.env['JOURNEY_TROUBLES'] === 'all')
    return [
      calm,
      ...ALL.map((name, index): [string, Plan] => [name, steps.map((step) => fitting(step, index))]),
    ];
  return [calm, ['with a trouble at each step', steps.map((step, index) => fitting(step, index + offset))]];
}

/** Makes journeys in a real Chromium: calmly and with troubles, with JavaScript and without. */
export function make(...journeys: Journey[]): void {
  inBrowser('journeys', () => {
    const windows = new ApplicationInBrowser({});
    let url: string;
    beforeAll(async () => {
      // A passkey belongs to a name: there is none for an address.
      url = (await windows.start()).url.replace('127.0.0.1', 'localhost');
    });
    afterEach(() => windows.closeWindow());
    afterAll(() => windows.stop());

    describe.each(journeys)('$name', (journey) => {
      const scripting = SCRIPTING.filter(([, isOn]) => isOn || !journey.needsJavaScript);
      describe.each(scripting)('%s', (_name, javaScriptEnabled) => {
        // Another trouble at each step than with JavaScript.
        it.each(plansOf(journey, javaScriptEnabled ? 0 : 2))('%s', async (_plan, plan) => {
          const page = await windows.open({ javaScriptEnabled }, `${url}/`);
          const walk = new Walk(windows.application, page, url, javaScriptEnabled);
          await journey.begins?.(walk);
          for (const [index, step] of journey.steps.entries()) {
            walk.at(`${step.name}, ${plan[index] ?? 'calm'}`);
            if (step.at) await walk.opens(await step.at(walk));
            await walk.isOn(walk.page, ...step.on);
            await takes(walk, step, plan[index]);
            if (!step.isShownOnce) await walk.isOn(walk.page, step.leadsTo);
          }
          await walk.mailHasLeft();
          expect((await walk.facts()).links).toBe(walk.links);
          expect([...walk.faults, ...windows.problems]).toEqual([]);
          expect((await walk.facts()).account).toMatchObject(journey.ends ?? {});
          await journey.holds?.(walk);
        });
      });
    });
  });
}
