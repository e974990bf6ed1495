import type { AuditEntry, AuditKind } from '@strata/fl-core/protocol';

const texts: Readonly<Record<AuditKind, string>> = {
  'account-created': 'made an account',
  'account-changed': 'changed a role',
  'account-removed': 'removed an account',
  'password-changed': 'changed a password',
  'logged-in': 'logged in',
  'token-created': 'made a token',
  'token-revoked': 'revoked a token',
  'model-fetched': 'brought in a model',
  'model-exported': 'exported the model',
  'model-tested': 'tested a model of the run',
  'backup-made': 'made a backup of the server',
  'run-created': 'created the run',
  'run-started': 'started the run',
  'run-paused': 'paused the run',
  'run-resumed': 'resumed the run',
  'run-stopped': 'stopped the run',
  'run-deleted': 'deleted the run',
  'participants-erased': 'erased what was kept of the run’s participants',
  'join-link-renewed': 'renewed the join link',
  'invitation-created': 'made an invitation',
  'invitation-revoked': 'revoked an invitation',
  'client-removed': 'removed a participant',
  'client-banned': 'banned a participant',
  'client-admitted': 'lifted a ban',
  'client-approved': 'let a participant in',
  'client-refused': 'did not let a participant in',
  'model-committed': 'committed a model',
  'updates-counted': 'counted signed updates',
};

/** An entry in a few words; hashes are in the file. Of a kind that this version does not know, its name. */
export function auditText({ kind, details }: Pick<AuditEntry, 'kind' | 'details'>): string {
  const what = new Map<string, string>(Object.entries(texts)).get(kind) ?? kind;
  const shown = Object.entries(details)
    .filter(([name]) => !/^(layer|update) /.test(name) && name !== 'config')
    .map(([name, value]) => `${name} ${value}`);
  return shown.length === 0 ? what : `${what}: ${shown.join(', ')}`;
}
