import { spawnSync } from 'node:child_process';

/** The Python of tests that need one: STRATA_PYTHON, or what is on the path. */
export const python = process.env.STRATA_PYTHON ?? 'python3';

/** Why a test cannot run, for its name: the packages that this Python lacks. Empty when it can. */
export function lacking(...packages: string[]): string {
  const look =
    'import importlib.util, sys; print(*[p for p in sys.argv[1:] if not importlib.util.find_spec(p)])';
  const probe = spawnSync(python, ['-c', look, ...packages], { encoding: 'utf8' });
  if (probe.status !== 0)
    return ` (skipped: ${python} ${probe.error?.message ?? probe.stderr.trim().split('\n').at(-1)}; set STRATA_PYTHON)`;
  const missing = probe.stdout.trim().split(' ').filter(Boolean);
  if (missing.length === 0) return '';
  return ` (skipped: ${python} has no ${missing.join(', ')}; install them or set STRATA_PYTHON)`;
}
