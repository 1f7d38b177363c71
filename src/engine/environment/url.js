// `URL` and `URLSearchParams`.
(function (host, interfaces) {
  'use strict';

  const { asList, expose, isObject, needArguments, toText } = interfaces;
  const { changeUrl, parseQuery, parseUrl, writeQuery } = host;
  const { defineProperty, setPrototypeOf } = Object;
  const { apply, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { indexOf, slice } = String.prototype;
  const { sort } = Array.prototype;
  const { get: lookUp, set: remember } = Map.prototype;
  const { iterator } = Symbol;
  const NativeMap = Map;
  const NativeTypeError = TypeError;
  const arrays = Array.prototype;
  const iterators = getPrototypeOf(getPrototypeOf([][iterator]()));

  // Names and values of a sequence of pairs. The sequences are the app's, and are read as it made them.
  const listOfSequence = (pairs) => {
    const list = asList([]);
    for (const pair of pairs) {
      if (!isObject(pair)) {
        throw new NativeTypeError('A pair must be a sequence');
      }
      let length = 0;
      for (const text of pair) {
        list[list.length] = toText(text);
        length++;
      }
      if (length !== 2) {
        throw new NativeTypeError('A pair must have two elements');
      }
    }
    return list;
  };

  // Names and values of an object's own properties. Names may become the same when they lose lone surrogates.
  const listOfRecord = (record) => {
    const list = asList([]);
    const places = new NativeMap();
    const keys = ownKeys(record);
    for (let index = 0; index < keys.length; index++) {
      const property = getOwnPropertyDescriptor(record, keys[index]);
      if (property !== undefined && property.enumerable) {
        const name = toText(keys[index]);
        const value = toText(record[keys[index]]);
        const place = apply(lookUp, places, [name]) ?? list.length;
        apply(remember, places, [name, place]);
        list[place] = name;
        list[place + 1] = value;
      }
    }
    return list;
  };

  // Characters of a query that are parsed at a time.
  const PIECE = 1 << 16;

  // Names and values of a query. A long one is parsed in pieces, between which the limits of the script are looked at.
  const listOfText = (text) => {
    const list = asList([]);
    let start = text[0] === '?' ? 1 : 0;
    while (start < text.length) {
      const sign = apply(indexOf, text, ['&', start + PIECE]);
      const end = sign < 0 ? text.length : sign;
      const piece = asList(parseQuery(apply(slice, text, [start, end])));
      for (let index = 0; index < piece.length; index++) {
        list[list.length] = piece[index];
      }
      start = end + 1;
    }
    return list;
  };

  const listOf = (init) => {
    if (!isObject(init)) {
      return listOfText(toText(init));
    }
    const method = init[iterator];
    return method === undefined || method === null ? listOfRecord(init) : listOfSequence(init);
  };

  const isPair = (list, index, name, value) =>
    list[index] === name && (value === undefined || list[index + 1] === value);

  // Where the first pair of a name, or of a name and value, is; -1 if there is none.
  const find = (list, name, value) => {
    for (let index = 0; index < list.length; index += 2) {
      if (isPair(list, index, name, value)) {
        return index;
      }
    }
    return -1;
  };

  // The list without such pairs, but for the first `spared` elements.
  const without = (list, spared, name, value) => {
    const rest = asList([]);
    for (let index = 0; index < list.length; index += 2) {
      if (index < spared || !isPair(list, index, name, value)) {
        rest[rest.length] = list[index];
        rest[rest.length] = list[index + 1];
      }
    }
    return rest;
  };

  const sorted = (list) => {
    const places = asList([]);
    for (let index = 0; index < list.length; index += 2) {
      places[places.length] = index;
    }
    const byName = (one, other) => (list[one] < list[other] ? -1 : list[one] > list[other] ? 1 : 0);
    apply(sort, places, [byName]);
    const result = asList([]);
    for (let index = 0; index < places.length; index++) {
      result[result.length] = list[places[index]];
      result[result.length] = list[places[index] + 1];
    }
    return result;
  };

  // What a `URLSearchParams` keeps: `list`, its names and values one after the other, and `changed`, which tells its URL.
  let stateOf;

  const change = (state, list) => {
    state.list = list;
    if (state.changed !== undefined) {
      state.changed(writeQuery(list));
    }
  };

  class Iterator {
    #state;
    #answer;
    #index = 0;

    constructor(state, answer) {
      this.#state = state;
      this.#answer = answer;
    }

    next() {
      const { list } = this.#state;
      const index = this.#index;
      if (index >= list.length) {
        return { value: undefined, done: true };
      }
      this.#index += 2;
      return { value: this.#answer(list[index], list[index + 1]), done: false };
    }
  }
  expose(Iterator, 'URLSearchParams Iterator');
  delete Iterator.prototype.constructor;
  setPrototypeOf(Iterator.prototype, iterators);

  class URLSearchParams {
    #state;

    static {
      stateOf = (params) => params.#state;
    }

    constructor(init = '') {
      this.#state = { list: listOf(init), changed: undefined };
    }

    get size() {
      return this.#state.list.length / 2;
    }

    append(name, value) {
      const state = this.#state;
      needArguments(arguments, 2);
      const nameText = toText(name);
      const valueText = toText(value);
      state.list[state.list.length] = nameText;
      state.list[state.list.length] = valueText;
      change(state, state.list);
    }

    delete(name, value = undefined) {
      const state = this.#state;
      needArguments(arguments, 1);
      const nameText = toText(name);
      const valueText = value === undefined ? undefined : toText(value);
      change(state, without(state.list, 0, nameText, valueText));
    }

    get(name) {
      const state = this.#state;
      needArguments(arguments, 1);
      const index = find(state.list, toText(name));
      return index < 0 ? null : state.list[index + 1];
    }

    getAll(name) {
      const state = this.#state;
      needArguments(arguments, 1);
      const nameText = toText(name);
      const values = asList([]);
      for (let index = 0; index < state.list.length; index += 2) {
        if (state.list[index] === nameText) {
          values[values.length] = state.list[index + 1];
        }
      }
      return setPrototypeOf(values, arrays);
    }

    has(name, value = undefined) {
      const state = this.#state;
      needArguments(arguments, 1);
      const nameText = toText(name);
      return find(state.list, nameText, value === undefined ? undefined : toText(value)) >= 0;
    }

    set(name, value) {
      const state = this.#state;
      needArguments(arguments, 2);
      const nameText = toText(name);
      const valueText = toText(value);
      const index = find(state.list, nameText);
      const list = index < 0 ? state.list : without(state.list, index + 2, nameText);
      const place = index < 0 ? list.length : index;
      list[place] = nameText;
      list[place + 1] = valueText;
      change(state, list);
    }

    sort() {
      const state = this.#state;
      change(state, sorted(state.list));
    }

    forEach(callback, receiver = undefined) {
      const state = this.#state;
      needArguments(arguments, 1);
      if (typeof callback !== 'function') {
        throw new NativeTypeError('The callback must be a function');
      }
      for (let index = 0; index < state.list.length; index += 2) {
        apply(callback, receiver, [state.list[index + 1], state.list[index], this]);
      }
    }

    entries() {
      return new Iterator(this.#state, (name, value) => [name, value]);
    }

    keys() {
      return new Iterator(this.#state, (name) => name);
    }

    values() {
      return new Iterator(this.#state, (_name, value) => value);
    }

    toString() {
      return writeQuery(this.#state.list);
    }
  }
  expose(URLSearchParams, 'URLSearchParams');
  defineProperty(URLSearchParams.prototype, iterator, {
    __proto__: null,
    value: URLSearchParams.prototype.entries,
    writable: true,
    configurable: true,
  });

  // The parts of a URL, or null.
  const parse = (url, base) => parseUrl(toText(url), base === undefined ? undefined : toText(base));

  const invalid = () => new NativeTypeError('Invalid URL');

  class URL {
    // By the names of the properties.
    #parts;
    #params;

    constructor(url, base = undefined) {
      needArguments(arguments, 1);
      this.#parts = parse(url, base);
      if (this.#parts === null) {
        throw invalid();
      }
    }

    static canParse(url, base = undefined) {
      needArguments(arguments, 1);
      return parse(url, base) !== null;
    }

    static parse(url, base = undefined) {
      needArguments(arguments, 1);
      const parts = parse(url, base);
      return parts === null ? null : new URL(parts.href);
    }

    #set(name, value) {
      // What is no URL is refused before the value is asked for its text, which may change this very URL.
      this.#parts;
      const text = toText(value);
      this.#parts = changeUrl(this.#parts.href, name, text);
    }

    // The parameters follow the query.
    #renewParams() {
      if (this.#params !== undefined) {
        stateOf(this.#params).list = listOfText(this.#parts.search);
      }
    }

    get href() {
      return this.#parts.href;
    }

    set href(value) {
      this.#parts;
      const parts = parse(value);
      if (parts === null) {
        throw invalid();
      }
      this.#parts = parts;
      this.#renewParams();
    }

    get origin() {
      return this.#parts.origin;
    }

    get protocol() {
      return this.#parts.protocol;
    }

    set protocol(value) {
      this.#set('protocol', value);
    }

    get username() {
      return this.#parts.username;
    }

    set username(value) {
      this.#set('username', value);
    }

    get password() {
      return this.#parts.password;
    }

    set password(value) {
      this.#set('password', value);
    }

    get host() {
      return this.#parts.host;
    }

    set host(value) {
      this.#set('host', value);
    }

    get hostname() {
      return this.#parts.hostname;
    }

    set hostname(value) {
      this.#set('hostname', value);
    }

    get port() {
      return this.#parts.port;
    }

    set port(value) {
      this.#set('port', value);
    }

    get pathname() {
      return this.#parts.pathname;
    }

    set pathname(value) {
      this.#set('pathname', value);
    }

    get search() {
      return this.#parts.search;
    }

    set search(value) {
      this.#set('search', value);
      this.#renewParams();
    }

    get searchParams() {
      if (this.#params === undefined) {
        const params = new URLSearchParams(this.#parts.search);
        stateOf(params).changed = (query) => this.#set('search', query);
        this.#params = params;
      }
      return this.#params;
    }

    get hash() {
      return this.#parts.hash;
    }

    set hash(value) {
      this.#set('hash', value);
    }

    toString() {
      return this.#parts.href;
    }

    toJSON() {
      return this.#parts.href;
    }
  }
  expose(URL, 'URL');

  return { URL, URLSearchParams };
})
