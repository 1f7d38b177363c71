export let mv = 1;
export const mobj = { q: 1 };
export function minc() { mv++ }
export function meta() { return import.meta }
export default function () { return mv }
export class MC { static s = 1 }
let hidden = 0;
export function hide() { return ++hidden }
export function see() { return hidden }
const m0 = import.meta;
export function meta0() { return m0 }
export let list = [1, 2];
export function setAll(v) { mv = v; hidden = v; list = v }
export function readAll() { return [mv, hidden, list, mobj] }
export function nested() { return () => () => mv++ }
export function typeOfMissing() { return typeof mv + typeof hidden }
export function destructure() { [mv] = [9] }
export function logical() { mv &&= 5 }
export function* yields() { yield mv; mv = 8; yield mv }
