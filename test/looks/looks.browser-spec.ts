import { ApplicationInBrowser } from '../support/application-in-browser.js';
import { inBrowser } from '../support/chromium.js';
import { faultsOf } from './faults.js';
import { Person } from './person.js';
import { compare, difference, illustrate, pictureOf, TOLERANCE } from './pictures.js';
import { ACCOUNT, ADMINISTRATION, ANYBODY, type State } from './states.js';

// Some seventy states, three looks at each.
jest.setTimeout(900_000);

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 800 };
const nameOf = (state: State, look: string) =>
  `${state.name}-${look}`.replaceAll(/[^a-z]+/gi, '-').toLowerCase();

inBrowser('every page', () => {
  const windows = new ApplicationInBrowser({ RESEND_COOLDOWN_SECONDS: '30', THROTTLE_NUMBER: '3/60' });
  beforeAll(() => windows.start());
  afterEach(() => windows.closeWindow());
  afterAll(() => windows.stop());

  /** A window in a language, at the front door. */
  const somebody = async (language: string): Promise<Person> => {
    const page = await windows.open({ locale: language, viewport: WIDE });
    return new Person(windows.application, page);
  };

  describe.each([
    ['for everybody', ANYBODY],
    ['of the account and its factors', ACCOUNT],
    ['of the administration', ADMINISTRATION],
  ])('%s', (_name, states) => {
    it('passes axe, fits 320 px and cuts no text in light and dark, and looks as it did', async () => {
      const person = await somebody('en-US');
      const { page } = person;
      const faults: string[] = [];
      for (const state of states) {
        await page.setViewportSize(WIDE);
        await page.emulateMedia({ colorScheme: 'light' });
        await page.goto(new URL(await state.reach(person), windows.application.url).href);
        const look = async (name: string) =>
          faults.push(...(await faultsOf(page)).map((fault) => `${state.name}, ${name}: ${fault}`));
        await look('wide and light');
        await page.setViewportSize(NARROW);
        await page.emulateMedia({ colorScheme: 'dark' });
        await look('narrow and dark');
        if (state.image) await illustrate(page, state.image);
        if (state.picture)
          for (const scheme of ['light', 'dark'] as const)
            faults.push(...compare(nameOf(state, scheme), await pictureOf(page, scheme)));
      }
      expect(faults).toEqual([]);
      expect(windows.problems).toEqual([]);
    });

    it('does so from right to left', async () => {
      const person = await somebody('ar');
      const { page } = person;
      const faults: string[] = [];
      for (const state of states.filter(({ isEnglish }) => !isEnglish)) {
        await page.setViewportSize(NARROW);
        await page.goto(new URL(await state.reach(person), windows.application.url).href);
        if ((await page.getAttribute('html', 'dir')) !== 'rtl') faults.push(`${state.name}: dir`);
        faults.push(...(await faultsOf(page)).map((fault) => `${state.name}: ${fault}`));
        if (state.name === 'code')
          faults.push(...compare(nameOf(state, 'rtl'), await pictureOf(page, 'light')));
      }
      expect(faults).toEqual([]);
      expect(windows.problems).toEqual([]);
    });
  });

  it('has pictures that fonts do not change, and breaks do', async () => {
    const person = await somebody('en-US');
    const { page } = person;
    const shownWith = async (style: string, scheme: 'light' | 'dark' = 'light') => {
      await page.goto(`${windows.application.url}/sign-in`);
      // By the object model, which the page's policy allows.
      await page.evaluate(`(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(${JSON.stringify(style)});
        document.adoptedStyleSheets = [sheet];
      })()`);
      return pictureOf(page, scheme);
    };
    const usual = await shownWith('');
    const changed = async (style: string) => difference(usual, await shownWith(style));
    for (const family of ['serif', 'monospace', 'fantasy'])
      expect(await changed(`:root { --font: ${family} }`)).toBeLessThan(TOLERANCE / 10);
    for (const breakage of [
      // The card is gone, the colour of buttons is another, everything is 40 px lower.
      'main { background: none; border: 0 }',
      ':root { --accent: #0a7d2c }',
      'main { margin-top: 72px }',
    ])
      expect([breakage, (await changed(breakage)) > 2 * TOLERANCE]).toEqual([breakage, true]);
    expect(difference(usual, await shownWith('', 'dark'))).toBeGreaterThan(0.5);
  });
});
