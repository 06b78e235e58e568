import { readFileSync } from 'node:fs';
import { type BrandOptions, brandStyles, checkBrand, contrast } from './brand.js';

const accents = (brand: BrandOptions) =>
  [...brandStyles(brand).matchAll(/--accent:(#[\da-f]{6})/g)].map(([, colour]) => colour!);
/** The values of a custom property in the light and in the dark scheme of our style sheet. */
const inStyles = (name: string) =>
  [
    ...readFileSync('public/assets/otp.css', 'utf8').matchAll(new RegExp(`--${name}: (#[\\da-f]+);`, 'g')),
  ].map(([, colour]) => colour!.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3'));

describe('the brand of the pages', () => {
  it.each(['#ffffff', '#000000', '#ffd400', '#1d4ed8', '#7f7f7f', '#00ff88', '#D72638'])(
    'a colour of %s can be read in both schemes',
    (colour) => {
      const [light, dark] = accents({ colour }) as [string, string];
      const [lightPaper, darkPaper] = inStyles('paper') as [string, string];
      const [onLight, onDark] = inStyles('on-accent') as [string, string];
      for (const [one, other] of [
        [light, lightPaper],
        [light, onLight],
        [dark, darkPaper],
        [dark, onDark],
      ] as const)
        expect([one, other, contrast(one, other) >= 4.5]).toEqual([one, other, true]);
    },
  );

  it('a colour that can be read stays as it is', () => {
    expect(accents({ colour: '#1d4ed8' })[0]).toBe('#1d4ed8');
    expect(accents({ colour: '#8ab4ff' })[1]).toBe('#8ab4ff');
  });

  it('a name alone needs no styles', () => {
    expect(brandStyles({ name: 'ACME' })).toBe('');
  });

  it.each([
    ['colour', 'red'],
    ['colour', '#fff'],
    ['colour', '#1d4ed8;}body{display:none'],
    ['radius', '1em;color:red'],
    ['radius', '50%'],
    ['font', 'x;}*{color:red}'],
    ['font', 'url(https://example.com)'],
    ['logoUrl', 'https://example.com/logo.svg'],
    ['logoUrl', '//example.com/logo.svg'],
    ['logoUrl', ''],
    ['name', ' '],
    ['background', '#ffffff'],
  ])('%s %j is refused by name', (name, value) => {
    expect(() => checkBrand({ [name]: value })).toThrow(new RegExp(`pages\\.brand: .*${name}`));
  });

  it.each([
    ['radius', '0'],
    ['radius', '8px'],
    ['radius', '0.75rem'],
    ['font', `"Helvetica Neue", Arial, sans-serif`],
    ['logoUrl', '/static/logo.svg?v=2'],
    ['name', 'Öko & Söhne'],
  ])('%s %j is accepted', (name, value) => {
    expect(() => checkBrand({ [name]: value })).not.toThrow();
  });
});
