import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { StrataError } from '@strata/fl-core/protocol';

/**
 * What one guess costs: 32 MiB and three passes over them, the least of OWASP's Password Storage Cheat Sheet for scrypt
 * (N = 2^15, r = 8, p = 3). Kept with each password, so that it may rise.
 */
const cost = { log2N: 15, r: 8, p: 3 } as const;
const keyBytes = 32;

/** Passwords that are worked on at once, each with the memory above, and how many may wait for their turn. */
const atOnce = 2;
const mostWaiting = 30;

let working = 0;
const waiting: (() => void)[] = [];

/** `scrypt$log2N$r$p$salt$key`, the last two in base64url. @throws {StrataError} `rate-limited` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  const { log2N, r, p } = cost;
  return ['scrypt', log2N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * Whether a password is the one that was hashed, in the same time whether it is or not.
 * @param stored null where there is no such account, which takes as long, so that time tells no names.
 * @throws {StrataError} `rate-limited`
 */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const [kind, log2N, r, p, salt = '', key = ''] = (stored ?? nobodys).split('$');
  if (kind !== 'scrypt') {
    throw new StrataError('internal', 'A stored password cannot be read.', 'Give the account another one.');
  }
  const wanted = Buffer.from(key, 'base64url');
  const given = await derive(password, Buffer.from(salt, 'base64url'), {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p),
  });
  return wanted.length === given.length && timingSafeEqual(given, wanted) && stored !== null;
}

const nobodys = `scrypt$${cost.log2N}$${cost.r}$${cost.p}$${Buffer.alloc(16).toString('base64url')}$${Buffer.alloc(keyBytes).toString('base64url')}`;

interface Cost {
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

async function derive(password: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> {
  await turn();
  try {
    return await new Promise((resolve, reject) => {
      const options = { N: 2 ** log2N, r, p, maxmem: 256 * r * 2 ** log2N };
      // The same letters whatever keyboard wrote them.
      scrypt(password.normalize('NFC'), salt, keyBytes, options, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    });
  } finally {
    working -= 1;
    waiting.shift()?.();
  }
}

/** Waits until there is room for one more. */
async function turn(): Promise<void> {
  if (working >= atOnce) {
    if (waiting.length >= mostWaiting) {
      throw new StrataError(
        'rate-limited',
        'Too many people log in at once.',
        'Wait a moment, then try again.',
      );
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  working += 1;
}
