import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { IN_PAGE } from './faults.js';

const REFERENCES = join(__dirname, 'references');
const isUpdate = process.env['LOOKS'] === 'update';

/** Pixels count as different beyond this distance, from 0 to 1: white and the page’s light grey are 0.04 apart. */
const THRESHOLD = 0.02;
/**
 * How much of one tile may differ. Other families of fonts change less than a tenth of this, and every break that the
 * tests make changes a tile or more by twice as much.
 */
export const TOLERANCE = 0.15;
const TILE = 80;

const SIZE = { width: 640, height: 800 };

/** Makes the picture of a page as people see it, for the documentation. Only when references are made. */
export async function illustrate(page: Page, file: string): Promise<void> {
  if (!isUpdate) return;
  await page.setViewportSize({ width: 440, height: 640 });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.screenshot({ path: join('docs', 'images', file), animations: 'disabled' });
}

/** A picture of the top of the page, in which every word is a bar, so that fonts do not count. */
export async function pictureOf(page: Page, scheme: 'light' | 'dark'): Promise<Buffer> {
  await page.setViewportSize(SIZE);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.evaluate(`${IN_PAGE}; showWordsAsBars()`);
  return page.screenshot({ animations: 'disabled', caret: 'hide' });
}

/** The part of the pixels that differ in the tile that differs most. The loss of a button is little of a whole page. */
export function difference(one: Buffer, other: Buffer): number {
  const [first, second] = [PNG.sync.read(one), PNG.sync.read(other)];
  const { width, height } = first;
  const changed = Buffer.alloc(width * height * 4);
  pixelmatch(first.data, second.data, changed, width, height, { threshold: THRESHOLD, diffMask: true });
  const tiles = new Map<string, number>();
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      if (changed[(y * width + x) * 4 + 3] === 0) continue;
      const tile = `${Math.floor(x / TILE)} ${Math.floor(y / TILE)}`;
      tiles.set(tile, (tiles.get(tile) ?? 0) + 1);
    }
  return Math.max(0, ...tiles.values()) / (TILE * TILE);
}

/** Compares a picture with its reference, or makes it the reference. @returns what is wrong, if anything */
export function compare(name: string, picture: Buffer): string[] {
  const file = join(REFERENCES, `${name}.png`);
  if (isUpdate) writeFileSync(file, picture);
  if (!existsSync(file)) return [`${name}: no reference; run npm run looks:update`];
  const part = difference(readFileSync(file), picture);
  return part <= TOLERANCE
    ? []
    : [`${name}: ${(part * 100).toFixed(0)} % of a part of the picture have changed`];
}
