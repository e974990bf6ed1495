import { describe, expect, test } from 'vitest';
import { withoutClutter } from './clutter.ts';

const kept = (paths: readonly string[], labels?: readonly string[]) =>
  withoutClutter(
    paths.map((path) => ({ path })),
    labels,
  ).map(({ path }) => path);

test.each([
  'cat/.ipynb_checkpoints/0-checkpoint.png',
  'cat/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg',
  'dog/.thumbnails/3.png',
  'dog/.Trash-1000/files/old.png',
  'pets/.Trashes/501/1.png',
  '$RECYCLE.BIN/S-1-5/cat/old.png',
  '$Recycle.Bin/cat/old.png',
  'pets/RECYCLER/S-1/cat/1.png',
  '.git/objects/cat/pic.png',
  'cat/._1.png',
  '__MACOSX/cat/._0.png',
  'cat/Thumbs.db',
  'cat/ehthumbs.db',
  'cat/desktop.ini',
  'cat/.DS_Store',
  'cat/.AppleDouble/1.png',
  'cat/Icon\r',
  'share/#recycle/cat/1.png',
  'share/@Recycle/cat/1.png',
  'share/.@__thumb/cat/1.png',
  'share/@Recently-Snapshot/cat/1.png',
  'disk/lost+found/cat/1.png',
  'disk/System Volume Information/1.png',
  'disk/found.000/1.png',
  'card/LOST.DIR/1.png',
  'code/__pycache__/cat.pyc',
  'office/~$labels.csv',
])('%s is passed over', (path) => {
  expect(kept([path, 'cat/0.png'])).toEqual(['cat/0.png']);
});

test.each(['cat/1.png', 'recycle/1.png', 'at@home/1.png', 'cat/v1.2/1.png', 'cat/thumbs.png', 'cat/@1.png'])(
  '%s is data',
  (path) => {
    expect(kept([path, 'dog/0.png'])).toEqual([path, 'dog/0.png']);
  },
);

describe('what the person means', () => {
  test('the one folder that was chosen is meant, whatever its name', () => {
    const paths = ['.data/cat/1.png', '.data/dog/1.png'];
    expect(kept([...paths, '.data/.git/cat/1.png', '.data/._x'])).toEqual(paths);
  });

  test('a label of the run is meant', () => {
    expect(kept(['.net/1.png', '.git/1.png', 'java/1.png'], ['.net', 'java'])).toEqual([
      '.net/1.png',
      'java/1.png',
    ]);
  });
});
