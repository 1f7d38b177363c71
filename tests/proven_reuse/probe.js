// What an attack may have changed, as text.

// The trap of a proxy leaves its mark in the proxy's target.
function spreadTarget() { return JSON.stringify(spreadSeen) }
// First step: what a promise shows only later.
var settled = [];
function probe1() {
  for (const [k, p] of [['promise', promise], ['pend', pend], ['rejected', rejected]]) p.then(v => settled.push(k + ' ok ' + String(v)), e => settled.push(k + ' rejected ' + String(e)));
  ag.next().then(v => settled.push('ag ' + JSON.stringify(v)));
}
// Second step: everything that can be seen. It uses the iterators up, so the realm is thrown away afterwards.
function probe() {
  const out = [], seen = new Map(), q = [], late = settled.join(); settled = [];
  // Most of the time would go into the traces of errors that nobody reads.
  out.push('limit ' + Error.stackTraceLimit); Error.stackTraceLimit = 0;
  const roots = { old, arr, darr, holey, nested, m, s, sets, ta, fa, bi, ab, rab, rta, dv, heapta, re, rey, plainre, date, sobj, nobj, bobj, relike, C, c, D, Returns, Stamp, F, Fs, lazyF, lazy2, lazy3, lazy4, lazyBase, lazyProx, arrow, method, bound, clos, frozen, ext, dict, args, err, errp, ds, ads, promise, pend, gen, agen, g, g0, ait, mit, sit, stit, tait, helper, tag, sa: sloppyArgs, sp: C.sp, cp: c.p, acc, tagv: tag(), nsobj, mv: ns.mv, see: ns.see(), meta: ns.meta(), scriptConst, scriptLet, oldArray, oldTa, oldBuffer, mine, speciesArr, lengthProto, shadow, boundLazy, proxp: prox,
    hb: heapta?.buffer, fb: fa?.buffer, tb: ta?.buffer, ta2, remid, reymid, regymid, replainmid, reminus, renan, retext, reobj, recount, relocked, relockedmid, reown, refar, renamed, subre, plainsubre, relikeg, respecies, lazyGen, lazyGen2, lazyAsyncGen, genCounts, gf, gd, ga, holder, gh, gdone, gens, tagOnce: tagOnce(), tagTwice: tagTwice(), tagIn: tagIn(tpl),
    Priv, priv, deep: Priv.deep(priv), privRead: Priv.read(priv), privStatic: Priv.s(), Branded, base, home, changing, spreadTrap: spreadTarget(), quietProxy, symbols, hidden, sealed, readOnly, weakKey, weakValue: wm2.get(weakKey), url: url.href, params: params.toString(), searchParams: url.searchParams.toString(), pending: decoder.decode(), empty, clamped, floats, detached, lone, kv: handleOf('a'), kvGet: handleOf('a').get, kvOther: handleOf('public:a').get, kvThird: handleOf('public:ccf.gov.a').get };
  const prim = (v) => typeof v === 'symbol' ? v.toString() : typeof v === 'bigint' ? v + 'n' : Object.is(v, -0) ? '-0' : typeof v === 'string' ? JSON.stringify(v) : String(v);
  const id = (v) => { if ((typeof v !== 'object' || v === null) && typeof v !== 'function') return prim(v); if (!seen.has(v)) { seen.set(v, seen.size); q.push(v) } return '#' + seen.get(v) };
  for (const k in roots) out.push(k + '=' + id(roots[k]));
  out.push('global=' + id(globalThis));
  const volatile = new Set(['probe', 'probe1', 'settled', 'spreadTarget']);
  for (const o of q) {
    if (o === ptrap) { out.push('ptrap'); continue }
    const line = ['#' + seen.get(o), id(Object.getPrototypeOf(o)), Object.isExtensible(o)];
    for (const k of Reflect.ownKeys(o)) {
      if (o === errp && k === 'stack' || o === globalThis && volatile.has(k)) continue;
      const d = Object.getOwnPropertyDescriptor(o, k); line.push(prim(k) + ':' + ('value' in d ? id(d.value) : 'g' + id(d.get) + 's' + id(d.set)) + (d.writable ? 'w' : '') + (d.enumerable ? 'e' : '') + (d.configurable ? 'c' : ''));
    }
    const is = (f, x) => { try { f.call(x); return true } catch { return false } }, getter = (P, k) => Object.getOwnPropertyDescriptor(P, k).get;
    if (is(getter(Map.prototype, 'size'), o)) for (const [a, b] of Map.prototype.entries.call(o)) line.push('M' + id(a) + id(b));
    if (is(getter(Set.prototype, 'size'), o)) for (const a of Set.prototype.values.call(o)) line.push('S' + id(a));
    if (is(Date.prototype.getTime, o)) line.push('D' + Date.prototype.getTime.call(o));
    if (is(getter(ArrayBuffer.prototype, 'byteLength'), o)) line.push('B' + o.byteLength + o.detached + o.resizable + (o.detached ? '' : [...new Uint8Array(o)]));
    if (is(getter(RegExp.prototype, 'source'), o)) line.push('R' + o.source + '/' + o.flags);
    out.push(line.join(' '));
  }
  out.push('statics ' + [RegExp.lastMatch, RegExp.$1, RegExp.input, RegExp.leftContext, RegExp.rightContext, RegExp.lastParen].map(prim));
  out.push('counts ' + counter + ' ' + getcount + ' ' + clos.get() + ' ' + sloppyArgs[1]() + ' ' + block.at());
  out.push('weak ' + [old, arr, c, s, F, re, weakKey, weakKey2, priv, tag(), tagOnce(), tagOnce().raw, globalThis, frozen, ta, ab].map(o => typeof o === 'object' || typeof o === 'function' ? wm.has(o) + '' + ws.has(o) + wm2.has(o) + ws2.has(o) + C.has(o) + Stamp.has(o) + Priv.has(o) + Branded.has(o) : 'none'));
  const drain = (i) => { try { return [...i] } catch (e) { return String(e) } };
  out.push('iterators ' + JSON.stringify([drain(ait), drain(mit), drain(sit), drain(stit), drain(reit).map(x => x[0]), drain(tait), drain(mkit), drain(mvit), drain(seit), drain(aeit), drain(g), drain(g0), drain(helper), drain(helper2), drain(wrapit), drain(gf), drain(gd), drain(ga), drain(gh).length, drain(gdone), gens.map(drain)]));
  out.push('stack ' + typeof errp.stack + JSON.stringify(errp.stack) + typeof err.stack + (err.stack + '').length);
  out.push('disposed ' + ds.disposed + ads.disposed + ' ' + late);
  return out.join('\n');
}
