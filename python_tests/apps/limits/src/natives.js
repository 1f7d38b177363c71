// One call each of something that an engine could do without looking at the limit.

const endless = () => [].keys.call({ length: 2 ** 53 - 1 });
const text = (end) => "x".repeat(1e6) + end;
const nested = (left, right) => left.repeat(200) + "1+".repeat(3e5) + "1" + right.repeat(200);

const calls = {
  chainOfIterators() {
    let iterator = [1].values();
    for (let count = 35e3; count--; ) iterator = iterator.take(5);
    return iterator.next();
  },
  dropped: () => endless().drop(1e15).next(),
  sumOfIterator: () => Math.sumPrecise(endless()),
  foundInIterator: () => endless().find((value) => value < 0),
  setsWithNothingInCommon: () => new Set([-1]).isDisjointFrom({ size: 0, has: Boolean, keys: endless }),
  sourceThatIsReadAgain: () => new Function(nested("[", "]")),
  sourceInParentheses: () => new Function(nested("(", ")")),
  manyParameters: () => new Function(...Array.from({ length: 6e4 }, (nothing, index) => "a" + index), "b;".repeat(1e5)),
  groupThatComesLater: () => new RegExp("\\k<a>".repeat(1e5) + "(?<a>)"),
  groupsOfOneName: () => new RegExp(Array.from({ length: 3e4 }, (nothing, index) => `(?<a>${index})`).join("|")),
  referenceBack: () => /^(a*)b(?:(?=\1)a)*$/.test("a".repeat(3e5) + "b" + "a".repeat(1e7)),
  referenceBackWithoutCase: () => /^(a*)b(?:(?=\1)a)*$/i.test("a".repeat(3e5) + "b" + "a".repeat(1e7)),
  longTextsIncluded: () => new Array(2e5).fill(text("a")).includes(text("b")),
  longTextsFound: () => new Array(2e5).fill(text("a")).indexOf(text("b")),
  longTextsFoundLast: () => new Array(2e5).fill(text("a")).lastIndexOf(text("b")),
  namesOfProxy() {
    const names = Reflect.ownKeys(new Array(2e5).fill(1)).reverse();
    return Reflect.ownKeys(new Proxy(new Array(2e5).fill(1), { ownKeys: () => names }));
  },
};

export function run(request) {
  calls[request.params.name]();
  return { body: "fine" };
}
