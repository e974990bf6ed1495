import type { Dataset } from '@strata/fl-core/data';
import { initialLayer, layoutOf, specOf } from '@strata/fl-core/models';
import { encodeSafetensors, RunConfig } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { summarize } from '@strata/fl-core/rounds';
import { MemoryRun } from '@strata/fl-core/rounds/memory';
import { Participant } from './participant.ts';

const side = 32;

/** Pictures of one colour and noise: the first label is red, the second blue. */
function pictures(count: number, seed: number): Dataset {
  const draw = random(seed, 'pictures');
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const pixels = new Uint8Array(count * side * side * 3);
  for (let at = 0; at < pixels.length; at++) {
    const sample = Math.floor(at / (side * side * 3));
    const bright = at % 3 === (labels[sample] === 0 ? 0 : 2);
    pixels[at] = (bright ? 170 : 60) + Math.floor(60 * draw.uniform());
  }
  return { kind: 'image', side, pixels, labels };
}

/** A whole run in this process: no server, no browser, no clock; the rounds are those that a server plays. */
export async function play({
  participants,
  rounds,
  seed,
}: Record<'participants' | 'rounds' | 'seed', number>) {
  const config = RunConfig.parse({
    name: 'In memory',
    purpose: { kind: 'test', sampling: seed },
    model: 'vit-nano',
    side,
    data: { kind: 'image' },
    labels: ['red', 'blue'],
    strategy: { name: 'strata', lambda: 1 },
    budget: { kind: 'fixed', unit: 'layers', amount: 2 },
    rounds,
    cohort: { goal: participants, minimum: participants, quorum: 1 },
    local: { batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.01 } },
    seed,
  });
  const spec = specOf(config);
  const layout = layoutOf(spec, config.labels.length);
  const run = await MemoryRun.create({
    config,
    initial: new Map(
      layout.layers.map(({ name }) => [name, encodeSafetensors(initialLayer(spec, layout, name, seed))]),
    ),
  });
  const crew: Participant[] = [];
  for (let i = 1; i <= participants; i++) {
    const data = { data: pictures(16, seed + i), heldOut: pictures(8, seed - i) };
    crew.push(await Participant.join(run, `participant-${i}`, spec, data));
  }
  await run.command('start');
  for (let busy = true; busy; ) {
    busy = false;
    for (const participant of crew) busy = (await participant.act()) || busy;
  }
  for (const participant of crew) participant.leave();
  return run.book.committed.map((round) => {
    const cohort = run.book.cohort(round.round);
    return {
      ...summarize(config, round, cohort, run.clock.now),
      masks: Object.fromEntries(cohort.map(({ client, mask }) => [client, mask ?? []])),
      head: round.candidate?.head?.sha256 ?? '',
    };
  });
}
