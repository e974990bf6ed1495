import type { SampleId } from '../protocol/run.ts';
import type { TaskName } from '../protocol/task.ts';

/** The built-in data (folder `samples/`): constants only; {@link loadSample} reads the files. */
export type SampleSpec = ImageSampleSpec | TextSampleSpec;

interface CommonSample {
  readonly id: SampleId;
  readonly title: string;
  readonly description: string;
  readonly licence: string;
  /** Class names in the order of the class indices. */
  readonly labels: readonly string[];
  /** How it is divided over demo participants: skewed classes, or a drawing style each. */
  readonly split: 'dirichlet' | 'domain';
  readonly samples: number;
}

export interface ImageSampleSpec extends CommonSample {
  readonly kind: 'image';
  /** Path below `samples/` of the description of the sheets, beside which they lie. */
  readonly sheets: string;
}

export interface TextSampleSpec extends CommonSample {
  readonly kind: 'text';
  /** Path below `samples/` of the table of text and label. */
  readonly table: string;
}

export const samples: Readonly<Record<SampleId, SampleSpec>> = {
  emoji: {
    id: 'emoji',
    kind: 'image',
    title: 'Emoji in three drawing styles',
    description:
      'Noto, Twemoji and Fluent pictures of the same 873 emoji; each participant sees one style. Test emoji are unseen in every style.',
    licence: 'Apache-2.0, CC BY 4.0 and MIT',
    labels: [
      'animal',
      'building',
      'clothing',
      'face',
      'food',
      'hand',
      'sky or weather',
      'sport or game',
      'tool or object',
      'vehicle',
    ],
    split: 'domain',
    samples: 2619,
    sheets: 'emoji/labels.json',
  },
  'fashion-mnist': {
    id: 'fashion-mnist',
    kind: 'image',
    title: 'Fashion-MNIST',
    description: 'Small grey pictures of clothes, 500 a class; participants have different mixes of classes.',
    licence: 'MIT',
    labels: [
      'T-shirt or top',
      'trouser',
      'pullover',
      'dress',
      'coat',
      'sandal',
      'shirt',
      'sneaker',
      'bag',
      'ankle boot',
    ],
    split: 'dirichlet',
    samples: 5000,
    sheets: 'fashion-mnist/labels.json',
  },
  wordnet: {
    id: 'wordnet',
    kind: 'text',
    title: 'WordNet definitions',
    description:
      'What kind of thing does a dictionary definition define? 600 definitions a class; participants have different mixes of classes.',
    licence: 'WordNet 3.1 licence',
    labels: [
      'act',
      'animal',
      'artifact',
      'body',
      'communication',
      'food',
      'location',
      'person',
      'plant',
      'possession',
      'state',
      'substance',
    ],
    split: 'dirichlet',
    samples: 7200,
    table: 'wordnet/glosses.csv',
  },
};

/** What a run on a built-in sample can be for: its texts can be classified, or read on as they are. */
export const sampleTasks = ({ kind }: SampleSpec): readonly TaskName[] =>
  kind === 'image' ? ['classification'] : ['classification', 'next-token'];
