const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** The day of a moment in milliseconds since the epoch, as the browser's language writes it. */
export const day = (at: number): string => days.format(at);

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The same with the time of day. */
export const moment = (at: number): string => moments.format(at);
