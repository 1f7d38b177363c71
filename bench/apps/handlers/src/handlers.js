// Short handlers, one kind of work each.

export function tiny() {
  return { body: "ok" };
}

// Three that V8's own side-effect check refuses, though they change nothing that was there before.

export function generator() {
  function* letters() {
    yield "o";
    yield "k";
  }
  return { body: [...letters()].join("") };
}

export function privateField() {
  class Answer {
    #text = "ok";
    get text() {
      return this.#text;
    }
  }
  return { body: new Answer().text };
}

export function typedArray() {
  const bytes = new Uint8Array(2);
  bytes[0] = 111;
  bytes[1] = 107;
  return { body: bytes };
}

// The check of the library refuses this one, too.
export function refused() {
  return { body: Object.defineProperty({}, "text", { value: "ok" }).text };
}

// The request's JSON and two calls of the store. A thousand keys, so that the store stays small and threads rarely meet.
export function store(request) {
  const { id, msg } = request.body.json();
  const table = ccf.kv["records"];
  const key = ccf.strToBuf(String(id % 1000));
  const former = table.get(key);
  table.set(key, ccf.strToBuf(msg));
  return { body: { former: former === undefined ? null : ccf.bufToStr(former) } };
}

export function allocations() {
  const objects = [];
  for (let number = 0; number < 1000; number++) {
    objects.push({ number, text: `object ${number}`, next: objects[number - 1] });
  }
  return { body: { last: objects[999].text } };
}

export function loop() {
  let sum = 0;
  for (let number = 0; number < 20000; number++) {
    sum = (sum * 31 + number) | 0;
  }
  return { body: { sum } };
}

// 1 MiB in, 1 MiB out.
export function json(request) {
  const records = request.body.json();
  records[0].seen = true;
  return { body: records };
}
