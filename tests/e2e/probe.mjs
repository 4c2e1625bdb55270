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

// Screens of several sizes, on machines that are several times slower, in the dark, without motion.
const visits = [
  { width: 1440, height: 900, slower: 1 },
  { width: 1280, height: 800, slower: 4 },
  { width: 1366, height: 768, slower: 3 },
  { width: 1920, height: 1080, slower: 2, media: { colorScheme: 'dark' } },
  { width: 1024, height: 700, slower: 8 },
  { width: 820, height: 1180, slower: 1, media: { reducedMotion: 'reduce' } },
  { width: 390, height: 844, slower: 6 },
];
for (const { width, height, slower, media } of visits) {
  await withPage({ name: `probe-${width}`, width, height, before: keepExports }, async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
    if (media) await page.emulateMedia(media);
    await open(page, 3);
    // Whoever was here before finds the page as it was left. What comes first on a slow machine is chance.
    for (let again = 0; again < 3; again += 1) {
      await page.reload();
      await open(page, 1.5);
    }
  });
}
await fs.writeFile(process.argv[2], [...used].sort((a, b) => a - b).join('\n'));
console.log(`opening the page executes ${used.size} pieces of its module`);
