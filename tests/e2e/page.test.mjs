// The page as a person meets it. `cargo xtask test e2e [NAME]`; screenshots are left in shots/.
import test from 'node:test';
import { withPage } from './browser.mjs';

test('the page opens', async () => {
  await withPage({ name: 'open' }, async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Tabernetes' }).waitFor();
  });
});
