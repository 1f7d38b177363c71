// Says which class stands for which service. Built once per realm: an endpoint with interpreter_reuse finds it as an earlier
// request left it, every other endpoint finds it new.
import "reflect-metadata";
import { string, uint32 } from "@microsoft/ccf-app/converters.js";
import { typedKv } from "@microsoft/ccf-app/kv.js";
import { Container } from "inversify";
import { Door, GuestBook, GUESTS, Identity, Reception } from "./services.js";

export const container = new Container({ defaultScope: "Singleton" });

container.bind(GUESTS).toConstantValue(typedKv("guests", string, uint32));
container.bind(Identity).toSelf();
container.bind(Door).toSelf();
container.bind(GuestBook).toSelf();
container.bind(Reception).toSelf();
