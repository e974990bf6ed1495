import { describe, expect, test } from 'vitest';
import type { LabelMapping } from '../labels.ts';
import { folderLabels, folderSplit } from './folder-labels.ts';

/** Of each path its label, `-` where it is left out, `? name (within)` where it is asked about. */
function said(paths: readonly string[], labels: readonly string[], mapping?: LabelMapping): string[] {
  const of = folderLabels(paths, labels, mapping);
  return paths.map((path) => {
    const found = of(path);
    switch (found.kind) {
      case 'label':
        return labels[found.label]!;
      case 'left-out':
        return '-';
      case 'unknown':
        return `? ${found.name}${found.within === undefined ? '' : ` (${found.within})`}`;
      default:
        return found satisfies never;
    }
  });
}

const pets = ['cat', 'dog', 'barn owl'];

test('the nearest folder named like a label counts, at any depth', () => {
  expect(
    said(
      [
        'pets/cat/1',
        'DOG/2',
        'barn_owl/a/3',
        'cat/dog/4',
        'pets/cat/from phone/5',
        'train/cat/6',
        'cat/val/7',
      ],
      pets,
    ),
  ).toEqual(['cat', 'dog', 'barn owl', 'dog', 'cat', 'cat', 'cat']);
});

test('what is not known is asked by the folder that tells most', () => {
  expect(
    said(['pets/kitty/1', 'pets/dogs/from phone/2', '3', 'train/kitty/train/4', 'test/5'], pets),
  ).toEqual(['? kitty', '? dogs', '? ', '? kitty', '? test']);
});

describe('a folder named like a label that holds other labels', () => {
  const cats = ['cat/cats/0', 'cat/dogs/0', 'cat/cats/1', 'cat/dogs/1'];

  test('of an archive: its folders are asked about', () => {
    expect(said(cats, pets)).toEqual(['? cats (cat)', '? dogs (cat)', '? cats (cat)', '? dogs (cat)']);
  });

  test('and mean what the person says', () => {
    const mapping = new Map([
      ['cats', 'cat'],
      ['dogs', null],
    ]);
    expect(said(cats, pets, mapping)).toEqual(['cat', '-', 'cat', '-']);
  });

  test('of a project: healthy and sick leaves', () => {
    expect(
      said(['z/healthy/healthy_leaf/0', 'z/healthy/sick_leaf/0', 'z/healthy/1'], ['healthy', 'sick']),
    ).toEqual(['? healthy_leaf (healthy)', '? sick_leaf (healthy)', 'healthy']);
  });

  test('deeper, and in a part of a split', () => {
    expect(said(['cat/train/dogs/a/0', 'cat/train/cats/a/0'], pets)).toEqual([
      '? dogs (cat)',
      '? cats (cat)',
    ]);
  });

  test('by names in another language, where there is nothing else', () => {
    expect(said(['cat/Hunde/0', 'cat/Katzen/0'], pets)).toEqual(['? Hunde (cat)', '? Katzen (cat)']);
  });

  test('but not folders of kinds of it beside other labels, of years, or of its own name', () => {
    const kinds = ['cat/tabby/0', 'cat/siamese/0', 'dog/0'];
    expect(said(kinds, pets)).toEqual(['cat', 'cat', 'dog']);
    expect(said(['cat/2023/0', 'cat/2024-05/0'], pets)).toEqual(['cat', 'cat']);
    expect(said(['cat/cat photos/0', 'cat/more cats/0'], pets)).toEqual(['cat', 'cat']);
    expect(said(['cat/0', 'cat/a/1', 'cat/b/1'], pets)).toEqual(['cat', 'cat', 'cat']);
  });
});

describe('a split by folders', () => {
  const heldOut = (paths: readonly string[], labels = pets) => {
    const split = folderSplit(paths, labels);
    return { folders: split.folders, paths: paths.filter(split.heldOut) };
  };

  test.each([
    ['above the labels', ['train/cat/1', 'val/cat/2', 'test/dog/3'], ['val', 'test']],
    ['in a folder', ['pets/Train/cat/1', 'pets/Validation/cat/2'], ['Validation']],
    ['below the labels', ['cat/train/1', 'cat/test/2'], ['test']],
    ['as data sets call it', ['x/training_set/cat/1', 'x/test_set/dog/2'], ['test_set']],
  ])('%s', (_, paths, folders) => {
    expect(heldOut(paths)).toEqual({ folders, paths: paths.slice(1) });
  });

  test('needs both halves', () => {
    expect(heldOut(['test/cat/1', 'test/dog/2', 'cat/3']).paths).toEqual([]);
    expect(heldOut(['a/train/cat/1', 'b/test/cat/2']).paths).toEqual([]);
  });

  test('is none where a label of the run is called so', () => {
    expect(heldOut(['train/1', 'test/2'], ['train', 'car']).paths).toEqual([]);
  });
});
