// Does at top level what the importer has chosen.
export const value = globalThis.deed();
