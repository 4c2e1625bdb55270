// The page as a person meets it. `cargo xtask test e2e [NAME]`; screenshots are left in shots/.
import test from 'node:test';
import { release, withPage } from './browser.mjs';
import assert from 'node:assert/strict';

test('the page opens', async () => {
  await withPage({ name: 'open' }, async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Tabernetes' }).waitFor();
  });
});

test('the second part of the page comes when somebody touches it', { skip: !release && 'the page is not cut' }, async () => {
  const fetched = () => performance.getEntriesByType('resource').filter(({ name }) => /rest-.*\.wasm$/.test(name)).length;
  let early = 0;
  // A machine that halts for a moment may do what was never measured: once in three times is chance, more is a mistake.
  for (let opening = 0; opening < 3; opening += 1) {
    await withPage({ name: 'untouched' }, async (page) => {
      await page.locator('#terminal label').waitFor();
      await page.waitForTimeout(2000);
      early += await page.evaluate(fetched);
      await page.mouse.move(300, 300);
      await page.waitForFunction(fetched);
    });
  }
  assert.ok(early < 2, `opening the page fetched the second part ${early} times of 3`);
});
