import { sampleCount, splitHoldOut, subset } from '@strata/fl-core/data';
import type { Hello } from '@strata/fl-core/protocol';
import type { Plan } from './config.ts';
import { type Device, deviceOf } from './devices.ts';
import type { Setting } from './worker/messages.ts';

/** A virtual client. */
export interface CrewMember {
  readonly index: number;
  readonly hello: Hello;
  readonly device: Device;
}

/** All of them, by id. */
export function crewOf(plan: Plan, { config, data, parts }: Setting): ReadonlyMap<string, CrewMember> {
  return new Map(
    parts.map((part, index) => {
      const id = `${plan.clientName}-${index + 1}`;
      const { training, heldOut } = splitHoldOut(subset(data.pool, part), config.local.holdOut, config.seed);
      const counts = { samples: sampleCount(training), heldOut: sampleCount(heldOut) };
      const hello: Hello = {
        name: id,
        device: { backend: 'wasm', reason: 'a simulation', adapter: '', threads: 1 },
        ...counts,
      };
      return [id, { index, hello, device: deviceOf(plan.devices, config, { id, ...counts }, plan.seed) }];
    }),
  );
}
