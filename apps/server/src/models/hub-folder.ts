import { join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import { downloadFile, modelInfo } from '@huggingface/hub';
import { StrataError } from '@strata/fl-core/protocol';
import { reasonOf } from './bad-model.ts';
import { fetchFolder } from './download.ts';
import { exists } from './exists.ts';
import { type FetchPolicy, guardedFetch } from './guarded-fetch.ts';

export interface HubSource {
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

export interface HubFolder {
  readonly folder: string;
  /** What the revision stood at: 40 hexadecimal digits. */
  readonly commit: string;
}

/**
 * A model of the Hugging Face Hub, downloaded once a commit.
 *
 * @throws StrataError `unavailable` when the Hub cannot be reached or has no such model, and as {@link fetchFolder}.
 */
export async function fetchHubFolder(
  { repository, revision }: HubSource,
  cacheDir: string,
  hubUrl: string,
  policy: FetchPolicy,
): Promise<HubFolder> {
  const fetch = guardedFetch(policy);
  const folderAt = (commit: string) => join(cacheDir, `hub-${repository.replace('/', '--')}-${commit}`);
  if (/^[0-9a-f]{40}$/.test(revision) && (await exists(folderAt(revision)))) {
    return { folder: folderAt(revision), commit: revision };
  }
  const { commit, files } = await look(repository, revision, hubUrl, fetch);
  const has = async (file: string) => files.has(file);
  const open = async (path: string) => {
    if (!files.has(path)) return null;
    const blob = await downloadFile({ repo: repository, path, revision: commit, hubUrl, fetch });
    return (blob?.stream() as ReadableStream<Uint8Array> | undefined) ?? null;
  };
  return { folder: await fetchFolder({ name: repository, has, open }, folderAt(commit)), commit };
}

/** The commit that a branch or tag stands at, so that all files are of one, and their names. */
async function look(
  repository: string,
  revision: string,
  hubUrl: string,
  fetch: typeof globalThis.fetch,
): Promise<{ commit: string; files: ReadonlySet<string> }> {
  try {
    const additionalFields = ['sha', 'filePaths'] as const;
    const { sha, filePaths } = await modelInfo({
      name: repository,
      revision,
      additionalFields: [...additionalFields],
      hubUrl,
      fetch,
    });
    return { commit: sha, files: new Set(filePaths) };
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    throw new StrataError(
      'unavailable',
      `${repository} at ${revision} cannot be found on ${hubUrl}: ${reasonOf(cause instanceof Error && cause.cause ? cause.cause : cause)}`,
      'Check the name and the connection, or put the model into a folder of STRATA_MODELS_DIR.',
      { cause },
    );
  }
}
