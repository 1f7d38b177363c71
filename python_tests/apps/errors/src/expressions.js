// Regular expressions that can take a text apart in more ways than anybody can try, of which none fits.

const text = `${"a".repeat(40)}!`;

export const nestedRepeats = () => ({ body: /^(a+)+$/.test(text) });

export const nestedRepeatsAnywhere = () => ({ body: /(a+)+$/.exec(text) !== null });

export const overlappingChoices = () => ({ body: text.match(/^(a|aa)+$/) !== null });

export const nestedRepeatsInReplace = () => ({ body: text.replace(/^(a*)*$/g, "x") !== text });

export const nestedRepeatsInSplit = () => ({ body: text.split(/(?:^(a+)+$)/).length !== 1 });

export const nestedRepeatsInMatchAll = () => ({ body: [...text.matchAll(/^(a+)+$/g)].length !== 0 });

// V8's engine of linear time has none of these.

export const backReference = () => ({ body: /^(a|a)*\1$/.test(text) });

export const lookAhead = () => ({ body: /^(?=(a+)+$)/.test(text) });

export const countedRepeats = () => ({ body: /^(?:.*a){20}$/.test(text) });

export const withoutCase = () => ({ body: /^(a+)+$/i.test(text) });

export const ofUnicode = () => ({ body: /^(a+)+$/u.test(text) });

export const goodExpression = () => ({ body: "2020-02-29".replace(/^(\d+)-(\d+)-(\d+)$/, "$3.$2.$1") });
