// The one global used here that is not part of the language. The library "dom" would also declare what is not there.
declare class URLSearchParams {
  constructor(query: string);
  get(name: string): string | null;
}
