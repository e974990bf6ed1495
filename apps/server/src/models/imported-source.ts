import { join } from 'node:path';
import { HUB_URL } from '@huggingface/hub';
import { shownSource } from '@strata/fl-core/models/layouts';
import { StrataError } from '@strata/fl-core/protocol';
import type { FetchPolicy } from './guarded-fetch.ts';
import { fetchHubFolder, type HubSource } from './hub-folder.ts';
import { configFile, hasModel, layersFile } from './model-folder.ts';
import { fetchUrlFolder } from './url-folder.ts';

/** Where an imported model may be, as written in a run's configuration. */
export type ImportedSource =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'upload'; readonly sha256: string }
  | ({ readonly kind: 'hub' } & HubSource)
  | { readonly kind: 'url'; readonly url: URL };

export interface Places {
  /** Folder with a folder a model; null when the operator has none. */
  readonly modelsDir: string | null;
  /** Where downloads are kept. */
  readonly cacheDir: string;
  /** The Hub or a mirror of it. */
  readonly hubUrl?: string | undefined;
  /** Whether models may be fetched from this machine and its network; from `hubUrl` they always may. */
  readonly privateAllowed?: boolean;
}

export interface LocatedModel {
  /** Folder on this machine with the model's files. */
  readonly folder: string;
  /** The source as it was found: of the Hub, with the commit. */
  readonly source: string;
}

/** @throws StrataError `bad-config` when it is none of the four. */
export function parseSource(source: string): ImportedSource {
  // No part begins with a dot: a name never leads out of the folder of models.
  const folder = /^folder:([\w-][\w.-]*(?:\/[\w-][\w.-]*)*)$/.exec(source)?.[1];
  if (folder !== undefined) return { kind: 'folder', name: folder };
  const upload = /^upload:([0-9a-f]{64})$/.exec(source)?.[1];
  if (upload !== undefined) return { kind: 'upload', sha256: upload };
  const hub = /^hub:([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/.exec(source);
  if (hub?.[1] !== undefined) return { kind: 'hub', repository: hub[1], revision: hub[2] ?? 'main' };
  if (/^https?:\/\//.test(source) && URL.canParse(source)) return { kind: 'url', url: new URL(source) };
  throw new StrataError(
    'bad-config',
    `${shownSource(source)} is no place of a model.`,
    'Write folder:NAME for a folder in STRATA_MODELS_DIR, hub:OWNER/NAME, or the URL of a folder.',
  );
}

/**
 * Finds a model, and downloads it once where it is elsewhere.
 *
 * @throws StrataError `bad-config` as {@link parseSource}, `bad-model` when there is no such folder, `unavailable`
 *   when a download fails, `too-large`.
 */
export async function locateModel(source: string, places: Places): Promise<LocatedModel> {
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case 'folder':
      return { source, folder: await localFolder(parsed.name, places.modelsDir) };
    case 'upload':
      return { source, folder: await uploadedFolder(parsed.sha256, places.cacheDir) };
    case 'hub': {
      const { hubUrl = HUB_URL, cacheDir } = places;
      const { folder, commit } = await fetchHubFolder(parsed, cacheDir, hubUrl, policyOf(places));
      return { source: `hub:${parsed.repository}@${commit}`, folder };
    }
    case 'url':
      return { source, folder: await fetchUrlFolder(parsed.url, places.cacheDir, policyOf(places)) };
    default:
      return parsed satisfies never;
  }
}

/** A mirror of the Hub that whoever runs the server has named may be anywhere. */
const policyOf = ({ privateAllowed = false, hubUrl }: Places): FetchPolicy => ({
  privateAllowed,
  trusted: hubUrl === undefined ? [] : [new URL(hubUrl).origin],
});

async function localFolder(name: string, modelsDir: string | null): Promise<string> {
  if (modelsDir === null) {
    throw new StrataError(
      'bad-model',
      `The folder ${name} cannot be read: this server has no folder of models.`,
      'Start it with STRATA_MODELS_DIR set to the folder that the model lies in.',
    );
  }
  const folder = join(modelsDir, name);
  if (await hasModel(folder)) return folder;
  throw new StrataError(
    'bad-model',
    `${folder} has no ${configFile} and no ${layersFile}.`,
    'Put a model there as transformers saves it (config.json and model.safetensors) or as TensorFlow.js does.',
  );
}

async function uploadedFolder(sha256: string, cacheDir: string): Promise<string> {
  const folder = uploadFolder(cacheDir, sha256);
  if (await hasModel(folder)) return folder;
  throw new StrataError(
    'bad-model',
    `No uploaded model ${sha256.slice(0, 8)} is here any more.`,
    'Upload its files again.',
  );
}

/** Where the files of an upload are kept. */
export const uploadFolder = (cacheDir: string, sha256: string): string => join(cacheDir, `upload-${sha256}`);
