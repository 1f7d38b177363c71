// Answers to requests that can't be met.
import type { Response } from "@microsoft/ccf-app";

export interface Failure {
  error: string;
}

export function badRequest(error: string): Response<Failure> {
  return { statusCode: 400, body: { error } };
}

export function notFound(error: string): Response<Failure> {
  return { statusCode: 404, body: { error } };
}
