import { z } from 'zod';

/**
 * What people and their programs write, made fit for logs, tables and the database: PostgreSQL takes no NUL and no half
 * of a surrogate pair, a newline forges a line of a log, and marks of direction turn the rest of a line around.
 */
const unseen = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]|\p{Cs}/gu;
const breaks = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
const controlsButBreaks = /(?![\n\t])\p{Cc}/gu;

/** One line: control characters and line breaks become a space, marks without a look of their own go. */
export const plainLine = (text: string): string => text.replace(unseen, '').replace(breaks, ' ');

/** Several lines: line breaks and tabs stay. */
const plainLines = (text: string): string =>
  text.replace(unseen, '').replace(/\r\n?/g, '\n').replace(controlsButBreaks, '');

/** A line of at most `max` characters, cleaned and trimmed. */
export const PlainLine = (max: number) => z.string().overwrite(plainLine).trim().max(max);

/** A text of at most `max` characters, cleaned and trimmed. */
export const PlainLines = (max: number) => z.string().overwrite(plainLines).trim().max(max);

/** Whether a name that programs give can be stored and logged as it is. */
export const isPlain = (text: string): boolean => !/[\p{Cc}\p{Cs}]/u.test(text);
