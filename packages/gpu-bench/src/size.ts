/** What is measured: sizes that fill a graphics card, or such that an adapter in software gets through them. */
export const sizes = ['card', 'small'] as const;
export type Size = (typeof sizes)[number];

export const sizeOf = <T>(size: Size, choices: Readonly<Record<Size, T>>): T => choices[size];
