import { z } from 'zod';
import { PlainLine } from './plain-text.ts';
import { Id } from './run.ts';

/** Invitations to a run beside its join link: each has so many uses, ends, can be revoked, and may say whose it is. */

const Millis = z.number().int(); // since the epoch

export const longestInvitationDays = 366;
export const NewInvitation = z.object({
  /** Of whom: a hospital, say. Stands beside each participant that comes by it; empty where it is nobody's in particular. */
  site: PlainLine(80).default(''),
  /** So many participants may come by it. */
  uses: z.number().int().min(1).max(1000).default(1),
  days: z.number().int().min(1).max(longestInvitationDays).default(7),
});

export type NewInvitation = z.infer<typeof NewInvitation>;

export const InvitationView = z.object({
  id: Id,
  site: z.string(),
  uses: z.number().int(),
  /** Participants that came by it; one that leaves before it has answered anything gives its place back. */
  used: z.number().int(),
  by: z.string(),
  createdAt: Millis,
  expiresAt: Millis,
  revokedAt: Millis.nullable(),
});
export type InvitationView = z.infer<typeof InvitationView>;

/** A new invitation with its secret, which stands behind the # of its link and is told this once. */
export const MadeInvitation = z.object({ secret: z.string(), invitation: InvitationView });
