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
  const traced = await page.evaluate(async (yaml) => {
    const { Tabernetes } = window.tabernetes.constructor === Object ? window : { Tabernetes: window.tabernetes.constructor };
    const cluster = new Tabernetes({ seed: 1 });
    await cluster.apply(yaml);
    await cluster.run('kubectl rollout status deployment/web --timeout=600s');
    await cluster.run('kubectl expose deployment web --port=80');
    await cluster.run('kubectl run shell --image=busybox -- sleep 3600');
    await cluster.run('kubectl wait pod/shell --for=condition=Ready');
    const address = (await cluster.run('kubectl get service web -o jsonpath={.spec.clusterIP}')).out;
    const request = { from: 'pod/shell', to: `http://${address}:80/` };
    const trace = await cluster.trace(request);
    if (!trace.ok) throw new Error(trace.text);
    const count = 20000;
    const start = performance.now();
    for (let i = 0; i < count; i += 1) await cluster.trace(request);
    return count / (performance.now() - start) * 1000;
  }, deployment(3));
  console.log(`pod to cluster IP, traced and told: ${Math.round(traced)} requests/s`);
});
