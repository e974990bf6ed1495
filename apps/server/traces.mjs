import { SourceMap } from 'node:module';
import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * Has the traces of errors say the lines of the TypeScript that a bundle is of. Node itself would keep the decoded map,
 * 40 MB, for a trace that may never be read; here it is decoded when one is.
 * @param {string} address of the bundle.
 * @param {string} map its source map, JSON.
 */
export function traceBack(address, map) {
  const packed = gzipSync(map);
  /** @type {WeakRef<SourceMap> | undefined} */
  let decoded;
  const entries = () => {
    const known = decoded?.deref();
    if (known) return known;
    const made = new SourceMap(JSON.parse(gunzipSync(packed).toString()));
    decoded = new WeakRef(made);
    return made;
  };
  const inBundle = new RegExp(`${address.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}:(\\d+):(\\d+)`);
  const mapped = (place, line, column) => {
    const { originalSource, originalLine, originalColumn } = entries().findEntry(line - 1, column - 1);
    if (originalSource === undefined) return place;
    return `${new URL(originalSource, address).href}:${originalLine + 1}:${originalColumn + 1}`;
  };
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) => `\n    at ${String(frame).replace(inBundle, mapped)}`);
    return `${Error.prototype.toString.call(error)}${lines.join('')}`;
  };
}
