// Lets pages and tests write `await tabernetes.ready` before the module is there. The module gives this object its methods.
{
  let begin;
  const ready = new Promise((done) => { begin = done; });
  window.tabernetes = { ready, begin };
}
