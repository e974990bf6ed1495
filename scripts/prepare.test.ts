import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, nodeIsRecent, once } from './prepare.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-prepare-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('nodeIsRecent', () => {
  it.each([
    ['20.19.0', true],
    ['22.1.0', true],
    ['20.18.3', false],
    ['18.20.0', false],
  ])('%s: %s', (version, recent) => expect(nodeIsRecent(version)).toBe(recent));
});

describe('fingerprint', () => {
  it('changes with a content, a name and a new file, and with nothing else', () => {
    mkdirSync(join(folder, 'src/node_modules'), { recursive: true });
    writeFileSync(join(folder, 'src/a.ts'), 'a');
    const first = fingerprint(folder, ['src', 'absent']);
    writeFileSync(join(folder, 'src/node_modules/x.js'), 'x');
    expect(fingerprint(folder, ['src', 'absent'])).toBe(first);
    writeFileSync(join(folder, 'src/a.ts'), 'b');
    const second = fingerprint(folder, ['src', 'absent']);
    expect(second).not.toBe(first);
    writeFileSync(join(folder, 'src/b.ts'), '');
    expect(fingerprint(folder, ['src', 'absent'])).not.toBe(second);
  });
});

describe('once', () => {
  it('works again only for another fingerprint, and after a failure', async () => {
    const stamp = join(folder, 'deep', 'stamp');
    let runs = 0;
    const work = async () => {
      runs += 1;
    };
    await once(stamp, 'a', work);
    await once(stamp, 'a', work);
    expect(runs).toBe(1);
    await expect(once(stamp, 'b', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await once(stamp, 'b', work);
    expect(runs).toBe(2);
  });
});
