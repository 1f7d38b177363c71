// The endpoints. Those that welcome a guest differ in app.json by interpreter_reuse alone.
import type { Request, Response } from "@microsoft/ccf-app";
import { container } from "./container.js";
import { GuestBook, Reception } from "./services.js";

export function welcome(request: Request): Response {
  return { body: container.get(Reception).welcome(request.params["name"]!) };
}

// Leaves a trace in the container and fails.
export function stumble(request: Request): Response {
  container.get(Reception).welcome(request.params["name"]!);
  throw new Error("The guest stumbled");
}

export function countVisits(request: Request): Response<number> {
  return { body: container.get(GuestBook).visits(request.params["name"]!) };
}
