import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings, settingsTable } from './settings.ts';
import { temporaryFolder } from './store/testing.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

test('the defaults', () => {
  expect(loadSettings({ DATA_DIR: folder, PORT: '' })).toEqual({
    port: 8080,
    host: '127.0.0.1',
    dataDir: folder,
    databaseUrl: null,
    sharedDir: null,
    bucket: null,
    modelsDir: null,
    deitTinyPin: null,
    hubUrl: null,
    importPrivate: false,
    operatorToken: null,
    firstToken: expect.stringMatching(/^[\w-]{32}$/),
    openId: null,
    publicUrl: null,
    allowedOrigins: [],
    trustProxy: [],
    participantsPerAddress: 600,
    logLevel: 'warn',
    clientGraceSeconds: 15,
    maxUpdateBytes: 536_870_912,
    uploadTimeoutSeconds: 600,
    tracesEndpoint: null,
  });
});

test('every variable is read', () => {
  const given = {
    PORT: '0',
    HOST: '0.0.0.0',
    DATA_DIR: join(folder, 'data'),
    DATABASE_URL: 'postgres://strata:secret@db:5432/strata',
    SHARED_DIR: folder,
    S3_BUCKET: 'https://s3.example.org/strata/',
    S3_REGION: 'eu-1',
    S3_ACCESS_KEY_ID: 'key',
    S3_SECRET_ACCESS_KEY: 'secret',
    STRATA_MODELS_DIR: folder,
    STRATA_DEIT_TINY_REVISION: 'a'.repeat(40),
    STRATA_DEIT_TINY_SHA256: 'b'.repeat(64),
    HF_ENDPOINT: 'https://mirror.example.org',
    STRATA_IMPORT_PRIVATE: '1',
    OPERATOR_TOKEN: 'a-token-of-mine-1234',
    OIDC_ISSUER: 'https://login.example.org/realms/lab',
    OIDC_CLIENT_ID: 'strata',
    OIDC_CLIENT_SECRET: 'secret of strata',
    OIDC_NAME: 'the lab',
    OIDC_SCOPES: 'openid groups',
    OIDC_ROLE_CLAIM: 'roles',
    OIDC_ROLES: 'cn=admins=owner, *=viewer',
    PUBLIC_URL: 'https://strata.example.org/',
    ALLOWED_ORIGINS: 'https://a.example, http://b.example:8080',
    TRUST_PROXY: 'loopback,10.0.0.0/8',
    PARTICIPANTS_PER_ADDRESS: '50',
    LOG_LEVEL: 'info',
    CLIENT_GRACE_SECONDS: '30',
    MAX_UPDATE_BYTES: '1048576',
    UPLOAD_TIMEOUT_SECONDS: '60',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
  };
  expect(settingsTable.map(({ name }) => name).sort()).toEqual(Object.keys(given).sort());
  expect(loadSettings(given)).toEqual({
    port: 0,
    host: '0.0.0.0',
    dataDir: join(folder, 'data'),
    databaseUrl: 'postgres://strata:secret@db:5432/strata',
    sharedDir: folder,
    bucket: {
      url: 'https://s3.example.org/strata',
      region: 'eu-1',
      accessKey: 'key',
      secretKey: 'secret',
    },
    modelsDir: folder,
    deitTinyPin: expect.objectContaining({ revision: 'a'.repeat(40) }),
    hubUrl: 'https://mirror.example.org',
    importPrivate: true,
    operatorToken: 'a-token-of-mine-1234',
    firstToken: null,
    openId: {
      issuer: 'https://login.example.org/realms/lab',
      clientId: 'strata',
      clientSecret: 'secret of strata',
      name: 'the lab',
      scopes: 'openid groups',
      roleClaim: 'roles',
      roles: { byValue: new Map([['cn=admins', 'owner']]), others: 'viewer' },
      publicUrl: 'https://strata.example.org',
    },
    publicUrl: 'https://strata.example.org',
    allowedOrigins: ['https://a.example', 'http://b.example:8080'],
    trustProxy: ['loopback', '10.0.0.0/8'],
    participantsPerAddress: 50,
    logLevel: 'info',
    clientGraceSeconds: 30,
    maxUpdateBytes: 1_048_576,
    uploadTimeoutSeconds: 60,
    tracesEndpoint: 'http://collector:4318',
  });
});

test('a relative DATA_DIR is taken from the working directory', () => {
  const { dataDir } = loadSettings({ DATA_DIR: 'relative', OPERATOR_TOKEN: 'a-token-of-mine-1234' });
  expect(dataDir).toBe(resolve('relative'));
  expect(existsSync(dataDir)).toBe(false); // nothing to write: the token was given
});

describe('problems, one line each', () => {
  test.each([
    [{ PORT: '80a' }, 'PORT: must be a whole number'],
    [{ PORT: '70000' }, 'PORT: must be from 0 to 65535'],
    [
      { DATABASE_URL: 'mysql://db' },
      'DATABASE_URL: must be an address that starts with postgres:// or postgresql://',
    ],
    [{ SHARED_DIR: import.meta.dirname }, 'SHARED_DIR: servers can share a PostgreSQL only'],
    [{ DATABASE_URL: 'postgres://db', SHARED_DIR: '/nowhere' }, 'SHARED_DIR: is not a folder'],
    [{ S3_BUCKET: 'https://s3/b' }, 'S3_BUCKET: a bucket goes with a PostgreSQL only'],
    [{ DATABASE_URL: 'postgres://db', S3_BUCKET: 'https://s3/b' }, 'S3_BUCKET: its keys are missing'],
    [{ STRATA_MODELS_DIR: '/nowhere' }, 'STRATA_MODELS_DIR: is not a folder'],
    [{ OPERATOR_TOKEN: 'short' }, 'OPERATOR_TOKEN: must have at least 16 characters'],
    [
      { PUBLIC_URL: 'strata.example.org' },
      'PUBLIC_URL: must be an address that starts with http:// or https://',
    ],
    [
      { OIDC_ISSUER: 'http://login.example.org' },
      'OIDC_ISSUER: must be an address that starts with https://',
    ],
    [{ OIDC_ISSUER: 'https://login.example.org' }, 'OIDC_ISSUER: OIDC_CLIENT_ID is missing'],
    [
      { OIDC_ISSUER: 'http://localhost:9000', OIDC_CLIENT_ID: 'strata' },
      'OIDC_ISSUER: PUBLIC_URL is missing',
    ],
    [{ OIDC_ROLES: 'admins=king' }, 'OIDC_ROLES: must be value=role'],
    [{ OIDC_SCOPES: 'email' }, 'OIDC_SCOPES: must have openid among them'],
    [{ ALLOWED_ORIGINS: 'a.example' }, 'ALLOWED_ORIGINS: must be addresses such as https://strata.example'],
    [{ TRUST_PROXY: '1' }, 'TRUST_PROXY: must be addresses, networks such as 10.0.0.0/8'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: '],
    [{ CLIENT_GRACE_SECONDS: '0' }, 'CLIENT_GRACE_SECONDS: must be from 1 to 3600'],
    [{ DATA_DIR: join(import.meta.filename, 'data') }, 'settings.test.ts/data cannot be written (ENOTDIR'],
  ])('%o', (environment, line) => {
    expect(() => loadSettings({ DATA_DIR: folder, ...environment })).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringContaining(line) }),
    );
  });

  test('several at once', () => {
    expect(() => loadSettings({ PORT: 'x', CLIENT_GRACE_SECONDS: 'y' })).toThrow(
      'PORT: must be a whole number.\nCLIENT_GRACE_SECONDS: must be a whole number.',
    );
  });
});

test('the README lists the settings as they are', async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const section = /^## Settings$(.*?)^## /ms.exec(readme)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| *`(\w+)` *\| *(.*?) *\| *(.*?) *\|$/gm)].map(
    ([, name, standard, meaning]) => ({ name, default: standard?.replaceAll('`', ''), meaning }),
  );
  expect(rows).toEqual(settingsTable);
});

test('the operator token is made once, for its owner only', async () => {
  const first = loadSettings({ DATA_DIR: folder }).firstToken;
  expect(loadSettings({ DATA_DIR: folder }).firstToken).toBe(first);
  const file = join(folder, 'operator-token');
  expect((await readFile(file, 'utf8')).trim()).toBe(first);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
