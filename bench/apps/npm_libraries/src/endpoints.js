// About a megabyte of well-known libraries, all loaded at the top level, and one small call of each.
import Ajv from "ajv";
import moment from "moment/min/moment-with-locales.js";
import * as ramda from "ramda";

const SCHEMA = {
  type: "object",
  properties: { name: { type: "string" }, day: { type: "string" } },
  required: ["name", "day"],
};

// All of it stays in the bundle.
const libraries = { Ajv, moment, ramda };
const validate = new libraries.Ajv().compile(SCHEMA);

export function check(request) {
  const order = request.body.json();
  if (!validate(order)) {
    return { statusCode: 400, body: validate.errors };
  }
  const day = libraries.moment.utc(order.day).format("YYYY-MM-DD");
  return { body: { name: libraries.ramda.toUpper(order.name), day } };
}
