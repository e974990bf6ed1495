/** A vocabulary as a prefix tree over code points. */
export interface PieceTrie {
  /** Pieces that begin at `start`, shortest first. */
  matches(symbols: readonly number[], start: number): Iterable<Piece>;
}

export interface Piece {
  readonly id: number;
  /** Log probability. */
  readonly score: number;
  /** Length in code points. */
  readonly length: number;
}

interface Node {
  readonly children: Map<number, Node>;
  piece: Piece | null;
}

const node = (): Node => ({ children: new Map(), piece: null });

/** Code points of a text: what a piece's length is counted in. */
export const symbolsOf = (text: string): number[] => Array.from(text, (c) => c.codePointAt(0) ?? 0);

/** Builds the tree; of two entries with the same text the later counts. */
export function createPieceTrie(entries: Iterable<{ text: string; id: number; score: number }>): PieceTrie {
  const root = node();
  for (const { text, id, score } of entries) {
    const symbols = symbolsOf(text);
    let at = root;
    for (const symbol of symbols) {
      let next = at.children.get(symbol);
      if (!next) {
        next = node();
        at.children.set(symbol, next);
      }
      at = next;
    }
    at.piece = { id, score, length: symbols.length };
  }
  return {
    *matches(symbols, start) {
      let at: Node | undefined = root;
      for (let i = start; i < symbols.length; i++) {
        at = at.children.get(symbols[i]!);
        if (!at) return;
        if (at.piece) yield at.piece;
      }
    },
  };
}
