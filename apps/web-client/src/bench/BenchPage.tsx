import { Stack, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { StrataError } from '@strata/fl-core/protocol';
import { useEffect, useMemo, useRef } from 'react';
import { useSearch } from 'wouter';
import { ErrorNotice } from '../shared/components/ErrorNotice.tsx';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { useLoaded } from '../shared/hooks/useLoaded.ts';
import classes from './Bench.module.css';
import { type Device, lookAtDevice } from './look.ts';
import { Progress } from './Progress.tsx';
import { benchQuery } from './query.ts';
import { Results } from './Results.tsx';
import { Setup } from './Setup.tsx';
import { isOver } from './snapshot.ts';
import { useBench } from './useBench.ts';

/** `/bench`: what a training step takes on this device, measured in this tab. */
export default function BenchPage() {
  useDocumentTitle('Measure this device · Strata');
  const device = useLoaded(['device'], lookAtDevice);
  return (
    <PageFrame>
      <header className={classes.hero}>
        <h1>How fast does this device train?</h1>
        <p>
          Strata takes a few training steps of well-known models, filled with random numbers, on this device’s
          graphics card, and times them and the kernels that they are made of. Nothing is sent anywhere: the
          results stay on this page until you copy them. It takes about a minute; keep this tab in front
          meanwhile.
        </p>
      </header>
      {device.kind === 'loading' && <PageLoading label="Looking at this device" />}
      {device.kind === 'failed' && <ErrorNotice error={device.error} onRetry={device.reload} />}
      {device.kind === 'ready' && <Bench device={device.value} />}
    </PageFrame>
  );
}

function Bench({ device }: { device: Device }) {
  const search = useSearch();
  const query = useMemo(() => benchQuery(search), [search]);
  const { snapshot, start, stop } = useBench();
  const busy = snapshot !== null && !isOver(snapshot);

  const begin = (size: Device['size']) => {
    const { parts, models } = query;
    start({ size, ...(parts && { parts }), ...(models && { models }) });
  };
  // React runs effects twice while a page is developed; one measurement would disturb the other.
  const begun = useRef(false);
  useEffect(() => {
    if (!query.autostart || begun.current) return;
    begun.current = true;
    begin(query.size ?? device.size);
  });

  return (
    <Stack gap="md">
      <Setup device={device} size={query.size ?? device.size} busy={busy} onStart={begin} />
      {snapshot?.error && <ErrorNotice error={StrataError.fromBody(snapshot.error)} />}
      {snapshot !== null && <Progress snapshot={snapshot} onStop={stop} />}
      {snapshot !== null && <Results rows={snapshot.rows} />}
      {snapshot?.state === 'done' && (
        <Text size="sm" c="dimmed">
          Times vary by some percent from one measurement to the next, and more on a laptop that runs on its
          battery.
        </Text>
      )}
    </Stack>
  );
}
