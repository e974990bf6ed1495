import { type Role, roleAllows } from '@strata/fl-core/protocol';
import type { OpenIdSettings, RoleMapping } from './settings.ts';

/** What the provider says of somebody. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The greatest role that somebody's claims give; null where they give none. Only a mapping makes an owner.
 * @param claim a text, or a list of texts; anything else gives nothing.
 */
export function roleOf(
  claims: Claims,
  { roleClaim, roles }: Pick<OpenIdSettings, 'roleClaim' | 'roles'>,
): Role | null {
  if (roles === null) return 'viewer';
  const claim = claims[roleClaim];
  const values = (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === 'string');
  const given = values.flatMap((value) => roles.byValue.get(value) ?? []);
  return (
    given.reduce<Role | null>(
      (most, role) => (most === null || roleAllows(role, most) ? role : most),
      null,
    ) ?? roles.others
  );
}

/** `admins=owner,ml=operator,*=viewer`; null where it cannot be read. */
export function parseRoles(text: string, isRole: (text: string) => text is Role): RoleMapping | null {
  const byValue = new Map<string, Role>();
  let others: Role | null = null;
  for (const part of text.split(',')) {
    // A value may have an equals sign itself, as names of directories do.
    const [, value = '', role = ''] = /^(.*)=([^=]*)$/s.exec(part.trim()) ?? [];
    if (value === '' || !isRole(role) || byValue.has(value)) return null;
    if (value === '*') {
      if (others !== null) return null;
      others = role;
    } else byValue.set(value, role);
  }
  return { byValue, others };
}
