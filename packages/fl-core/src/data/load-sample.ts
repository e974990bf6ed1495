import { z } from 'zod';
import { StrataError } from '../protocol/errors.ts';
import type { SampleId } from '../protocol/run.ts';
import type { RawImages, RawSamples, RawTexts } from './raw-samples.ts';
import type { DecodedImage, ImageRegion } from './resize.ts';
import { type ImageSampleSpec, samples, type TextSampleSpec } from './samples.ts';
import { readTextTable } from './texts/text-table.ts';

/** Decodes an encoded picture (PNG, JPEG, ...), its EXIF rotation applied; rejects when it cannot. */
export type DecodeImage = (bytes: Uint8Array) => Promise<DecodedImage>;

/** What reading a sample needs from the place it runs in. */
export interface SampleIo {
  /** The bytes of a file below `samples/`. */
  readonly fetch: (path: string) => Promise<Uint8Array>;
  readonly decodeImage: DecodeImage;
}

/** `labels.json`: square tiles, row by row, the same items in every sheet; a sheet is a domain. */
const SheetLabels = z.object({
  tile: z.number().int().min(1).max(1024),
  columns: z.number().int().min(1).max(10_000),
  classes: z.array(z.string()).min(2),
  sheets: z.array(z.object({ domain: z.string(), file: z.string().regex(/^[\w-]+\.png$/) })).min(1),
  items: z.array(z.object({ label: z.number().int().min(0), split: z.enum(['train', 'test']) })).min(1),
});
type SheetLabels = z.infer<typeof SheetLabels>;

/**
 * Reads a built-in sample.
 * @throws StrataError `unavailable` when a file is not what the catalog says; what `io` throws, as it is.
 */
export async function loadSample(id: SampleId, io: SampleIo): Promise<RawSamples> {
  const spec = samples[id];
  switch (spec.kind) {
    case 'image':
      return loadSheets(spec, io);
    case 'text':
      return loadTable(spec, io);
    default:
      return spec satisfies never;
  }
}

async function loadSheets(spec: ImageSampleSpec, io: SampleIo): Promise<RawImages> {
  const described = parseLabels(spec, await io.fetch(spec.sheets));
  const folder = spec.sheets.slice(0, spec.sheets.lastIndexOf('/') + 1);
  const regions = await Promise.all(
    described.sheets.map(async ({ file }) =>
      tilesOf(spec, await io.decodeImage(await io.fetch(folder + file)), described),
    ),
  );
  const repeated = described.sheets.flatMap(() => described.items);
  const domains = described.sheets.flatMap((_, d) => described.items.map(() => d));
  return {
    kind: 'image',
    classes: spec.labels,
    images: regions.flat(),
    labels: Int32Array.from(repeated, (item) => item.label),
    heldOut: Uint8Array.from(repeated, (item) => (item.split === 'test' ? 1 : 0)),
    ...(spec.split === 'domain' ? { domains: Int32Array.from(domains) } : {}),
  };
}

function parseLabels(spec: ImageSampleSpec, bytes: Uint8Array): SheetLabels {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged(spec, `${spec.sheets} is not JSON`, error);
  }
  const parsed = SheetLabels.safeParse(content);
  if (!parsed.success) throw damaged(spec, z.prettifyError(parsed.error));
  const { classes, items } = parsed.data;
  if (classes.join('\n') !== spec.labels.join('\n')) throw damaged(spec, 'its classes are others');
  if (items.some((item) => item.label >= classes.length)) throw damaged(spec, 'a label is no class');
  return parsed.data;
}

function tilesOf(spec: ImageSampleSpec, image: DecodedImage, described: SheetLabels): ImageRegion[] {
  const { tile, columns, items } = described;
  const rows = Math.ceil(items.length / columns);
  if (image.width < tile * columns || image.height < tile * rows) {
    throw damaged(
      spec,
      `a sheet of ${image.width}x${image.height} cannot hold ${columns}x${rows} tiles of ${tile}`,
    );
  }
  return items.map((_, i) => ({
    image,
    left: (i % columns) * tile,
    top: Math.floor(i / columns) * tile,
    width: tile,
    height: tile,
  }));
}

async function loadTable(spec: TextSampleSpec, io: SampleIo): Promise<RawTexts> {
  const table = readTextTable({
    task: 'classification',
    file: spec.table,
    bytes: await io.fetch(spec.table),
    labels: spec.labels,
  });
  const [problem] = table.problems;
  if (problem) throw damaged(spec, `${problem.file}, line ${problem.line ?? 1}: ${problem.reason}`);
  const [unknown] = table.unknown;
  if (unknown) throw damaged(spec, `${spec.table} has the unknown label "${unknown.name}"`);
  return table.samples;
}

function damaged(spec: { readonly title: string }, reason: string, cause?: unknown): StrataError {
  return new StrataError(
    'unavailable',
    `The built-in data "${spec.title}" cannot be used: ${reason}`,
    'Restore the folder samples/ of the project.',
    { cause },
  );
}
