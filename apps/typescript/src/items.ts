// Items for sale and what is in stock: typed tables, and lodash over their entries.
import * as ccfapp from "@microsoft/ccf-app";
import { groupBy, mapValues, orderBy, sumBy } from "lodash-es";
import { notFound, type Failure } from "./errors.js";

interface Item {
  kind: string;
  price: number;
}

interface NamedItem extends Item {
  name: string;
  stock: number;
}

interface Version {
  transaction: string;
  item: Item;
}

const ITEMS = "items";
const NO_ITEM = "There is no such item";
const RANGE_HANDLE = 1;
const RANGE_EXPIRY_SECONDS = 60;

const itemOf = ccfapp.checkedJson<Item>();
const items = ccfapp.typedKv(ITEMS, ccfapp.string, itemOf);
const stock = ccfapp.typedKv("stock", ccfapp.string, ccfapp.uint32);
const soldOut = ccfapp.typedKvSet("sold_out", ccfapp.string);

// In the order of their names: that of the store is not defined. Not by lodash's sortBy, which reads the clock when it is
// loaded: the app would be evaluated anew for each request.
function allItems(): NamedItem[] {
  const all: NamedItem[] = [];
  items.forEach((item, name) => all.push({ name, ...item, stock: stock.get(name) ?? 0 }));
  return orderBy(all, "name");
}

export function putItem(request: ccfapp.Request<Item>): ccfapp.Response {
  const { kind, price } = request.body.json();
  items.set(request.params["name"]!, { kind, price });
  return { statusCode: 204 };
}

export function getItem(request: ccfapp.Request): ccfapp.Response<NamedItem | Failure> {
  const name = request.params["name"]!;
  const item = items.get(name);
  return item === undefined ? notFound(NO_ITEM) : { body: { name, ...item, stock: stock.get(name) ?? 0 } };
}

export function deleteItem(request: ccfapp.Request): ccfapp.Response<Failure> {
  const name = request.params["name"]!;
  if (!items.has(name)) {
    return notFound(NO_ITEM);
  }
  items.delete(name);
  stock.delete(name);
  soldOut.delete(name);
  return { statusCode: 204 };
}

export function putStock(request: ccfapp.Request<number>): ccfapp.Response<Failure> {
  const name = request.params["name"]!;
  if (!items.has(name)) {
    return notFound(NO_ITEM);
  }
  const count = request.body.json();
  stock.set(name, count);
  if (count === 0) {
    soldOut.add(name);
  } else {
    soldOut.delete(name);
  }
  return { statusCode: 204 };
}

export function listItems(): ccfapp.Response<NamedItem[]> {
  return { body: allItems() };
}

export function listSoldOut(): ccfapp.Response<string[]> {
  const names: string[] = [];
  soldOut.forEach((name) => names.push(name));
  return { body: names.sort() };
}

export function sumItems(): ccfapp.Response {
  const kinds = groupBy(allItems(), "kind");
  return {
    body: mapValues(kinds, (group) => ({
      names: group.map(({ name }) => name),
      worth: sumBy(group, ({ price, stock }) => price * stock),
    })),
  };
}

// An item as a former transaction left it: the header of the request names the transaction.
export function getFormerItem(request: ccfapp.Request): ccfapp.Response<Version | Failure> {
  const state = ccfapp.historicalState!;
  const item = ccfapp.typedKv(state.kv[ITEMS]!, ccfapp.string, itemOf).get(request.params["name"]!);
  return item === undefined ? notFound(NO_ITEM) : { body: { transaction: state.transactionId, item } };
}

// All that an item ever was, up to its last change.
export function getItemHistory(request: ccfapp.Request): ccfapp.Response<Version[] | Failure | string> {
  const name = request.params["name"]!;
  const last = items.getVersionOfPreviousWrite(name);
  if (last === undefined) {
    return notFound(NO_ITEM);
  }
  const states = ccfapp.getStateRange(RANGE_HANDLE, 1, last, RANGE_EXPIRY_SECONDS);
  if (states === null) {
    return { statusCode: 202, headers: { "retry-after": "1" }, body: "The history is being fetched" };
  }
  const versions: Version[] = [];
  for (const state of states) {
    const item = ccfapp.typedKv(state.kv[ITEMS]!, ccfapp.string, itemOf).get(name);
    if (item !== undefined) {
      versions.push({ transaction: state.transactionId, item });
    }
  }
  return { body: versions };
}
