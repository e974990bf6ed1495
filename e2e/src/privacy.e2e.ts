import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import {
  ClientAuth,
  decodeSafetensors,
  Evaluated,
  Hello,
  Probed,
  Progress,
  Standing,
  UpdateMetadata,
  updateSignatureHeader,
} from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { isUpdateSigned } from '@strata/fl-core/signing';
import { signatureIn } from '@strata/fl-core/signing/messages';
import { zipSync } from 'fflate';
import { PNG } from 'pngjs';
import { z } from 'zod';
import { RecordingProxy, type Sent } from './recording-proxy.ts';
import { expect, test } from './test.ts';
import { World } from './world.ts';

const side = 32;
const labels = ['cat', 'owl'];
const perLabel = 8;

/** Words that are in the files' names only; the labels are the run's, so that everybody knows them. */
const secrets = ['ferien-geheim', 'Katzenordner', 'Eulenordner', 'meinbild'];

/** Pictures of noise, at the run's size, so that they are trained on as they are. */
const pictures = Array.from({ length: labels.length * perLabel }, (_, i) => {
  const draws = random('privacy', i);
  return Uint8Array.from({ length: side * side * 3 }, () => draws.below(256));
});

function png(pixels: Uint8Array): Uint8Array {
  const image = new PNG({ width: side, height: side });
  for (let i = 0; i < side * side; i++) image.data.set([...pixels.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  return new Uint8Array(PNG.sync.write(image));
}

const files = Object.fromEntries(
  pictures.map((pixels, i) => [
    `${i < perLabel ? 'Katzenordner' : 'Eulenordner'}/meinbild-${i}.png`,
    png(pixels),
  ]),
);

/** Messages of a client, each with exactly the fields that the protocol names. */
const events = {
  hello: Hello.strict(),
  work: z.strictObject({}),
  probed: Probed.strict(),
  evaluated: Evaluated.strict(),
  progress: Progress.strict(),
  // A device that cannot go on would say why; none of these does.
  standing: z.strictObject({ want: Standing.options[0].shape.want.or(Standing.options[1].shape.want) }),
} as const;

const requests = (sent: readonly Sent[]) => sent.filter((s) => s.kind === 'request');
const messages = (sent: readonly Sent[]) => sent.filter((s) => s.kind === 'message').map((s) => s.text);

/** Name and content of the events among a client's messages: `42/clients,7["hello",{...}]`. */
const eventsOf = (sent: readonly Sent[]) =>
  messages(sent)
    .filter((text) => text.startsWith('42/clients,'))
    .map((text) => JSON.parse(text.slice(text.indexOf('['))) as [keyof typeof events, unknown]);

test.describe('C5: all that leaves a tab in a whole run', () => {
  let proxy: RecordingProxy;
  let run = '';

  test.beforeAll(async ({ server, browser }) => {
    const world = new World(server, browser);
    proxy = await RecordingProxy.start(server.url);
    run = await world.startRun({
      labels,
      data: { kind: 'image', sample: null },
      rounds: 3,
      cohort: { goal: 1, minimum: 1, quorum: 1 },
      local: { head: { warmUp: { kind: 'closed-form' } } },
    });
    const page = await takePart(world);
    await world.finished(run);
    await page.locator('[data-testid=ended][data-phase=over]').waitFor();
    await world.leave();
  });
  test.afterAll(() => proxy?.close());

  /** As a person does it: chooses a zip, says what its folders mean, joins. */
  async function takePart(world: World): Promise<Page> {
    const page = await world.newPage('participant');
    await page.goto(await world.joinLink(run, { backend: 'wasm', name: 'Anna' }, proxy.url));
    // It is said before anything is chosen.
    await expect(page.getByTestId('sums')).toContainText('how many you have of each label');
    const zip = { name: 'ferien-geheim.zip', mimeType: '', buffer: Buffer.from(zipSync(files)) };
    await page.getByTestId('zip').setInputFiles([zip]);
    const names = page.getByTestId('unknown-names');
    await names.getByLabel('Katzenordner').selectOption('cat');
    await names.getByLabel('Eulenordner').selectOption('owl');
    await names.getByRole('button').click();
    await page.locator('[data-testid=join]:enabled').click();
    return page;
  }

  test('is the messages of the protocol, with no field beside those it names', () => {
    const names = new Set<string>();
    for (const [name, message] of eventsOf(proxy.sent)) {
      expect(Object.keys(events), name).toContain(name);
      expect(events[name].safeParse(message).error, name).toBeUndefined();
      names.add(name);
    }
    // A recording that missed the run would hold no secret either.
    expect([...names].sort()).toEqual(expect.arrayContaining(['evaluated', 'hello', 'probed', 'progress']));
    const others = messages(proxy.sent).filter((text) => !text.startsWith('42/clients,'));
    for (const text of others) {
      // Ping and pong of the connection, its opening with the client's id and secret, its end.
      expect(text).toMatch(/^(2probe|[2356]|40\/clients,\{.*\}|41\/clients,?)$/);
      if (text.startsWith('40'))
        expect(() => ClientAuth.strict().parse(JSON.parse(text.slice(11)))).not.toThrow();
    }
  });

  test('says in its messages how many samples there are, and not of which labels', () => {
    const hellos = eventsOf(proxy.sent).filter(([name]) => name === 'hello');
    expect(hellos.length).toBeGreaterThan(0);
    for (const [, hello] of hellos) {
      expect(Object.keys(z.looseObject({}).parse(hello)).sort()).toEqual([
        'device',
        'heldOut',
        'name',
        'samples',
      ]);
    }
    // No list of two numbers, one a label, in any message.
    for (const text of messages(proxy.sent)) expect(text).not.toMatch(/\[\d+,\d+\]/);
  });

  test('is requests for pages, blobs and public views, and the updates', () => {
    for (const { method, path, body } of requests(proxy.sent)) {
      if (method === 'PUT') {
        expect(path).toMatch(new RegExp(`^/runs/${run}/rounds/[123]/update$`));
      } else if (method === 'POST') {
        // "Are you there?", while an update is on its way: with nothing in it.
        expect([path, body.length]).toEqual(['/api/public/knock', 0]);
      } else {
        expect(method).toBe('GET');
        expect(body.length).toBe(0);
        expect(path).toMatch(
          /^\/(join\/[\w-]+\?backend=wasm&name=Anna|assets\/[\w.-]+|opening\.js|icon\.svg|favicon\.ico|blobs\/[0-9a-f]{64}|api\/public\/runs\/[\w-]+(\/manifest)?|socket\.io\/\?[\w&=.-]+)$/,
        );
      }
    }
  });

  test('in an update: sums in the first round, then the trained layers and the head with the mean loss; how many samples they stand for; signed', async ({
    world,
  }) => {
    const updates = requests(proxy.sent).filter(({ method }) => method === 'PUT');
    expect(updates.length).toBe(3);
    const keys = new Set<string>();
    for (const { path, body, headers } of updates) {
      const { tensors, metadata } = decodeSafetensors(body);
      // How many steps only a time-boxed round is told.
      const round = Number(path.split('/')[4]);
      expect(Object.keys(metadata).sort()).toEqual(round === 1 ? ['samples'] : ['loss', 'samples']);
      expect(UpdateMetadata.safeParse(metadata).error).toBeUndefined();
      const { members } = await world.api.round(run, round);
      const signature = signatureIn(headers[updateSignatureHeader] ?? '');
      const sent = {
        run,
        round,
        client: members[0]?.client ?? '',
        sha256: createHash('sha256').update(body).digest('hex'),
      };
      expect(signature !== null && (await isUpdateSigned(signature, sent))).toBe(true);
      keys.add(signature?.key ?? '');
      if (round === 1) {
        const sums = tensors.map((t) => t.name).sort();
        expect(sums).toEqual(['closed-form.gram', 'closed-form.labels']);
        continue;
      }
      const mask = members[0]?.mask ?? [];
      for (const { name } of tensors) {
        const layer = name.startsWith('blocks.') ? name.split('.').slice(0, 2).join('.') : 'head';
        expect([...mask, 'head'], name).toContain(layer);
        if (layer === 'head') expect(name).toMatch(/^(head|norm)\./);
      }
    }
    expect(keys.size).toBe(1);
  });

  test('holds no file name, no folder name and no row of a picture, in whatever form', () => {
    const everything = Buffer.concat(
      proxy.sent.map((s) =>
        s.kind === 'message'
          ? Buffer.from(s.text, 'latin1')
          : Buffer.concat([Buffer.from(`${s.path}\n${JSON.stringify(s.headers)}\n`), s.body]),
      ),
    );
    expect(everything.length).toBeGreaterThan(10_000);
    for (const secret of secrets) expect(everything.includes(secret), secret).toBe(false);
    for (const pixels of pictures) {
      for (let row = 0; row < side; row++) {
        const bytes = pixels.subarray(row * side * 3, row * side * 3 + 24);
        expect(everything.includes(Buffer.from(bytes))).toBe(false);
        expect(everything.includes([...bytes.subarray(0, 8)].join(','))).toBe(false);
        // As decoded, and as the model takes it in: mean and deviation 0.5.
        for (const scale of [(v: number) => v, (v: number) => (v - 0.5) / 0.5]) {
          const floats = Float32Array.from({ length: 8 }, (_, i) => scale(bytes[3 * i]! / 255));
          expect(everything.includes(Buffer.from(floats.buffer))).toBe(false);
        }
      }
    }
  });
});
