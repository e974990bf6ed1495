import type { Role } from '@strata/fl-core/protocol';

/** An identity provider that operators sign in by, as the environment says (`OIDC_...`). */
export interface OpenIdSettings {
  /** As the provider calls itself, without what lies under `/.well-known`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: the server has none, and is known by PKCE alone. */
  readonly clientSecret: string | null;
  /** What the button says, after "Sign in with". */
  readonly name: string;
  /** With blanks between them; `openid` among them. */
  readonly scopes: string;
  /** The claim by which roles are given. */
  readonly roleClaim: string;
  /** Null: who is new is a viewer, and stays what an owner makes of them. */
  readonly roles: RoleMapping | null;
  /** Address of this server, without a slash at the end: people come back there, and nowhere else. */
  readonly publicUrl: string;
}

/** Which role a value of the claim gives; the greatest counts. */
export interface RoleMapping {
  readonly byValue: ReadonlyMap<string, Role>;
  /** Of who has none of the values; null: they may not come in. */
  readonly others: Role | null;
}
