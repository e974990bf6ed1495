/** A file that has not been read yet. */
export interface SourceFile {
  /** With the folders it was found in, separated by `/`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly read: () => Promise<Uint8Array>;
}

/** Sizes in messages. */
export const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
