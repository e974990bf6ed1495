import type { OpenPicture } from '@strata/fl-core/data';
/** Decodes by Skia, as Chromium does: PNG, JPEG, WebP, AVIF, GIF. Rejects for what is no picture. */
export declare function openPicture(bytes: Uint8Array): Promise<OpenPicture>;
