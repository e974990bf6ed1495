/** Something that must be true. Throws what is broken, named by its rule. */
export function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Broken: ${what}`);
}
