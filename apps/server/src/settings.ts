import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Role, StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { parseRoles } from './entry/operators/openid/role.ts';
import type { OpenIdSettings } from './entry/operators/openid/settings.ts';
import { parseNetworks } from './entry/remote-address.ts';
import { keptFirstToken } from './first-token.ts';
import { deitTinyPin, type HubPin } from './models/index.ts';
import type { Bucket } from './store/store.ts';

/** What an operator can set, by environment variables; the README's table is checked against this. */

function integer(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`);
}

function address(protocols: readonly string[]) {
  return z.string().refine(
    (text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      return url !== undefined && protocols.includes(url.protocol);
    },
    `must be an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );
}

const httpOrigin = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** Parts between commas. */
function list(isPart: (part: string) => boolean, problem: string) {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every(isPart), problem);
}

const isRole = (text: string): text is Role => Role.safeParse(text).success;

/** Plain http tells a provider's answers to whoever is on the way: on this machine alone. */
const isIssuer = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash } = new URL(text);
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && here)) && search === '' && hash === '';
};

function hexadecimal(digits: number) {
  return z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must be ${digits} hexadecimal digits`);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

const Environment = z.object({
  PORT: integer(0, 65_535).default(8080).describe('TCP port; 0 takes a free one'),
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe(
      'address to listen on; `0.0.0.0` lets other machines in (put TLS in front: browsers want https)',
    ),
  DATA_DIR: z.string().default('./data').describe('folder of everything the server keeps'),
  DATABASE_URL: address(['postgres:', 'postgresql:'])
    .optional()
    .describe('PostgreSQL to use instead of the embedded one, as `postgres://user:password@host:5432/name`'),
  SHARED_DIR: z
    .string()
    .refine(isDirectory, 'is not a folder')
    .optional()
    .describe(
      'folder on a file system that several servers see: they share one `DATABASE_URL` and keep blobs and models there; each has a `DATA_DIR` of its own ([docs/nodes.md](docs/nodes.md))',
    ),
  S3_BUCKET: address(['http:', 'https:'])
    .optional()
    .describe(
      'address of a bucket, as `https://s3.example.org/strata`, to keep blobs in; several servers may share it and one `DATABASE_URL` ([docs/nodes.md](docs/nodes.md))',
    ),
  S3_REGION: z.string().default('auto').describe('region of the bucket'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('key of the bucket'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('its secret'),
  STRATA_MODELS_DIR: z
    .string()
    .refine(isDirectory, 'is not a folder')
    .optional()
    .describe('folder with models that need no download, one folder a model'),
  STRATA_DEIT_TINY_REVISION: hexadecimal(40)
    .optional()
    .describe(
      'commit of `timm/deit_tiny_patch16_224.fb_in1k` on the Hugging Face Hub to download DeiT-tiny from, when STRATA_MODELS_DIR has none',
    ),
  STRATA_DEIT_TINY_SHA256: hexadecimal(64)
    .optional()
    .describe('SHA256 of `model.safetensors` at that commit, as the Hub shows it; set both or neither'),
  HF_ENDPOINT: address(['http:', 'https:'])
    .optional()
    .describe('mirror of the Hugging Face Hub; `https://huggingface.co` when not set'),
  STRATA_IMPORT_PRIVATE: z
    .enum(['0', '1'])
    .default('0')
    .describe(
      '`1` lets models be fetched from addresses of this machine and its network (loopback, private, link-local), which are refused otherwise; HF_ENDPOINT is always let',
    ),
  OPERATOR_TOKEN: z
    .string()
    .regex(/^[\w.~-]*$/, 'may have letters, digits and . _ ~ - only')
    .min(16, 'must have at least 16 characters')
    .max(200, 'must have at most 200 characters')
    .optional()
    .describe(
      'owner’s token for programs (`authorization: Bearer`), good as long as it is set; people log in with accounts, the first of which the printed address makes',
    ),
  OIDC_ISSUER: z
    .string()
    .refine(isIssuer, 'must be an address that starts with https:// (on this machine http:// will do)')
    .optional()
    .describe(
      'identity provider (OpenID Connect) that operators may sign in by, as it calls itself; goes with `OIDC_CLIENT_ID` and `PUBLIC_URL` ([docs/deploy.md](docs/deploy.md#accounts-of-an-identity-provider))',
    ),
  OIDC_CLIENT_ID: z.string().max(500).optional().describe('what the provider calls this server'),
  OIDC_CLIENT_SECRET: z
    .string()
    .max(1000)
    .optional()
    .describe('this server’s secret with the provider; without one it is known by PKCE alone'),
  OIDC_NAME: z
    .string()
    .max(60)
    .default('single sign-on')
    .describe('what the button says after “Sign in with”'),
  OIDC_SCOPES: z
    .string()
    .regex(/^(\S+ )*openid( \S+)*$/, 'must have openid among them, with single blanks between')
    .default('openid profile email')
    .describe('scopes that the provider is asked for'),
  OIDC_ROLE_CLAIM: z
    .string()
    .min(1)
    .max(200)
    .default('groups')
    .describe('claim by which `OIDC_ROLES` gives roles'),
  OIDC_ROLES: z
    .string()
    .refine((text) => parseRoles(text, isRole) !== null, 'must be value=role, with commas between them')
    .optional()
    .describe(
      'roles by values of that claim, as `strata-admins=owner,ml-team=operator,*=viewer`, looked at with each sign-in; who has none of them and no `*` may not come in. Not set: who is new is a viewer',
    ),
  PUBLIC_URL: address(['http:', 'https:'])
    .transform((text) => text.replace(/\/+$/, ''))
    .optional()
    .describe(
      'address by which participants reach the server, for the links; `http://HOST:PORT` when not set',
    ),
  ALLOWED_ORIGINS: list(
    httpOrigin,
    'must be addresses such as https://strata.example, with commas between them',
  )
    .optional()
    .describe(
      'further addresses, with commas between them, whose pages may use the server; those of `PUBLIC_URL`, of localhost and by IP address may anyway',
    ),
  TRUST_PROXY: list(
    (part) => parseNetworks(part) !== null,
    'must be addresses, networks such as 10.0.0.0/8, loopback or private, with commas between them',
  )
    .optional()
    .describe(
      'proxies whose `X-Forwarded-For` is believed, with commas between them: addresses, networks such as `10.0.0.0/8`, `loopback` or `private`; without it limits count all who come through a proxy as one address',
    ),
  PARTICIPANTS_PER_ADDRESS: integer(1, 1_000_000)
    .default(600)
    .describe('how many participants may come from one network address (IPv6: one /64); its rates follow'),
  LOG_LEVEL: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('warn')
    .describe('least level of log lines (JSON, on standard error)'),
  CLIENT_GRACE_SECONDS: integer(1, 3600)
    .default(15)
    .describe('how long a client that lost its connection may take to come back before it counts as gone'),
  MAX_UPDATE_BYTES: integer(1024, 8 * 2 ** 30)
    .default(512 * 2 ** 20)
    .describe('largest update that a client may upload'),
  UPLOAD_TIMEOUT_SECONDS: integer(1, 86_400)
    .default(600)
    .describe('how long a request may take to arrive in full'),
  OTEL_EXPORTER_OTLP_ENDPOINT: address(['http:', 'https:'])
    .transform((text) => text.replace(/\/+$/, ''))
    .optional()
    .describe(
      'collector that takes OpenTelemetry traces of rounds by OTLP over HTTP, as `http://localhost:4318`; without it there are none ([docs/deploy.md](docs/deploy.md#traces))',
    ),
});

export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
  /** Absolute: where servers that share the database keep their files; null: this one is alone. */
  readonly sharedDir: string | null;
  /** Where blobs are kept, for servers that share the database; null: in a folder. */
  readonly bucket: Bucket | null;
  readonly modelsDir: string | null;
  /** Where DeiT-tiny may be downloaded from; null: nowhere. */
  readonly deitTinyPin: HubPin | null;
  /** A mirror of the Hugging Face Hub, without a slash at the end; null: the Hub itself. */
  readonly hubUrl: string | null;
  /** Whether models may be fetched from addresses that are not public. */
  readonly importPrivate: boolean;
  /** An owner's token for programs; null: there is none. */
  readonly operatorToken: string | null;
  /** Makes the first account; null where a program can. */
  readonly firstToken: string | null;
  /** By whom operators may sign in beside accounts with passwords; null: by nobody. */
  readonly openId: OpenIdSettings | null;
  /** Without a slash at the end; null: by host and port. */
  readonly publicUrl: string | null;
  /** Origins of pages that may use the server beside its own. */
  readonly allowedOrigins: readonly string[];
  /** Networks of proxies whose word on the address of who asks is taken; see {@link parseNetworks}. */
  readonly trustProxy: readonly string[];
  readonly participantsPerAddress: number;
  readonly logLevel: z.infer<typeof Environment>['LOG_LEVEL'];
  readonly clientGraceSeconds: number;
  readonly maxUpdateBytes: number;
  readonly uploadTimeoutSeconds: number;
  /** Where traces are sent, without a slash at the end; null: nowhere. */
  readonly tracesEndpoint: string | null;
}

/**
 * Reads and checks the environment; creates DATA_DIR, and the token for the first account in it where no program has one.
 * Throws `bad-config` with one line per problem.
 */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  // `NAME=` counts as not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}.`);
    throw new StrataError('bad-config', problems.join('\n'), 'See "Settings" in README.md.');
  }
  const values = parsed.data;
  if (values.SHARED_DIR !== undefined && values.DATABASE_URL === undefined) {
    throw new StrataError(
      'bad-config',
      'SHARED_DIR: servers can share a PostgreSQL only, and DATABASE_URL is not set.',
      'Set DATABASE_URL, or leave SHARED_DIR out.',
    );
  }
  const bucket = bucketOf(values);
  const dataDir = resolve(values.DATA_DIR);
  const sharedDir = values.SHARED_DIR === undefined ? null : resolve(values.SHARED_DIR);
  return {
    port: values.PORT,
    host: values.HOST,
    dataDir,
    databaseUrl: values.DATABASE_URL ?? null,
    sharedDir,
    bucket,
    modelsDir: values.STRATA_MODELS_DIR === undefined ? null : resolve(values.STRATA_MODELS_DIR),
    deitTinyPin: deitTinyPin(given),
    hubUrl: values.HF_ENDPOINT?.replace(/\/+$/, '') ?? null,
    importPrivate: values.STRATA_IMPORT_PRIVATE === '1',
    operatorToken: values.OPERATOR_TOKEN ?? null,
    firstToken: values.OPERATOR_TOKEN === undefined ? keptFirstToken(sharedDir ?? dataDir) : null,
    openId: openIdOf(values),
    publicUrl: values.PUBLIC_URL ?? null,
    allowedOrigins: values.ALLOWED_ORIGINS ?? [],
    trustProxy: values.TRUST_PROXY ?? [],
    participantsPerAddress: values.PARTICIPANTS_PER_ADDRESS,
    logLevel: values.LOG_LEVEL,
    clientGraceSeconds: values.CLIENT_GRACE_SECONDS,
    maxUpdateBytes: values.MAX_UPDATE_BYTES,
    uploadTimeoutSeconds: values.UPLOAD_TIMEOUT_SECONDS,
    tracesEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
  };
}

function openIdOf(values: z.infer<typeof Environment>): OpenIdSettings | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, PUBLIC_URL: publicUrl } = values;
  if (issuer === undefined) return null;
  if (clientId === undefined || publicUrl === undefined) {
    const lacking = clientId === undefined ? 'OIDC_CLIENT_ID' : 'PUBLIC_URL';
    throw new StrataError(
      'bad-config',
      `OIDC_ISSUER: ${lacking} is missing.`,
      'Set OIDC_CLIENT_ID to what the provider calls this server, and PUBLIC_URL to the address that people come back to.',
    );
  }
  return {
    issuer,
    clientId,
    clientSecret: values.OIDC_CLIENT_SECRET ?? null,
    name: values.OIDC_NAME,
    scopes: values.OIDC_SCOPES,
    roleClaim: values.OIDC_ROLE_CLAIM,
    roles: values.OIDC_ROLES === undefined ? null : parseRoles(values.OIDC_ROLES, isRole),
    publicUrl,
  };
}

function bucketOf(values: z.infer<typeof Environment>): Bucket | null {
  const {
    S3_BUCKET: url,
    S3_REGION: region,
    S3_ACCESS_KEY_ID: accessKey,
    S3_SECRET_ACCESS_KEY: secretKey,
  } = values;
  if (url === undefined) return null;
  if (values.DATABASE_URL === undefined) {
    throw new StrataError(
      'bad-config',
      'S3_BUCKET: a bucket goes with a PostgreSQL only, and DATABASE_URL is not set.',
      'Set DATABASE_URL, or leave S3_BUCKET out.',
    );
  }
  if (accessKey === undefined || secretKey === undefined) {
    throw new StrataError(
      'bad-config',
      'S3_BUCKET: its keys are missing.',
      'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.',
    );
  }
  return { url: url.replace(/\/+$/, ''), region, accessKey, secretKey };
}

export interface SettingLine {
  readonly name: string;
  /** Empty where the variable has none. */
  readonly default: string;
  readonly meaning: string;
}

/** The settings as the README lists them. */
export const settingsTable: readonly SettingLine[] = Object.entries(Environment.shape).map(
  ([name, schema]) => {
    const unset = schema.safeParse(undefined);
    return { name, default: String(unset.data ?? ''), meaning: schema.description ?? '' };
  },
);
