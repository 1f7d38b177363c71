// All endpoints of the app, in one module: app.json names it.
export * from "./converters.js";
export * from "./items.js";
export * from "./keys.js";
export * from "./messages.js";
export * from "./numbers.js";
export * from "./tokens.js";
export * from "./transactions.js";
