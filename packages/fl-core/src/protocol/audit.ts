import { z } from 'zod';
import { signatureIn, signatureText, type UpdateSignature } from '../signing/messages.ts';
import { Id, Sha256 } from './run.ts';

/**
 * The audit log: what operators decided and which models were committed, in a chain. Each entry holds the hash of the one
 * before, so that none can be changed, taken out or moved without all that follow being made anew; and who noted the
 * hash of the newest elsewhere notices that, too, and the lack of the end.
 */

export const auditKinds = [
  'account-created',
  'account-changed',
  'account-removed',
  'password-changed',
  'logged-in',
  'token-created',
  'token-revoked',
  'model-fetched',
  'model-exported',
  /** How a model does on data of the operator's. */
  'model-tested',
  'backup-made',
  'run-created',
  'run-started',
  'run-paused',
  'run-resumed',
  'run-stopped',
  'run-deleted',
  /** Its retention was over: what there was of single participants is gone. */
  'participants-erased',
  'join-link-renewed',
  'invitation-created',
  'invitation-revoked',
  'client-removed',
  'client-banned',
  'client-admitted',
  /** A new participant of a run that asks for it was let in, or was not. */
  'client-approved',
  'client-refused',
  /** A model that a round ended with, or that a run begins with (round 0): the hash of each layer. */
  'model-committed',
  /** What it was made of, where participants sign what they send: the hash of each update, key and signature. */
  'updates-counted',
] as const;
export type AuditKind = (typeof auditKinds)[number];

export const AuditEntry = z.object({
  /** 1, 2, 3 and so on. */
  seq: z.number().int().min(1),
  /** Milliseconds since the epoch, by the server's clock. */
  at: z.number().int(),
  /** The account or token, or `server`. */
  who: z.string(),
  // Not of the list above: a log outlives the version that wrote it.
  kind: z.string(),
  run: Id.nullable(),
  details: z.record(z.string(), z.string()),
  /** Of the entry before; zeros for the first. */
  previous: Sha256,
  hash: Sha256,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const noAuditYet = '0'.repeat(64);

/** What the hash of an entry is the sha256 of, as UTF-8: JSON without blanks, the details in the order of their names. */
export function auditText({ seq, at, who, kind, run, details, previous }: Omit<AuditEntry, 'hash'>): string {
  const names = Object.keys(details).sort();
  return JSON.stringify([previous, seq, at, who, kind, run, names.map((name) => [name, details[name]])]);
}

/** What is wrong with a log, and where. */
export interface AuditBreak {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly what: string;
}

export type AuditVerdict =
  | { readonly kind: 'whole'; readonly entries: number; readonly head: string }
  | { readonly kind: 'broken'; readonly at: AuditBreak };

/**
 * Whether a log is as it was written, from its first entry on.
 * @param lines of the exported file, one entry each.
 * @param sha256 in hex, of a text as UTF-8.
 * @param noted a hash that was noted elsewhere: it must be that of an entry.
 */
export function checkAudit(
  lines: Iterable<string>,
  sha256: (text: string) => string,
  noted: string | null = null,
): AuditVerdict {
  let line = 0;
  let [seq, head] = [0, noAuditYet];
  let found = noted === null;
  const broken = (what: string): AuditVerdict => ({ kind: 'broken', at: { line, what } });
  for (const text of lines) {
    line += 1;
    const entry = parsed(text);
    if (entry === null) return broken('is no entry of an audit log');
    if (entry.seq !== seq + 1) {
      return broken(`is entry ${entry.seq} where ${seq + 1} should be: one was removed, added or moved`);
    }
    if (entry.previous !== head) return broken(`entry ${entry.seq} does not follow the one before it`);
    if (entry.hash !== sha256(auditText(entry))) return broken(`entry ${entry.seq} was changed`);
    [seq, head] = [entry.seq, entry.hash];
    if (head === noted) found = true;
  }
  if (found) return { kind: 'whole', entries: seq, head };
  line += 1;
  return broken(
    'the log ends, and no entry has the hash that was noted: its end was removed, or all made anew',
  );
}

/** An update that a model was made of, as it stands on record. */
export interface RecordedUpdate {
  readonly client: string;
  readonly sha256: string;
  /** Null where the client has no key. */
  readonly signature: UpdateSignature | null;
}

const updatePrefix = 'update ';
const unsigned = 'unsigned';

/** Details of an entry of the kind `updates-counted`. */
export const updateDetails = (round: number, updates: readonly RecordedUpdate[]): Record<string, string> => ({
  round: String(round),
  ...Object.fromEntries(
    updates.map(({ client, sha256, signature }) => [
      `${updatePrefix}${client}`,
      `${sha256} ${signature === null ? unsigned : signatureText(signature)}`,
    ]),
  ),
});

/** What {@link checkSignedAudit} found of a whole log: updates on record, by whether they are signed. */
type SignedVerdict =
  | (Extract<AuditVerdict, { kind: 'whole' }> & { readonly signed: number; readonly unsigned: number })
  | Extract<AuditVerdict, { kind: 'broken' }>;

/** As `isUpdateSigned` of fl-core's signing. */
type IsSigned = (
  signature: UpdateSignature,
  sent: { readonly run: string; readonly round: number; readonly client: string; readonly sha256: string },
) => Promise<boolean>;

/**
 * As {@link checkAudit}, and whether each update on record is signed by the key that stands beside it, each participant
 * of a run with one key in all of the log.
 */
export async function checkSignedAudit(
  lines: readonly string[],
  sha256: (text: string) => string,
  isSigned: IsSigned,
  noted: string | null = null,
): Promise<SignedVerdict> {
  const chain = checkAudit(lines, sha256, noted);
  if (chain.kind === 'broken') return chain;
  const keys = new Map<string, string>();
  const counts = { signed: 0, unsigned: 0 };
  let line = 0;
  const broken = (what: string): SignedVerdict => ({ kind: 'broken', at: { line, what } });
  for (const text of lines) {
    line += 1;
    const entry = parsed(text);
    if (entry?.kind !== 'updates-counted' || entry.run === null) continue;
    const { run } = entry;
    const round = Number(entry.details.round);
    for (const [name, value] of Object.entries(entry.details)) {
      if (!name.startsWith(updatePrefix)) continue;
      const client = name.slice(updatePrefix.length);
      const [sha256 = '', rest = ''] = [value.slice(0, 64), value.slice(65)];
      if (rest === unsigned) {
        counts.unsigned += 1;
        continue;
      }
      const signature = signatureIn(rest);
      if (signature === null || !(await isSigned(signature, { run, round, client, sha256 }))) {
        return broken(
          `the update of ${client} in round ${round} of ${run} is not signed by the key beside it`,
        );
      }
      const whose = `${run} ${client}`;
      const key = keys.get(whose) ?? signature.key;
      if (key !== signature.key) return broken(`${client} of ${run} signs with another key than before`);
      keys.set(whose, key);
      counts.signed += 1;
    }
  }
  return { ...chain, ...counts };
}

/** What was found of a whole log, in a line. */
export const auditWords = ({
  entries,
  head,
  signed,
  unsigned,
}: Omit<Extract<SignedVerdict, { kind: 'whole' }>, 'kind'>): string =>
  `${entries} entries, unbroken. ${signed + unsigned === 0 ? '' : `Of ${signed + unsigned} updates ${signed} are signed, each by the key of its participant. `}Newest: ${head}`;

function parsed(text: string): AuditEntry | null {
  try {
    return AuditEntry.strict().safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The newest entries, newest first, and the hash to note. */
export const AuditPage = z.object({
  entries: z.array(AuditEntry),
  count: z.number().int(),
  head: Sha256,
});
export type AuditPage = z.infer<typeof AuditPage>;
