import { z } from 'zod';

/** What a server found at the source of a model that is not built in: all that clients need besides the weights. */

/** Whatever JSON can say. */
export const JsonValue = z.json();

const Licence = z.string().max(200).nullable();

/** A model as Hugging Face transformers saves it. */
const TransformersFound = z.object({
  kind: z.literal('transformers'),
  /** `config.json`, the labels left out. */
  config: z.record(z.string(), JsonValue),
  /** `preprocessor_config.json` of an image model. */
  preprocessor: z.record(z.string(), JsonValue).nullable(),
  licence: Licence,
});

/** As tfjs names tensors: names of layers are parts of those of their weights. */
const KerasName = z
  .string()
  .max(120)
  .regex(/^[A-Za-z0-9][\w./-]*$/, 'must be a name of letters, digits and . _ - /');

/** Characters of a topology as JSON: ResNet-152 takes 150 thousand. */
const maxTopology = 400_000;

/** What pixels go into a model as: numbers from 0 to 1, from -1 to 1, or from 0 to 255. */
export const PixelRange = z.enum(['unit', 'signed', 'bytes']);
export type PixelRange = z.infer<typeof PixelRange>;

/** A tfjs LayersModel without its weights: nested models unfolded, one call a layer, from input to output. */
export const LayersModelFound = z.object({
  kind: z.literal('layers-model'),
  /** The model's own name. */
  name: z.string().max(120),
  /** Height, width (null: any) and channels of the images. */
  input: z.tuple([
    z.number().int().positive().nullable(),
    z.number().int().positive().nullable(),
    z.number().int().positive(),
  ]),
  layers: z
    .array(
      z.object({
        name: KerasName,
        /** Keras' class name. */
        class: z.string().max(80),
        /** Keras' configuration, what does not change the function left out. */
        config: z.record(z.string().max(80), JsonValue),
        trainable: z.boolean(),
        /** Names of earlier layers, or `input`. */
        inputs: z.array(KerasName).min(1).max(64),
      }),
    )
    .min(1)
    .max(2000)
    .refine((layers) => JSON.stringify(layers).length <= maxTopology, 'is too long'),
  /** What the file says of pixels; null where it says nothing. */
  pixels: PixelRange.nullable().default(null),
  licence: Licence,
});
export type LayersModelFound = z.infer<typeof LayersModelFound>;

export const FoundModel = z.discriminatedUnion('kind', [TransformersFound, LayersModelFound]);
export type FoundModel = z.infer<typeof FoundModel>;
