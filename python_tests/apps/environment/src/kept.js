// What top-level code makes is there in each request.

const url = new URL("/a?b=1", "https://host.example");
const query = url.searchParams;
const names = query.keys();
const encoder = new TextEncoder();
const decoder = new TextDecoder("shift_jis");
const text = atob("YWJj");
decoder.decode(encoder.encode(text));

export function kept() {
  query.append("c", "2");
  const read = [names.next().value, names.next().value, names.next().done];
  return { body: [url.href, read, [...encoder.encode("ü")], decoder.decode(new Uint8Array([0x82, 0xa0])), text] };
}
