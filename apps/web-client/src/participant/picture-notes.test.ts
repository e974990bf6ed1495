import { expect, it } from 'vitest';
import { pictureNotes } from './picture-notes.ts';

it('says nothing of pictures that need no remark', () => {
  expect(pictureNotes({ enlarged: null, heldOutFolders: [], labelTables: [] })).toEqual([]);
});

it('says what was enlarged, set aside by its folder, labelled by a table', () => {
  expect(
    pictureNotes({
      enlarged: { count: 12, shortest: 8, side: 48 },
      heldOutFolders: ['val', 'test'],
      labelTables: ['pets/labels.csv'],
    }),
  ).toEqual([
    '“pets/labels.csv” says which label a picture has.',
    'Pictures in “val” and “test” are the ones set aside: nothing is learned from them.',
    '12 pictures are smaller than the 48 pixels that the model looks at (8 at the least) and were enlarged, which adds no detail.',
  ]);
});
