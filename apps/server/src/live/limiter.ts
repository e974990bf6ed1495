/** How many events at once, and how many a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Token bucket: `burst` events at once, `perSecond` in the long run. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now = performance.now()) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Whether one more event is within the limit; counts it if so. `now` in milliseconds. */
  take(now = performance.now()): boolean {
    if (!this.has(now)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether one more event would be within the limit. `now` in milliseconds. */
  has(now = performance.now()): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    return this.#tokens >= 1;
  }

  /** So many have happened elsewhere, whatever is left: at most a whole bucket is owed. `now` in milliseconds. */
  owe(count: number, now = performance.now()): void {
    this.has(now);
    this.#tokens = Math.max(-this.#rate.burst, this.#tokens - count);
  }

  /** So many are given back, as far as the bucket holds them. */
  give(count: number): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + count);
  }
}

/** Keys that are remembered; of more, those used last. */
const rememberedKeys = 20_000;

/** A token bucket for each key, whatever connection it comes by; those used last are remembered. */
export class Buckets {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #tell: ((key: string, count: number) => void) | null;

  /** @param tell is told of each event that was counted, and of those given back, as a number below zero. */
  constructor(rate: Rate, tell: ((key: string, count: number) => void) | null = null) {
    this.#rate = rate;
    this.#tell = tell;
  }

  /** Whether one more event of `key` is within the limit; counts it if so. `now` in milliseconds. */
  take(key: string, now = performance.now()): boolean {
    const taken = this.#bucket(key, now).take(now);
    if (taken) this.#tell?.(key, 1);
    return taken;
  }

  /** So many events of `key` were counted elsewhere, or given back (below zero). `now` in milliseconds. */
  hear(key: string, count: number, now = performance.now()): void {
    const bucket = this.#bucket(key, now);
    if (count > 0) bucket.owe(count, now);
    else bucket.give(-count);
  }

  #bucket(key: string, now: number): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= rememberedKeys) break;
      this.#buckets.delete(oldest);
    }
    return bucket;
  }

  /** Whether one more event of `key` would be within the limit. `now` in milliseconds. */
  has(key: string, now = performance.now()): boolean {
    return this.#buckets.get(key)?.has(now) ?? true;
  }

  /** So many of what `key` took are given back. */
  give(key: string, count: number): void {
    const bucket = this.#buckets.get(key);
    if (!bucket) return;
    bucket.give(count);
    this.#tell?.(key, -count);
  }
}
