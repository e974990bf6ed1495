import { StrataError } from '@strata/fl-core/protocol';
import { HubPin } from './hub.ts';

/** DeiT-tiny on the Hugging Face Hub, under timm's names. */
const source = { repository: 'timm/deit_tiny_patch16_224.fb_in1k', file: 'model.safetensors' } as const;

/**
 * What DeiT-tiny is pinned to, from the environment: `STRATA_DEIT_TINY_REVISION` (commit) and
 * `STRATA_DEIT_TINY_SHA256` (of the file); `HF_ENDPOINT` names a mirror of the Hub. Null when neither is set.
 * No pin is built in: the project was written on a machine that cannot reach the Hub, and a hash that nobody
 * has checked is worth nothing.
 *
 * @throws StrataError `bad-config` when one is missing beside the other, or malformed.
 */
export function deitTinyPin(environment: Readonly<Record<string, string | undefined>>): HubPin | null {
  const revision = environment.STRATA_DEIT_TINY_REVISION || undefined;
  const sha256 = environment.STRATA_DEIT_TINY_SHA256 || undefined;
  if (revision === undefined && sha256 === undefined) return null;
  const endpoint = environment.HF_ENDPOINT?.replace(/\/+$/, '') || undefined;
  const pin = HubPin.safeParse({ ...source, revision, sha256, endpoint });
  if (pin.success) return pin.data;
  const problems = pin.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new StrataError(
    'bad-config',
    `The pin of DeiT-tiny cannot be used (${problems.join('; ')}).`,
    'Set both STRATA_DEIT_TINY_REVISION (40 hexadecimal digits) and STRATA_DEIT_TINY_SHA256 (64), or neither.',
  );
}
