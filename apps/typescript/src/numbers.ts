// Lists of numbers: lodash, and nothing else.
import type { Request, Response } from "@microsoft/ccf-app";
import { chunk, isEqual, partition, range, uniq, zipObject } from "lodash-es";

export function partitionNumbers(request: Request<number[]>): Response<[number[], number[]]> {
  return { body: partition(request.body.json(), (number) => number % 2 !== 0) };
}

export function chunkNumbers(request: Request<number[]>): Response<number[][]> {
  return { body: chunk(uniq(request.body.json()), Number(request.params["size"])) };
}

export function squares(request: Request): Response {
  const numbers = range(Number(request.params["count"]));
  const values = numbers.map((number) => number ** 2);
  return { body: { squares: zipObject(numbers.map(String), values), equal: isEqual(numbers, values) } };
}
