// What top-level code makes is there in each request.

const url = new URL("/a?b=1", "https://host.example");
const query = url.searchParams;
const encoder = new TextEncoder();
const decoder = new TextDecoder("shift_jis");
const begun = decoder.decode(new Uint8Array([0x82]), { stream: true });
const text = atob("YWJj");

export function kept() {
  query.append("c", "2");
  return {
    body: [url.href, [...encoder.encode("ü")], begun, decoder.decode(new Uint8Array([0xa0])), text, btoa(text)],
  };
}
