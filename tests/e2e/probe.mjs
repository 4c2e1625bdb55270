// Which pieces of the module opening the page executes, by their numbers: the page that is served here has a module
// that remembers them. PROBE_FILE is where they go.
import { withPage } from './browser.mjs';
import fs from 'node:fs/promises';

const used = new Set();

async function note(page) {
  const numbers = await page.evaluate(() => {
    const bytes = new Uint8Array(window.exportsOfModule.probe.buffer);
    return [...bytes.keys()].filter((number) => bytes[number] === 1);
  });
  numbers.forEach((number) => used.add(number));
}

const keepExports = () => addEventListener('TrunkApplicationStarted', (event) => { window.exportsOfModule = event.detail.wasm; });
const open = async (page, seconds) => {
  await page.evaluate(() => window.tabernetes.ready);
  await page.waitForTimeout(seconds * 1000);
  await note(page);
};

for (const [width, height] of [[1440, 900], [390, 844]]) {
  await withPage({ name: `probe-${width}`, width, height, before: keepExports }, async (page) => {
    await open(page, 4);
    // Whoever was here before finds the page as it was left.
    await page.reload();
    await open(page, 1);
  });
}
await fs.writeFile(process.argv[2], [...used].sort((a, b) => a - b).join('\n'));
console.log(`opening the page executes ${used.size} pieces of its module`);
