import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import Provider from 'oidc-provider';

/** Whom the provider of a test knows, by what they log in as: their claims. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** An OpenID provider of its own process's making, with pages to log in on that a test fills in. */
export interface TestProvider {
  readonly issuer: string;
  /** Changes what people are from their next sign-in on. */
  readonly people: Record<string, Readonly<Record<string, unknown>>>;
  /** Its list of keys is another's from now on, as if somebody stood in between. */
  forgeKeys(): void;
  close(): Promise<void>;
}

export const clientId = 'strata';
export const clientSecret = 'a secret of strata and its provider';

/** @param back addresses that people may be sent back to. @param codeSeconds how long a code is good. */
export async function startProvider(back: string, people: People, codeSeconds = 60): Promise<TestProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const known = { ...people };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [back],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email'] },
    findAccount: (_context, id) =>
      known[id] && { accountId: id, claims: async () => ({ sub: id, ...known[id] }) },
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: { devInteractions: { enabled: true } },
    ttl: {
      AuthorizationCode: codeSeconds,
      Interaction: 600,
      Session: 600,
      Grant: 600,
      AccessToken: 600,
      IdToken: 600,
    },
  });
  const answer = provider.callback();
  let forged = false;
  const server = createServer((request, response) => {
    if (!(forged && request.url === '/jwks')) return void answer(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(otherKeys));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    issuer,
    people: known,
    forgeKeys: () => {
      forged = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A port that nobody listens on now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = createSocket();
    socket.on('error', reject);
    socket.listen(0, '127.0.0.1', () => {
      const address = socket.address();
      socket.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Of RFC 7517's appendix A.1: a key of which nobody here has the secret half. */
const otherKeys = {
  keys: [
    {
      kty: 'RSA',
      use: 'sig',
      alg: 'RS256',
      e: 'AQAB',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    },
  ],
};

/** A browser as far as signing in needs one: it keeps cookies by host and path, and goes where it is sent. */
export class TestBrowser {
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();

  /** One request; a redirect is not followed. */
  async ask(url: string, form?: Readonly<Record<string, string>>): Promise<Response> {
    const { host, pathname } = new URL(url);
    const cookie = [...this.#cookies]
      .filter(([key, { path }]) => key.startsWith(`${host} `) && pathname.startsWith(path))
      .map(([key, { value }]) => `${key.slice(host.length + 1)}=${value}`)
      .join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: {
        cookie,
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form).toString() }),
    });
    for (const line of answer.headers.getSetCookie()) this.#keep(host, line);
    return answer;
  }

  #keep(host: string, line: string): void {
    const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
    const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const attribute = (wanted: string) =>
      rest.find((part) => part.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = attribute('path') ?? '/';
    const gone =
      attribute('max-age') === '0' || new Date(attribute('expires') ?? '2999-01-01').getTime() < Date.now();
    if (gone) this.#cookies.delete(`${host} ${name}`);
    else this.#cookies.set(`${host} ${name}`, { value, path });
  }

  /** The cookies of a host, as they would be sent to its root. */
  cookiesOf(host: string): string {
    return [...this.#cookies]
      .filter(([key]) => key.startsWith(`${host} `))
      .map(([key, { value }]) => `${key.slice(host.length + 1)}=${value}`)
      .join('; ');
  }

  /** Where a redirect goes. */
  async sentTo(url: string, form?: Readonly<Record<string, string>>): Promise<string> {
    const answer = await this.ask(url, form);
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${url} answered ${answer.status} and sends nobody anywhere.`);
    return new URL(location, url).href;
  }

  /**
   * From the provider's first page to the address that it sends the browser back to, which is not asked.
   * @param person who logs in.
   */
  async through(authorization: string, person: string): Promise<string> {
    const { origin } = new URL(authorization);
    let at = await this.sentTo(authorization);
    for (let page = 0; page < 12; page++) {
      const { origin: here, pathname } = new URL(at);
      if (here !== origin) return at;
      if (/^\/interaction\/[^/]+$/.test(pathname)) {
        const text = await (await this.ask(at)).text();
        const form = /name="prompt" value="login"/.test(text)
          ? { prompt: 'login', login: person, password: 'any' }
          : { prompt: 'consent' };
        at = await this.sentTo(at, form);
      } else at = await this.sentTo(at);
    }
    throw new Error(`The provider does not come to an end: ${at}`);
  }
}
