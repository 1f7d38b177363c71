// Reads the parameters of a query string.
//
// The host has decoded the query as a whole, so nothing is decoded here. Of a repeated name the last value counts.
export function parseQuery(query) {
  const parameters = new Map();
  for (const part of query.split("&")) {
    if (part === "") {
      continue;
    }
    const separator = part.indexOf("=");
    if (separator === -1) {
      parameters.set(part, "");
    } else {
      parameters.set(part.slice(0, separator), part.slice(separator + 1));
    }
  }
  return parameters;
}

export function requiredParameter(parameters, name) {
  if (!parameters.has(name)) {
    throw new Error(`The query has no '${name}'`);
  }
  return parameters.get(name);
}
