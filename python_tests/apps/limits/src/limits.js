// Runs a deed in a place: each is a way in which a script can come to run.
import * as deeds from "./deeds.js";
import * as places from "./places.js";

export function run(request) {
  const { place, deed } = request.params;
  return places[place](deeds[deed]);
}
