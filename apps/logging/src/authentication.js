// Endpoints that show who calls: one checks headers of its own, one describes what the host found out.

const LOWEST_AGE = 16;
const NAME_HEADER = "x-custom-auth-name";
const AGE_HEADER = "x-custom-auth-age";
const EXPLODE_HEADER = "x-custom-auth-explode";

function unauthorized(reason) {
  return { statusCode: 401, body: reason };
}

export function customAuth(request) {
  const { headers } = request;
  if (EXPLODE_HEADER in headers) {
    throw new Error(headers[EXPLODE_HEADER]);
  }
  if (!headers[NAME_HEADER]) {
    return unauthorized(`Header '${NAME_HEADER}' is missing`);
  }
  if (!headers[AGE_HEADER]) {
    return unauthorized(`Header '${AGE_HEADER}' is missing`);
  }
  const name = headers[NAME_HEADER];
  const age = Number(headers[AGE_HEADER]);
  if (!Number.isInteger(age)) {
    return unauthorized(`Header '${AGE_HEADER}' is not a whole number`);
  }
  if (age < LOWEST_AGE) {
    return unauthorized(`${name} is younger than ${LOWEST_AGE}`);
  }
  return { body: { name, age, description: `${name} is ${age} years old` } };
}

function describeCertificate(holder, { id, data }) {
  return `${holder} ${id} with data ${JSON.stringify(data)}`;
}

function describeToken({ jwt: { keyIssuer, header, payload } }) {
  const claims = JSON.stringify(payload);
  return `Token from ${keyIssuer} signed with ${JSON.stringify(header)}, claims ${claims}`;
}

function describeCaller(caller) {
  if (Array.isArray(caller.policy)) {
    return caller.policy.map((name) => describeCaller(caller[name])).join("; ");
  }
  switch (caller.policy) {
    case "user_cert":
      return describeCertificate("User", caller);
    case "jwt":
      return describeToken(caller);
    case "no_auth":
      return "Nobody in particular";
    default:
      throw new Error(`No words for the policy '${caller.policy}'`);
  }
}

export function multiAuth(request) {
  return { body: describeCaller(request.caller) };
}
