import { createHash, randomBytes } from 'node:crypto';
import { type Role, type SignIn, StrataError } from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import * as client from 'openid-client';
import { namesFor } from './name.ts';
import { roleOf } from './role.ts';
import type { OpenIdSettings } from './settings.ts';

/** Where the browser comes back to. */
export const backPath = '/api/session/openid/back';

/** Somebody whom the provider knows. */
export interface Known {
  readonly issuer: string;
  readonly subject: string;
  readonly role: Role;
  /** Whether a mapping gives the role, each time anew. */
  readonly mapped: boolean;
  /** What their account may be called, the best first. */
  readonly names: readonly string[];
}

/**
 * Signs people in by OpenID Connect: authorization code flow with PKCE, state and nonce, ID tokens checked by the
 * provider's keys. What begins and what ends a sign-in may be two servers: all that is kept in between is a secret in the
 * browser's cookie, of which the three are hashes, so that nobody can begin one in somebody else's browser.
 */
export class OpenId {
  readonly settings: OpenIdSettings;
  readonly #log: Pick<FastifyBaseLogger, 'warn'>;
  #provider: Promise<client.Configuration> | null = null;

  constructor(settings: OpenIdSettings, log: Pick<FastifyBaseLogger, 'warn'>) {
    this.settings = settings;
    this.#log = log;
  }

  /** For the page where people log in. */
  get button(): SignIn {
    const { name, publicUrl } = this.settings;
    return { name, address: `${publicUrl}/api/session/openid` };
  }

  /** @returns what the browser keeps, and where it goes. @throws {StrataError} `unavailable` where the provider does not answer. */
  async begin(): Promise<{ readonly secret: string; readonly url: string }> {
    const provider = await this.#discovered();
    const secret = randomBytes(32).toString('base64url');
    const { state, nonce, verifier } = derived(secret);
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#back,
      scope: this.settings.scopes,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { secret, url: url.href };
  }

  /**
   * Who came back.
   * @param secret of the browser's cookie; null where it has none, and has begun nothing here.
   * @param query what stands behind the question mark.
   * @throws {StrataError} `unauthorized` for what is not this sign-in's answer, or says no; `forbidden` for who has no role
   * here; `unavailable`.
   */
  async finish(secret: string | null, query: string): Promise<Known> {
    if (secret === null) throw refused();
    const provider = await this.#discovered();
    const { state, nonce, verifier } = derived(secret);
    try {
      const tokens = await client.authorizationCodeGrant(provider, new URL(`${this.#back}?${query}`), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const own = tokens.claims();
      if (own === undefined) throw refused();
      // Some tell groups by another question alone.
      const more =
        provider.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await client.fetchUserInfo(provider, tokens.access_token, own.sub);
      const claims = { ...more, ...own };
      const role = roleOf(claims, this.settings);
      if (role === null) throw noRole();
      const { iss: issuer, sub: subject } = own;
      const mapped = this.settings.roles !== null;
      return { issuer, subject, role, mapped, names: namesFor(claims, subject) };
    } catch (error) {
      if (error instanceof StrataError) throw error;
      // It says what was wrong; codes and tokens are in none of its messages.
      this.#log.warn({ problem: problemOf(error) }, 'A sign-in by the identity provider failed.');
      throw refused();
    }
  }

  get #back(): string {
    return `${this.settings.publicUrl}${backPath}`;
  }

  /** What the provider says of itself, asked once; where it did not answer, again at the next sign-in. */
  #discovered(): Promise<client.Configuration> {
    this.#provider ??= this.#discover().catch((error: unknown) => {
      this.#provider = null;
      this.#log.warn({ problem: problemOf(error) }, 'The identity provider could not be asked.');
      throw new StrataError(
        'unavailable',
        'The identity provider does not answer as it should.',
        'Try again later, or log in with a password. The log of the server says more.',
      );
    });
    return this.#provider;
  }

  async #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const execute = [
      client.enableNonRepudiationChecks, // the ID token's signature, though it comes by TLS
      // Settings let plain http to this machine alone.
      ...(issuer.startsWith('http:') ? [client.allowInsecureRequests] : []),
    ];
    const authentication = clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret);
    return client.discovery(new URL(issuer), clientId, {}, authentication, { execute, timeout: 15 });
  }
}

export interface HasOpenId {
  /** Null: operators have accounts of this server's alone. */
  readonly openId: OpenId | null;
}

const derived = (secret: string) => {
  const of = (what: string) => createHash('sha256').update(`strata ${what} ${secret}`).digest('base64url');
  return { state: of('state'), nonce: of('nonce'), verifier: of('verifier') };
};

const problemOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error).slice(0, 300);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`.slice(0, 300);
};

const refused = (): StrataError =>
  new StrataError(
    'unauthorized',
    'The identity provider did not let you in, or its answer is not of this sign-in.',
    'Sign in again from the beginning.',
  );

const noRole = (): StrataError =>
  new StrataError(
    'forbidden',
    'The identity provider knows you, but nothing that it says of you gives you a role on this server.',
    'Ask whoever runs this server.',
  );
