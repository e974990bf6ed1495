const hex = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

/** Who a client is: the secret proves, on later connections, that it is the same one. */
export interface Identity {
  readonly client: string;
  /** 32 random bytes in hex. */
  readonly secret: string;
}

/** A new random identity. The id says nothing about the person. */
export function newIdentity(): Identity {
  return {
    client: `c-${hex(crypto.getRandomValues(new Uint8Array(6)))}`,
    secret: hex(crypto.getRandomValues(new Uint8Array(32))),
  };
}
