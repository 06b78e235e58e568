// Makes the README's two screenshots from the running application: npm start in one terminal, then
//   node scripts/screenshots.mjs [application] [phone]
import { chromium } from 'playwright-core';

const [application = 'http://localhost:3000', phone = 'http://localhost:3001'] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ viewport: { width: 480, height: 470 }, deviceScaleFactor: 2 });
await page.goto(application);
await page.getByLabel('Phone number').fill('+1 415 555 2671');
await page.getByRole('button', { name: 'Send code' }).click();
await page.getByText('Didn’t receive it?').click();
await page.screenshot({ path: 'docs/images/code-page.png' });
await page.goto(phone);
await page.screenshot({ path: 'docs/images/phone-page.png' });
await browser.close();
