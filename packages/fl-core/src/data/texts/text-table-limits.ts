export interface TextTableLimits {
  readonly bytes: number;
  readonly rows: number;
  /** Characters of one text; where a text may be a whole file, it may fill it. */
  readonly characters: number;
}

export const textTableLimits: TextTableLimits = { bytes: 64 * 2 ** 20, rows: 200_000, characters: 20_000 };
