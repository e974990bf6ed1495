import { SimpleGrid } from '@mantine/core';
import type { GpuRow } from '@strata/gpu-bench';
import { Panel } from '../shared/components/Panel.tsx';
import { bytes, count, rate } from '../shared/texts/format.ts';
import classes from './Bench.module.css';
import { type RowOf, rowsOf } from './groups.ts';
import { limitText } from './words.ts';

type Facts = readonly (readonly [name: string, value: string])[];

/** The card by its own word, and what it can do at best. */
export function DevicePanel({ rows }: { rows: readonly GpuRow[] }) {
  const [adapter] = rowsOf(rows, 'adapter');
  const limits = rowsOf(rows, 'limit');
  if (adapter === undefined) return null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Panel title="The card" testId="bench-adapter">
        <FactList facts={adapterFacts(adapter)} />
      </Panel>
      {limits.length > 0 && (
        <Panel
          title="Its limits"
          hint="What the card does at best, as simple programs show it: a training step cannot be faster than these."
          testId="bench-limits"
        >
          <FactList
            facts={limits.map(({ what, value, unit }) => [limitText(what), rate(value, unit)] as const)}
          />
        </Panel>
      )}
    </SimpleGrid>
  );
}

function adapterFacts({ name, software, features, limits }: RowOf<'adapter'>): Facts {
  const has = (feature: string) => (features.includes(feature) ? 'yes' : 'no');
  return [
    ['Name', name || 'not told'],
    ['Kind', software ? 'a program on the processor' : 'hardware'],
    ['Largest array', bytes(limits.maxStorageBufferBindingSize ?? 0)],
    ['Threads of a workgroup', count(limits.maxComputeInvocationsPerWorkgroup ?? 0)],
    ['Shared memory of a workgroup', bytes(limits.maxComputeWorkgroupStorageSize ?? 0)],
    ['Half-precision numbers', has('shader-f16')],
    ['Subgroups', has('subgroups')],
    ['Times of single kernels', has('timestamp-query')],
  ];
}

function FactList({ facts }: { facts: Facts }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
