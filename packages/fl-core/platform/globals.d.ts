/**
 * All that fl-core and gpu-bench ask of where they run, beside ECMAScript and WebGPU: a tab, a worker and Node have it alike.
 * Neither DOM's nor Node's types are there, so a name that is not in this folder does not compile.
 */
declare const performance: { now(): number };

declare function setTimeout(callback: () => void, milliseconds: number): number;
declare function clearTimeout(timer: number | undefined): void;
/** Node only: look whether it is there. */
declare function setImmediate(callback: () => void): unknown;
declare class MessageChannel {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}
interface MessagePort {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}
interface AbortSignal {
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal: boolean });
  decode(bytes: Uint8Array): string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
interface Blob {
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

declare function atob(base64: string): string;

interface CryptoKey {
  readonly extractable: boolean;
}
interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}
/** What sealing asks of WebCrypto; a page has `subtle` only where it is a secure context (HTTPS or localhost). */
declare const crypto: {
  /** Takes at most 65,536 bytes. */
  getRandomValues<T extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(into: T): T;
  readonly subtle: {
    digest(algorithm: 'SHA-256', bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
    generateKey(
      algorithm: { name: 'Ed25519' } | { name: 'ECDSA'; namedCurve: 'P-256' },
      extractable: boolean,
      usages: readonly ('sign' | 'verify')[],
    ): Promise<CryptoKeyPair>;
    importKey(
      format: 'raw' | 'pkcs8',
      bytes: Uint8Array<ArrayBuffer>,
      algorithm:
        | { name: 'AES-CTR' | 'AES-GCM' | 'Ed25519' | 'X25519' }
        | { name: 'ECDSA'; namedCurve: 'P-256' },
      extractable: boolean,
      usages: readonly ('encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveBits')[],
    ): Promise<CryptoKey>;
    deriveBits(
      algorithm: { name: 'X25519'; public: CryptoKey },
      key: CryptoKey,
      length: number,
    ): Promise<ArrayBuffer>;
    exportKey(format: 'raw' | 'pkcs8', key: CryptoKey): Promise<ArrayBuffer>;
    encrypt(
      algorithm:
        | { name: 'AES-CTR'; counter: Uint8Array<ArrayBuffer>; length: number }
        | { name: 'AES-GCM'; iv: Uint8Array<ArrayBuffer> },
      key: CryptoKey,
      bytes: Uint8Array<ArrayBuffer>,
    ): Promise<ArrayBuffer>;
    decrypt(
      algorithm: { name: 'AES-GCM'; iv: Uint8Array<ArrayBuffer> },
      key: CryptoKey,
      bytes: Uint8Array<ArrayBuffer>,
    ): Promise<ArrayBuffer>;
    sign(
      algorithm: { name: 'Ed25519' } | { name: 'ECDSA'; hash: 'SHA-256' },
      key: CryptoKey,
      bytes: Uint8Array<ArrayBuffer>,
    ): Promise<ArrayBuffer>;
    verify(
      algorithm: { name: 'Ed25519' } | { name: 'ECDSA'; hash: 'SHA-256' },
      key: CryptoKey,
      signature: Uint8Array<ArrayBuffer>,
      bytes: Uint8Array<ArrayBuffer>,
    ): Promise<boolean>;
  };
};

/** Missing in Node 20; `gpu` only where there is WebGPU. */
declare var navigator:
  | { readonly hardwareConcurrency: number; readonly deviceMemory?: number; readonly gpu?: GPU }
  | undefined;
