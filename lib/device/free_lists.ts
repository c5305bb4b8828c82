/** Memory that was given back and waits for the next use. */

/** Pieces of one kind that wait, and when one of them last was used. */
interface FreeList<Piece> {
  readonly pieces: Piece[];
  /** Bytes of each. */
  readonly bytes: number;
  used: number;
}

/** Pieces of memory by kind. Where they hold too much, the kind that was used least recently gives way. */
export class FreeLists<Piece> {
  readonly #lists = new Map<number, FreeList<Piece>>();
  readonly #most: number;
  readonly #drop: (piece: Piece) => void;
  #held = 0;
  #clock = 0;

  /**
   * Begins empty.
   *
   * @param most Bytes that may wait.
   * @param drop Is told of a piece that gives way.
   */
  constructor(most: number, drop: (piece: Piece) => void) {
    this.#most = most;
    this.#drop = drop;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#held;
  }

  /** A piece of a kind, if one waits. */
  take(kind: number): Piece | undefined {
    const list = this.#lists.get(kind);
    const piece = list?.pieces.pop();
    if (piece === undefined) return undefined;
    list!.used = ++this.#clock;
    this.#held -= list!.bytes;
    return piece;
  }

  /** Keeps a piece of a kind, whose pieces all have as many bytes. */
  put(kind: number, bytes: number, piece: Piece): void {
    const list = this.#lists.get(kind);
    if (list === undefined) {
      this.#lists.set(kind, { pieces: [piece], bytes, used: ++this.#clock });
    } else {
      list.pieces.push(piece);
      list.used = ++this.#clock;
    }
    this.#held += bytes;
    while (this.#held > this.#most) this.#evict();
  }

  /** Lets go of all that waits. */
  clear(): void {
    while (this.#held > 0) this.#evict();
  }

  /** Lets go of a piece of the kind that was used least recently. */
  #evict(): void {
    let oldest: FreeList<Piece> | null = null;
    for (const [kind, list] of this.#lists) {
      if (list.pieces.length === 0) this.#lists.delete(kind);
      else if (list.used < (oldest?.used ?? Infinity)) oldest = list;
    }
    this.#held -= oldest!.bytes;
    this.#drop(oldest!.pieces.pop()!);
  }
}
