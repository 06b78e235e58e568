import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
/** Functions for the page. */
export const IN_PAGE = readFileSync(join(__dirname, 'in-page.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What is wrong with a page as it is shown now: what axe finds, what scrolls sideways, which text is cut. */
export async function faultsOf(page: Page): Promise<string[]> {
  // Evaluated, not injected as a tag: the page's policy forbids foreign scripts, rightly.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
    `axe.run({ runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`,
  );
  const sideways = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
  return [
    ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
    ...(sideways ? ['scrolls sideways'] : []),
    ...(await page.evaluate<string[]>(`${IN_PAGE}; [...cutTexts(), ...lostErrors()]`)),
  ];
}
