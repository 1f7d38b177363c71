// The methods of strings, numbers and dates that ask for a locale, without one: the texts are the same on every machine, with every
// build, and with the QuickJS engine.
(function () {
  'use strict';

  const { apply } = Reflect;
  const { defineProperty } = Object;
  const { normalize, codePointAt, padStart, toLowerCase, toUpperCase } = String.prototype;
  const { toString: numberToString } = Number.prototype;
  const { toString: bigIntToString } = BigInt.prototype;
  const { getTime, getFullYear, getMonth, getDate, getHours, getMinutes, getSeconds } = Date.prototype;

  const define = (prototype, methods) => {
    for (const name in methods) {
      defineProperty(prototype, name, { value: methods[name], writable: true, enumerable: false, configurable: true });
    }
  };

  // By code points, after canonical composition.
  const compare = (left, right) => {
    for (let index = 0; index < left.length && index < right.length; index++) {
      if (left[index] !== right[index]) {
        return apply(codePointAt, left, [index]) < apply(codePointAt, right, [index]) ? -1 : 1;
      }
    }
    return left.length === right.length ? 0 : left.length < right.length ? -1 : 1;
  };

  const padded = (number, digits) => apply(padStart, `${number}`, [digits, '0']);

  const dateText = (date) => {
    const year = apply(getFullYear, date, []);
    const shown = year < 0 ? `-${padded(-year, 4)}` : padded(year, 4);
    return `${padded(apply(getMonth, date, []) + 1, 2)}/${padded(apply(getDate, date, []), 2)}/${shown}`;
  };

  const timeText = (date) => {
    const hours = apply(getHours, date, []);
    const [minutes, seconds] = [apply(getMinutes, date, []), apply(getSeconds, date, [])];
    return `${padded(((hours + 11) % 12) + 1, 2)}:${padded(minutes, 2)}:${padded(seconds, 2)} ${hours < 12 ? 'A' : 'P'}M`;
  };

  // What is no date is refused by `getTime`.
  const orInvalid = (date, text) => (apply(getTime, date, []) !== apply(getTime, date, []) ? 'Invalid Date' : text(date));

  define(String.prototype, {
    localeCompare(that) {
      const left = apply(normalize, this, []);
      return compare(left, apply(normalize, `${that}`, []));
    },
    toLocaleLowerCase() {
      return apply(toLowerCase, this, []);
    },
    toLocaleUpperCase() {
      return apply(toUpperCase, this, []);
    },
  });

  define(Number.prototype, {
    toLocaleString() {
      return apply(numberToString, this, []);
    },
  });

  define(BigInt.prototype, {
    toLocaleString() {
      return apply(bigIntToString, this, []);
    },
  });

  define(Date.prototype, {
    toLocaleString() {
      return orInvalid(this, (date) => `${dateText(date)}, ${timeText(date)}`);
    },
    toLocaleDateString() {
      return orInvalid(this, dateText);
    },
    toLocaleTimeString() {
      return orInvalid(this, timeText);
    },
  });
})
