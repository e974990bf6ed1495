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

declare const crypto: {
  readonly subtle: { digest(algorithm: 'SHA-256', bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> };
};

/** Missing in Node 20; `gpu` only where there is WebGPU. */
declare var navigator:
  | { readonly hardwareConcurrency: number; readonly deviceMemory?: number; readonly gpu?: GPU }
  | undefined;
