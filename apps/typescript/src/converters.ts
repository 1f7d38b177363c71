// Values on their way through the store, under each converter that the package offers.
import * as ccfapp from "@microsoft/ccf-app";
import { toBase64url } from "./bytes.js";
import { badRequest, notFound, type Failure } from "./errors.js";

interface RoundTrip {
  stored: string;
  value: unknown;
}

// Writes a value and reads it back, both as it came and as bytes.
function through<T>(converter: ccfapp.DataConverter<T>) {
  return (value: T): { stored: ArrayBuffer; value: T } => {
    const key = ccfapp.string.encode("key");
    ccfapp.typedKv("converted", ccfapp.arrayBuffer, converter).set(key, value);
    const stored = ccfapp.rawKv["converted"]!.get(key)!;
    return { stored, value: ccfapp.typedKv("converted", ccfapp.arrayBuffer, converter).get(key)! };
  };
}

// What JSON can't say travels as text, or as an array of numbers.
function throughBigInt(converter: ccfapp.DataConverter<bigint>) {
  const store = through(converter);
  return (text: string) => {
    const { stored, value } = store(BigInt(text));
    return { stored, value: value.toString() };
  };
}

const throughBytes = through(ccfapp.typedArray(Uint8Array<ArrayBuffer>));
const throughWords = through(ccfapp.typedArray(Uint16Array<ArrayBuffer>));
const throughBuffer = through(ccfapp.arrayBuffer);
const throughCheckedJson = through(ccfapp.checkedJson<unknown>());

const ROUND_TRIPS: Record<string, (value: any) => { stored: ArrayBuffer; value: unknown }> = {
  bool: through(ccfapp.bool),
  int8: through(ccfapp.int8),
  uint8: through(ccfapp.uint8),
  int16: through(ccfapp.int16),
  uint16: through(ccfapp.uint16),
  int32: through(ccfapp.int32),
  uint32: through(ccfapp.uint32),
  int64: throughBigInt(ccfapp.int64),
  uint64: throughBigInt(ccfapp.uint64),
  float32: through(ccfapp.float32),
  float64: through(ccfapp.float64),
  string: through(ccfapp.string),
  json: through(ccfapp.json<unknown>()),
  checkedJson: throughCheckedJson,
  checkedJsonOfDate: (value: number) => throughCheckedJson({ value: new Date(value) }),
  checkedJsonOfMap: (value: [unknown, unknown][]) => throughCheckedJson([new Map(value)]),
  arrayBuffer(values: number[]) {
    const { stored, value } = throughBuffer(new Uint8Array(values).buffer);
    return { stored, value: [...new Uint8Array(value)] };
  },
  typedArray(values: number[]) {
    // A view into a longer buffer: only what it shows is stored.
    const { stored, value } = throughBytes(new Uint8Array([0, ...values, 0]).subarray(1, -1));
    return { stored, value: [...value] };
  },
  typedArrayOfWords(values: number[]) {
    const { stored, value } = throughWords(new Uint16Array(values));
    return { stored, value: [...value] };
  },
};

export function convert(request: ccfapp.Request<{ value: unknown }>): ccfapp.Response<RoundTrip | Failure> {
  const roundTrip = ROUND_TRIPS[request.params["converter"]!];
  if (roundTrip === undefined) {
    return notFound("There is no such converter");
  }
  try {
    const { stored, value } = roundTrip(request.body.json().value);
    return { body: { stored: toBase64url(stored), value } };
  } catch (error) {
    return badRequest(String(error));
  }
}
