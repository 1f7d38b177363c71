// Queries of many names and values.

export const parts = () => new URLSearchParams("a&".repeat(2 ** 23)).size;

export const encodedParts = () => new URLSearchParams("%41&".repeat(2 ** 22)).size;
