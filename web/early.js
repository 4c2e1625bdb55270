// Lets pages and tests write `await tabernetes.ready` before the module is there. The module gives this object its methods.
{
  let begin;
  const begun = new Promise((done) => { begin = done; });
  window.tabernetes = {
    begin,
    wanted: false,
    /** Whoever asks is going to use it: then the second part of the module comes as well (see rest.js). */
    get ready() {
      this.wanted = true;
      this.fetchRest?.();
      return begun.then(() => this.fetchRest?.());
    },
  };
}
