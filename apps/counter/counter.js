// Makes two functions that share a number nobody else can reach.
function create_counter() {
  let count = 0;
  return { next: () => ++count, peek: () => count };
}
