const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number for people: `12,345`. */
export const count = (n: number): string => grouped.format(n);

/** `1 client`, `2 clients`. */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;
