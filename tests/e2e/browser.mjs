// What every end-to-end test needs: dist/ served from this process, Chromium, and a page that fails on any error.
import { chromium } from 'playwright-core';
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
const dist = process.env.DIST ?? path.join(root, 'dist');
const mime = {
  '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json', '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml', '.wasm': 'application/wasm',
};

/** True when the page under test is the optimised one; figures are asserted only then. */
export const release = process.env.PAGE === 'release';

/** Serves dist/ on a free port of this machine. */
async function serve() {
  const server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const file = path.join(dist, path.normalize(name), name.endsWith('/') ? 'index.html' : '');
    try {
      const bytes = await fs.readFile(file);
      response.writeHead(200, { 'content-type': mime[path.extname(file)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

/**
 * Opens the page and hands it to `steps`; afterwards nothing may be in its console as an error, nor thrown.
 * `before` is a function that runs in the page before its own scripts. A screenshot named after the test is kept in shots/, whether it passed or not.
 */
export async function withPage({ name, width = 1280, height = 800, address = '', before }, steps) {
  const server = await serve();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
    ],
  });
  try {
    const page = await browser.newPage({ viewport: { width, height } });
    if (before) await page.addInitScript(before);
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('requestfailed', (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('response', (response) => response.status() >= 400 && errors.push(`${response.url()}: ${response.status()}`));
    try {
      const started = performance.now();
      await page.goto(`http://127.0.0.1:${server.address().port}/${address}`);
      await steps(page, { started });
    } finally {
      await fs.mkdir(path.join(root, 'shots'), { recursive: true });
      await page.screenshot({ path: path.join(root, 'shots', `${name}.png`) });
    }
    if (errors.length > 0) throw new Error(`the page reported errors:\n${errors.join('\n')}`);
  } finally {
    await browser.close();
    server.close();
  }
}
