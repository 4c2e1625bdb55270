// The module of a release is cut in two; nobody may notice. Under Node, what people type in the scenarios is typed into
// the whole module and into its parts: the same is printed, and the same history comes of it.
import { release } from './browser.mjs';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

const root = new URL('../..', import.meta.url).pathname;

async function load(script, module) {
  const made = await import(pathToFileURL(script));
  made.initSync({ module: fs.readFileSync(module) });
  return made.Tabernetes;
}

/** Commands and manifests of a scenario, in order, one list for each of its clusters. */
function clusters(text) {
  const all = [];
  let manifest;
  for (const line of text.split('\n')) {
    const indented = /^\s+\S|^$/.test(line);
    if (manifest && indented) manifest.yaml += `${line}\n`;
    if (!indented) manifest = undefined;
    if (line.startsWith('--- ')) all.push([]);
    if (line.startsWith('$ ')) all.at(-1)?.push({ line: line.slice(2) });
    if (line.trim() === 'apply') all.at(-1)?.push(manifest = { yaml: '' });
    const wait = /^at \+(\d+)s/.exec(line);
    if (wait) all.at(-1)?.push({ seconds: Number(wait[1]) });
  }
  return all;
}

async function play(Tabernetes, steps) {
  const cluster = new Tabernetes({ seed: 5 });
  const answers = [];
  for (const { line, yaml, seconds } of steps) {
    if (line) answers.push(await cluster.run(line));
    else if (yaml) answers.push(await cluster.apply(yaml));
    else await cluster.advance(seconds);
    await cluster.advance(5);
  }
  return { answers, state: await cluster.state() };
}

test('both parts together are the whole', { skip: !release && 'the page is not cut' }, async (t) => {
  const dist = process.env.DIST;
  const bound = process.env.WHOLE;
  const first = fs.readdirSync(dist).find((name) => name.endsWith('_bg.wasm'));
  const cut = await load(path.join(dist, 'web.js'), path.join(dist, first));
  const whole = await load(path.join(bound, 'web.js'), path.join(bound, 'named.wasm'));
  const files = fs.readdirSync(path.join(root, 'tests/scenarios'), { recursive: true }).filter((name) => name.endsWith('.test'));
  let commands = 0;
  for (const file of files.sort()) {
    for (const steps of clusters(fs.readFileSync(path.join(root, 'tests/scenarios', file), 'utf8'))) {
      assert.deepEqual(await play(cut, steps), await play(whole, steps), file);
      commands += steps.length;
    }
  }
  assert.ok(commands > 100, `only ${commands} steps`);
  t.diagnostic(`${commands} steps`);
});
