import { readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Who holds the lock of a data folder, in a file beside it, so that a process that was killed need not be waited out:
 * on the same machine it can be seen that it is gone.
 */
const Holder = z.object({
  pid: z.number().int().positive(),
  /** When the process began, in ticks since the machine did: a number of a process is given again, with another time. */
  began: z.string(),
  /** Of this start of this machine. */
  boot: z.string(),
  /** The namespace that the number of the process is of: containers on one machine have their own. */
  namespace: z.string(),
  /** Which lock it held: it may be another's by now. */
  lock: z.string(),
});
type Holder = z.infer<typeof Holder>;

const pathOf = (folder: string): string => join(folder, 'lock-holder');

/** Says that this process has the lock at `lockPath`. Where it cannot be told who this process is, nothing is said. */
export async function noteHolder(folder: string, lockPath: string): Promise<void> {
  const here = await whereabouts();
  const began = await beginningOf(process.pid);
  if (here === null || began === null) return forgetHolder(folder);
  const holder: Holder = { pid: process.pid, began, ...here, lock: await identityOf(lockPath) };
  await writeFile(pathOf(folder), JSON.stringify(holder), { mode: 0o600 });
}

export const forgetHolder = (folder: string): Promise<void> => rm(pathOf(folder), { force: true });

/**
 * If the process that holds the lock was one of this machine and is gone, makes the lock look as old as it is dead, so
 * that whoever asks next gets it. In doubt (another machine, another container, no such file) nothing happens: then
 * the lock's age decides.
 */
export async function ageDeadLock(folder: string, lockPath: string): Promise<void> {
  const holder = await readHolder(folder);
  const here = await whereabouts();
  if (holder === null || here === null) return;
  if (holder.boot !== here.boot || holder.namespace !== here.namespace) return;
  if (!(await isGone(holder))) return;
  // Another one that saw the same may have taken it over meanwhile: then it is another lock.
  const lock = await identityOf(lockPath).catch(() => null);
  if (lock === holder.lock) await utimes(lockPath, 0, 0).catch(() => {});
}

async function readHolder(folder: string): Promise<Holder | null> {
  try {
    return Holder.parse(JSON.parse(await readFile(pathOf(folder), 'utf8')));
  } catch {
    return null; // none, or half-written by the process that was killed
  }
}

async function isGone({ pid, began }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not being allowed to signal it means that it is there.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const now = await beginningOf(pid);
  return now !== null && now !== began;
}

/** This machine since it was started, and the namespace of its processes; null where the system does not tell (Linux does). */
async function whereabouts(): Promise<Pick<Holder, 'boot' | 'namespace'> | null> {
  try {
    return {
      boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
      namespace: await readlink('/proc/self/ns/pid'),
    };
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)), counted from behind the name, which may have any characters in it. */
async function beginningOf(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

async function identityOf(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}
