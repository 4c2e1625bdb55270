// The main job, as a person does it: paste, apply, watch it become ready, curl every Service type, break the selector, see why.
import assert from 'node:assert/strict';
import test from 'node:test';
import { withPage } from './browser.mjs';

const service = (name, type) => `---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {type: ${type}, selector: {app: echo}, ports: [{port: 8888}]}
`;
const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata: {name: echo}
spec:
  replicas: 3
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo}}
    spec:
      containers:
      - {name: echo, image: bretfisher/httpenv, ports: [{containerPort: 8888}]}
---
apiVersion: v1
kind: Pod
metadata: {name: shell}
spec: {containers: [{name: shell, image: nicolaka/netshoot, command: [sleep, "3600"]}]}
${service('inside', 'ClusterIP')}${service('ports', 'NodePort')}${service('balanced', 'LoadBalancer')}`;

const run = (page, line) => page.evaluate((text) => window.tabernetes.run(text), line);

test('paste, apply, curl every way in, break it, see why', { timeout: 120_000 }, async () => {
  await withPage({ name: 'story', width: 1440, height: 900 }, async (page) => {
    await page.evaluate(() => window.tabernetes.ready);
    const editor = page.getByRole('textbox', { name: 'YAML manifests' });
    await editor.fill(MANIFEST);
    await editor.press('Control+Enter');
    await page.getByText('deployment.apps/echo created').first().waitFor();

    const ready = await run(page, 'kubectl wait --for=condition=Ready pod --all --timeout=60s');
    assert.equal(ready.code, 0, ready.err);
    assert.equal((await run(page, 'kubectl get pods -l app=echo --no-headers')).out.trim().split('\n').length, 3);

    const command = page.getByRole('textbox', { name: 'Command' });
    await command.fill('kubectl get deployment echo');
    await command.press('Enter');
    await page.locator('pre').getByText(/3\/3/).first().waitFor();

    const jsonpath = async (name, path) => (await run(page, `kubectl get svc ${name} -o jsonpath='{${path}}'`)).out;
    const ip = await jsonpath('inside', '.spec.clusterIP');
    const port = await jsonpath('ports', '.spec.ports[0].nodePort');
    const balancer = await jsonpath('balanced', '.status.loadBalancer.ingress[0].ip');
    for (const line of [
      'kubectl exec shell -- curl -s -m 5 inside:8888',
      `kubectl exec shell -- curl -s -m 5 ${ip}:8888`,
      `curl -s -m 5 172.18.0.3:${port}`,
      `curl -s -m 5 ${balancer}:8888`,
    ]) {
      const { code, out, err } = await run(page, line);
      assert.equal(code, 0, `${line}: ${err}`);
      assert.match(out, /HOSTNAME":"echo-/, line);
    }
    const fromNode = await page.evaluate((to) => window.tabernetes.trace({ from: 'node/node-1', to }), `http://${ip}:8888/`);
    assert.ok(fromNode.ok, fromNode.text);
    const fromOutside = await run(page, `curl -s -m 5 ${ip}:8888`);
    assert.notEqual(fromOutside.code, 0, 'a cluster IP cannot be reached from outside');

    await run(page, `kubectl patch service inside -p '{"spec":{"selector":{"app":"ehco"}}}'`);
    await page.evaluate(() => window.tabernetes.advance(2));
    const broken = await run(page, 'kubectl exec shell -- curl -sS -m 5 inside:8888');
    assert.equal(broken.code, 7, broken.err);
    const traced = await page.evaluate(() => window.tabernetes.trace({ from: 'pod/shell', to: 'http://inside:8888/' }));
    assert.equal(traced.ok, false);
    assert.match(traced.why, /no ready endpoints/);
    await command.fill('kubectl exec shell -- curl -sS -m 5 inside:8888');
    await command.press('Enter');
    await page.locator('pre').getByText(/Failed to connect|refused|Could not connect/i).first().waitFor();

    const fixes = await page.evaluate(() => window.tabernetes.fixes({ from: 'pod/shell', to: 'http://inside:8888/' }));
    assert.deepEqual(
      fixes.map(({ what, path, old, new: to, patch }) => ({ what, path, old, to, patch })),
      [{ what: 'service inside', path: 'spec.selector.app', old: 'ehco', to: 'echo', patch: { spec: { selector: { app: 'echo' } } } }],
    );
    const strip = page.getByRole('region', { name: 'Request on its way' });
    await strip.getByText('− ehco').waitFor();
    await strip.getByText('+ echo').waitFor();
    await page.screenshot({ path: 'shots/fix.png' });
    await strip.getByRole('button', { name: 'Apply fix' }).click();
    await strip.getByText('✓ Fixed').waitFor();
    await strip.getByText('✓ 200 OK').first().waitFor();
    assert.equal(await jsonpath('inside', '.spec.selector.app'), 'echo');
    const mended = await run(page, 'kubectl exec shell -- curl -s -m 5 inside:8888');
    assert.equal(mended.code, 0, mended.err);
    await page.screenshot({ path: 'shots/fixed.png' });
  });
});

test('a fix of the request itself, on a phone in the dark', { timeout: 60_000 }, async () => {
  await withPage({ name: 'fix-phone', width: 390, height: 844 }, async (page) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => window.tabernetes.ready);
    await page.evaluate((text) => window.tabernetes.apply(text), MANIFEST);
    await run(page, 'kubectl wait --for=condition=Ready pod --all --timeout=60s');
    await page.getByRole('tab', { name: /Terminal/ }).click();
    const command = page.getByRole('textbox', { name: 'Command' });
    await command.fill('kubectl exec shell -- curl -sS -m 5 insid:8888');
    await command.press('Enter');
    await page.locator('pre').getByText(/Could not resolve host/).first().waitFor();
    await page.getByRole('tab', { name: /Cluster/ }).click();
    await page.getByText('+ http://inside:8888').first().waitFor();
    await page.screenshot({ path: 'shots/fix-phone-before.png' });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, 'nothing is wider than the screen');
    await page.getByRole('button', { name: 'Send this instead' }).click();
    await page.getByText('✓ 200 OK').first().waitFor();
  });
});

test('a phone shows one pane at a time, in the dark too', { timeout: 60_000 }, async () => {
  await withPage({ name: 'phone', width: 390, height: 844 }, async (page) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => window.tabernetes.ready);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, 'nothing is wider than the screen');
    await page.getByRole('tab', { name: /Terminal/ }).click();
    await page.getByRole('textbox', { name: 'Command' }).waitFor();
  });
});

test('bad input is told, and nothing is lost', { timeout: 60_000 }, async () => {
  await withPage({ name: 'problems', width: 1440, height: 900 }, async (page) => {
    await page.evaluate(() => window.tabernetes.ready);
    const editor = page.getByRole('textbox', { name: 'YAML manifests' });
    await editor.fill('apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containerz: []\n');
    await page.getByText(/unknown field "spec.containerz"/).first().waitFor();
    await page.reload();
    await page.evaluate(() => window.tabernetes.ready);
    assert.match(await editor.inputValue(), /containerz/);
  });
});
