import { fsyncSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { syncDirectory } from '../sync-directory.ts';

/**
 * PGlite's folder of plain files, made durable: PGlite 0.5.16 starts with `-F` (no fsync), and Emscripten's
 * NODEFS ignores fsync because it has no hook for it. With both repaired a commit is on the disk when it is
 * acknowledged.
 */
export class DurableNodeFS extends NodeFS {
  override async init(...args: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(...args);
    return {
      emscriptenOpts: {
        ...emscriptenOpts,
        preRun: [
          ({ NODEFS }: NodeFsModule) => {
            NODEFS.stream_ops.fsync = (stream) => {
              if (stream.nfd !== undefined) fsyncSync(stream.nfd);
              else syncDirectory(NODEFS.realPath(stream.node));
              return 0;
            };
            // PostgreSQL's files are 0666 by its own wish here, whatever the process's umask.
            const { setattr } = NODEFS.node_ops;
            NODEFS.node_ops.setattr = (node, attributes) =>
              setattr(
                node,
                typeof attributes.mode === 'number'
                  ? { ...attributes, mode: attributes.mode & ~0o077 }
                  : attributes,
              );
          },
          ...(emscriptenOpts.preRun ?? []),
        ],
      },
    };
  }
}

/** The parts of the Emscripten module that {@link DurableNodeFS} touches. */
interface NodeFsModule {
  NODEFS: {
    realPath(node: unknown): string;
    /** `nfd` is Node's descriptor; a directory has none. */
    node_ops: { setattr: (node: unknown, attributes: { readonly mode?: unknown }) => void };
    stream_ops: { fsync?: (stream: { nfd?: number; node: unknown }) => number };
  };
}

/**
 * PGlite's own start parameters without `-F`; fdatasync has no hook, so the log is written with fsync. Pages are kept by
 * the system's cache too, so that PostgreSQL's own 128 MB would only be a second copy in the process.
 */
export const durableStartParams: string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  'wal_sync_method=fsync',
  '-c',
  'shared_buffers=16MB',
];
