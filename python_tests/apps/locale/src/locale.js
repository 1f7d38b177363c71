// What in JavaScript may depend on the locale and the time zone of a machine.

const DATES = [0, -60_000_000_000, -1e14, NaN].map((time) => new Date(time));

export function texts() {
  const body = {
    number: [(1234.5).toLocaleString(), (1234.5).toLocaleString("de"), (123456789n).toLocaleString()],
    list: [1234.5, 2].toLocaleString(),
    cases: ["I".toLocaleLowerCase("tr"), "i".toLocaleUpperCase("tr"), "ß".toLocaleUpperCase()],
    dateTime: DATES.map((date) => date.toLocaleString("de")),
    date: DATES.map((date) => date.toLocaleDateString()),
    time: DATES.map((date) => date.toLocaleTimeString("en-GB", { hour12: false })),
  };
  return { body };
}

export function order() {
  const words = ["z", "a", "C", "ä", "a\u0308", "B", "", "\u{1f600}", "\uffee"];
  return { body: { words: words.sort((a, b) => a.localeCompare(b, "sv")), equal: "\u00e4".localeCompare("a\u0308") } };
}

export function zone() {
  const summer = new Date(2020, 6, 1, 12);
  return { body: [summer.toISOString(), summer.getTimezoneOffset(), summer.getHours(), Date.parse("1970-01-01T00:00")] };
}

export function date() {
  return { body: new Date(0).toString() };
}

export function unicode() {
  const found = (pattern, text) => pattern.test(text);
  return {
    body: [
      "\ufb01".normalize("NFKC"),
      "\u00e4".normalize("NFD").length,
      found(/^\p{Script=Greek}$/u, "α"),
      found(/^\p{RGI_Emoji}$/v, "👨‍👩‍👧"),
      found(/^ǆ$/iu, "Ǆ"),
    ],
  };
}

/** The class of what each method throws for a receiver that is not its own. */
export function wrongReceivers() {
  const methods = [
    [String.prototype.localeCompare, null],
    [String.prototype.toLocaleLowerCase, undefined],
    [Number.prototype.toLocaleString, "1"],
    [Date.prototype.toLocaleDateString, {}],
  ];
  const thrown = ([method, receiver]) => {
    try {
      return method.call(receiver);
    } catch (error) {
      return error.name;
    }
  };
  return { body: methods.map(thrown) };
}
