// Measurements as protocol buffers. protobufjs writes the code of a message type at its first use, and compiles it with
// Function(): using the type at top level moves that work to the install of the app.
import type { Request, Response } from "@microsoft/ccf-app";
import protobuf from "protobufjs/light.js";
import { badRequest, type Failure } from "./errors.js";

const PROTOBUF = "application/x-protobuf";

const { root } = protobuf.Root.fromJSON({
  nested: {
    Unit: { values: { METRE: 0, SECOND: 1, KELVIN: 2 } },
    Measurement: {
      fields: {
        place: { type: "string", id: 1 },
        unit: { type: "Unit", id: 2 },
        values: { rule: "repeated", type: "double", id: 3 },
        taken: { type: "uint64", id: 4 },
        raw: { type: "bytes", id: 5 },
        labels: { keyType: "string", type: "string", id: 6 },
      },
    },
  },
} as protobuf.INamespace);
const Measurement = root.lookupType("Measurement").setup();

export function encodeMessage(request: Request): Response<Uint8Array | Failure> {
  const message = request.body.json();
  const reason = Measurement.verify(message);
  if (reason !== null) {
    return badRequest(reason);
  }
  return {
    headers: { "content-type": PROTOBUF },
    body: Measurement.encode(Measurement.fromObject(message)).finish(),
  };
}

export function decodeMessage(request: Request): Response {
  let message: protobuf.Message;
  try {
    message = Measurement.decode(new Uint8Array(request.body.arrayBuffer()));
  } catch (error) {
    return badRequest((error as Error).message);
  }
  return { body: Measurement.toObject(message, { enums: String, longs: String, bytes: String, defaults: true }) };
}
