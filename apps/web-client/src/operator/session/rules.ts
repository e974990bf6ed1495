import { AccountName, Password } from '@strata/fl-core/protocol';

/** What the forms say of names and passwords, and when they can be sent. */

export const nameHint = 'Letters, digits and . _ @ + - ; capital or small is the same.';
export const passwordHint = 'At least 12 characters; a few words are good.';

export const isName = (text: string): boolean => AccountName.safeParse(text).success;
export const isPassword = (text: string): boolean => Password.safeParse(text).success;
