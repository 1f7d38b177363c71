// Takes from a durable realm what can't be repeated: functions that draw randomness of their own, what only a request has, and what
// reaches beyond the host's store.
(() => {
  delete globalThis.WebAssembly;
  delete globalThis.snp_attestation;
  const random = ['sign', 'generateAesKey', 'generateRsaKeyPair', 'generateEcdsaKeyPair', 'generateEddsaKeyPair', 'wrapKey'];
  for (const name of random) {
    delete ccf.crypto[name];
    delete ccf[name];
  }
  for (const name of ['rpc', 'historical', 'host']) {
    delete ccf[name];
  }
})();
