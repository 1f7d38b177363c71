// Base64.

export const encodeBase64 = (...given) => btoa(...given);

export const decodeBase64 = (...given) => [...atob(...given)].map((character) => character.charCodeAt(0));

export function errorOf(name, given) {
  try {
    globalThis[name](given);
  } catch (error) {
    return {
      isError: error instanceof Error,
      class: Object.getPrototypeOf(error) === Error.prototype,
      name: error.name,
      code: error.code,
      enumerable: Object.keys(error),
    };
  }
  return "nothing thrown";
}
