// The page's own figures in headless Chromium, on the optimised build: one line each.
import { withPage } from './browser.mjs';

const deployment = (replicas) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
`;

await withPage({ name: 'bench', width: 1440, height: 900 }, async (page, { started }) => {
  await page.evaluate(async () => {
    await window.tabernetes.ready;
    return window.tabernetes.run('kubectl get nodes');
  });
  console.log(`first kubectl get nodes: ${Math.round(performance.now() - started)} ms after navigation`);
  for (const replicas of [100, 1000]) {
    const milliseconds = await page.evaluate(async ([yaml, count]) => {
      const { Tabernetes } = window.tabernetes.constructor === Object ? window : { Tabernetes: window.tabernetes.constructor };
      const cluster = new Tabernetes({ seed: 1 });
      await cluster.ready;
      const start = performance.now();
      await cluster.apply(yaml);
      await cluster.run(`kubectl rollout status deployment/web --timeout=600s`);
      const took = performance.now() - start;
      const state = await cluster.run('kubectl get deployment web -o jsonpath={.status.readyReplicas}');
      if (state.out !== String(count)) throw new Error(`only ${state.out} of ${count} are Ready`);
      return took;
    }, [deployment(replicas), replicas]);
    console.log(`${replicas} replicas Ready: ${Math.round(milliseconds)} ms of wall time`);
  }
});
