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
    const times = await page.evaluate(async ([yaml, count]) => {
      const { Tabernetes } = window.tabernetes.constructor === Object ? window : { Tabernetes: window.tabernetes.constructor };
      const took = [];
      for (let run = 0; run < 5; run += 1) {
        const cluster = new Tabernetes({ seed: 1 });
        await cluster.ready;
        const start = performance.now();
        await cluster.apply(yaml);
        await cluster.run('kubectl rollout status deployment/web --timeout=600s');
        took.push(performance.now() - start);
        const state = await cluster.run('kubectl get deployment web -o jsonpath={.status.readyReplicas}');
        if (state.out !== String(count)) throw new Error(`only ${state.out} of ${count} are Ready`);
        cluster.free();
      }
      return took;
    }, [deployment(replicas), replicas]);
    // The browser compiles each function when it is called for the first time: that is in the first run alone.
    const [cold, ...warm] = times.map(Math.round);
    const median = warm.sort((a, b) => a - b)[Math.floor(warm.length / 2)];
    console.log(`${replicas} replicas Ready: ${median} ms of wall time (median of ${warm.length}), ${cold} ms the first time`);
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
    for (let i = 0; i < 2000; i += 1) await cluster.trace(request);
    const count = 20000;
    const start = performance.now();
    for (let i = 0; i < count; i += 1) await cluster.trace(request);
    return count / (performance.now() - start) * 1000;
  }, deployment(3));
  console.log(`pod to cluster IP, traced and told: ${Math.round(traced)} requests/s`);
});
