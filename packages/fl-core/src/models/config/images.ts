import { z } from 'zod';
import type { ImageInput } from '../common-spec.ts';
import { Count, only } from './fields.ts';

/** Images as transformers' vision models are configured for them. */

const Colours = z.tuple([z.number(), z.number(), z.number()]);
type Colours = z.infer<typeof Colours>;

export interface Normalisation {
  readonly mean: Colours;
  readonly std: Colours;
}

export const half: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
export const imagenet: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
export const clipColours: Normalisation = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** A side in pixels; a list of two is taken where it is a square. */
export const Side = (most: number) =>
  z.preprocess(
    (side) => (Array.isArray(side) && side.length === 2 && side[0] === side[1] ? side[0] : side),
    Count.max(most),
  );

export const Pixels = { image_size: Side(4096), patch_size: Side(512), num_channels: only(3) };

/** One number a channel; a single one is that of all three. */
const Channels = (of: z.ZodNumber) =>
  z
    .union([of, z.array(of)])
    .transform((values) => (Array.isArray(values) ? values : [values]))
    .refine(
      (values) => values.length === 1 || values.length === 3,
      'must have one number a channel: 3, or 1 for all',
    )
    .transform(
      (values): Colours =>
        values.length === 3 ? [values[0]!, values[1]!, values[2]!] : [values[0]!, values[0]!, values[0]!],
    );

/** Python takes null for false, and what is absent for true. */
const Switch = z.boolean().nullable().optional();

/**
 * What `preprocessor_config.json` says of the numbers that pixels go in as. How a picture is cut and made smaller is the
 * run's: `do_resize`, `size`, `crop_size` and `resample` are not looked at.
 */
const Preprocessor = z.object({
  do_rescale: Switch,
  rescale_factor: z.number().positive().optional(),
  do_normalize: Switch,
  image_mean: Channels(z.number()).optional(),
  image_std: Channels(z.number().positive()).optional(),
  rescale_offset: only(false),
  do_flip_channel_order: only(false),
  do_color_quantize: only(false),
});

/**
 * Mean and deviation of pixels in [0, 1] that come to the same as what an image processor does: (v * factor - mean) / std
 * of a byte v, either step left out where it says so.
 *
 * @param preprocessor `preprocessor_config.json`, undefined where there is none
 * @param fallback what the architecture's own image processor uses where the file says nothing
 * @throws ZodError that names the field
 */
export function normalisationOf(preprocessor: unknown, fallback: Normalisation): Normalisation {
  const c = Preprocessor.parse(preprocessor ?? {});
  const on = (value: boolean | null | undefined) => value === undefined || value === true;
  const factor = on(c.do_rescale) ? (c.rescale_factor ?? 1 / 255) : 1;
  const plain: Normalisation = { mean: [0, 0, 0], std: [1, 1, 1] };
  const { mean, std } = on(c.do_normalize)
    ? { mean: c.image_mean ?? fallback.mean, std: c.image_std ?? fallback.std }
    : plain;
  // Published values stay as they are written: 0.485, not 0.485 * 255 / 255.
  const scale = Math.abs(factor * 255 - 1) < 1e-9 ? 1 : factor * 255;
  const scaled = (values: Colours): Colours => [values[0] / scale, values[1] / scale, values[2] / scale];
  return { mean: scaled(mean), std: scaled(std) };
}

export function imageInput(
  pixels: { readonly image_size: number; readonly patch_size: number },
  preprocessor: unknown,
  fallback: Normalisation,
): ImageInput {
  return {
    kind: 'image',
    patch: pixels.patch_size,
    pretrainedSide: pixels.image_size,
    defaultSide: pixels.image_size,
    ...normalisationOf(preprocessor, fallback),
  };
}

export const wholePatches = (
  context: z.RefinementCtx,
  { image_size: side, patch_size: patch }: { readonly image_size: number; readonly patch_size: number },
): void => {
  if (side % patch === 0) return;
  context.addIssue({ code: 'custom', message: `image_size ${side} is no multiple of patch_size ${patch}` });
};
