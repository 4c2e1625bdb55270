// The second part of the module: all functions that opening the page does not run. It is fetched when somebody first
// touches the page, or at once when one of its functions is called. (`cargo xtask build` writes the address in.)
const address = new URL('./rest.wasm', import.meta.url);
const signs = ['pointermove', 'pointerdown', 'touchstart', 'wheel', 'keydown', 'focusin'];
/** What the first part exports; the second takes everything from there. */
let first;
/** The second part on its way, or come. */
let coming;
let here = false;

/** The first part has come; from now on, whoever touches the page has the rest fetched. */
export function attach(exports) {
  first = exports;
  if (typeof document === 'object') signs.forEach((sign) => addEventListener(sign, load, { once: true, passive: true }));
}

/** Fetches the rest without holding anything up. */
export function load() {
  signs.forEach((sign) => globalThis.removeEventListener?.(sign, load));
  coming ??= fetch(address).then((response) => {
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    return WebAssembly.compileStreaming(response);
  }).then((module) => WebAssembly.instantiate(module, { f: first })).then(() => { here = true; }).catch(() => {
    coming = undefined; // Whoever needs it asks again, and is told why it fails.
  });
  return coming;
}

/** One of its functions was called: fetches the rest before going on. */
export function demand() {
  if (here) return;
  new WebAssembly.Instance(new WebAssembly.Module(bytes()), { f: first });
  here = true;
}

function bytes() {
  if (typeof XMLHttpRequest === 'undefined') return process.getBuiltinModule('fs').readFileSync(address);
  const request = new XMLHttpRequest();
  request.open('GET', address, false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) throw new Error(`a part of the page could not be fetched (${request.status}); reload the page`);
  const text = request.responseText;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}
