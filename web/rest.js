// The second part of the module: all functions that opening the page does not run. It is fetched when somebody first
// touches the page, or at once when one of its functions is called. (`cargo xtask build` writes the address in.)
const address = new URL('./rest.wasm', import.meta.url);
/** Whoever does one of these will soon need the rest; until it is there, nobody misses an answer to the first ones. */
const hints = ['pointermove', 'mousemove', 'pointerover', 'mouseover', 'wheel'];
const signs = [...hints, 'pointerdown', 'touchstart', 'keydown', 'focusin'];
/** What the first part exports; the second takes everything from there. */
let first;
/** The second part on its way, or come. */
let coming;
let here = false;

/** The first part has come; from now on, whoever touches the page has the rest fetched. */
export function attach(exports) {
  first = exports;
  if (typeof document !== 'object') return;
  signs.forEach((sign) => addEventListener(sign, touched, { capture: true, passive: true }));
  const early = globalThis.tabernetes; // early.js left it
  if (early) early.fetchRest = load;
  if (early?.wanted) load();
}

function touched(event) {
  load();
  if (here) signs.forEach((sign) => removeEventListener(sign, touched, { capture: true }));
  else if (hints.includes(event.type)) event.stopImmediatePropagation();
}

/** Fetches the rest without holding anything up; answers a promise that it has come or could not. */
function load() {
  if (here) return undefined;
  coming ??= fetch(address).then((response) => {
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    return WebAssembly.compileStreaming(response);
  }).then(join).catch(() => {
    coming = undefined; // Whoever needs it asks again, and is told why it fails.
  });
  return coming;
}

/** One of its functions was called: fetches the rest before going on. */
export function demand() {
  if (!here) join(new WebAssembly.Module(bytes()));
}

/** Puts the rest beside the first part; at once and only once, for its constants must not come back over what changed. */
function join(module) {
  if (here) return;
  new WebAssembly.Instance(module, { f: first });
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
