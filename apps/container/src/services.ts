// The services of the app. Each says what it needs in its constructor; the container finds it by its type.
import type { TypedKvMap } from "@microsoft/ccf-app/kv.js";
import { inject, injectable } from "inversify";

export const GUESTS = Symbol("guests");

// Draws its number at its first use: another number is another container.
@injectable()
export class Identity {
  readonly number = Math.random();
}

@injectable()
export class Door {
  private opened = 0;

  open(): number {
    this.opened += 1;
    return this.opened;
  }
}

@injectable()
export class GuestBook {
  constructor(@inject(GUESTS) private readonly guests: TypedKvMap<string, number>) {}

  visits(name: string): number {
    return this.guests.get(name) ?? 0;
  }

  // Counts the visits of a guest, in the store: these survive whatever happens to the container.
  enter(name: string): number {
    const visits = this.visits(name) + 1;
    this.guests.set(name, visits);
    return visits;
  }
}

@injectable()
export class Reception {
  constructor(
    private readonly identity: Identity,
    private readonly door: Door,
    private readonly book: GuestBook,
  ) {}

  welcome(name: string) {
    const opened = this.door.open();
    return { wasCached: opened > 1, opened, container: this.identity.number, visits: this.book.enter(name) };
  }
}
