import { Anchor, Loader } from '@mantine/core';
import type { DeviceInfo } from '@strata/fl-core/protocol';
import { IconCpu, IconSparkles } from '@tabler/icons-react';
import { plural } from '../shared/texts/format.ts';
import { Card } from './Card.tsx';
import classes from './DeviceCheck.module.css';

function describe(device: DeviceInfo): { good: boolean; title: string } {
  switch (device.backend) {
    case 'webgpu':
      return { good: true, title: 'Your graphics chip does the work' };
    case 'wasm':
      return {
        good: device.threads > 1,
        title: `Your processor does the work, on ${plural(device.threads, 'core')}`,
      };
    case 'cpu':
      return { good: false, title: 'Slow, but it works' };
  }
}

/** Adapter and backend, and why (C2). Amber means slower, never "no". */
export function DeviceCheck({ device }: { device: DeviceInfo | null }) {
  if (device === null) {
    return (
      <Card title="This device" testId="device">
        <div className={classes.row} role="status">
          <Loader size="sm" aria-hidden="true" />
          <span>Looking at what this device can do…</span>
        </div>
      </Card>
    );
  }
  const { good, title } = describe(device);
  const Icon = device.backend === 'webgpu' ? IconSparkles : IconCpu;
  return (
    <Card title="This device" testId="device">
      <div className={classes.row} data-backend={device.backend}>
        <span className={classes.badge} data-good={good}>
          <Icon size={20} aria-hidden="true" />
        </span>
        <div>
          <p className={classes.title}>
            {title} <span className={classes.verdict}>{good ? 'Ready' : 'Ready, slower'}</span>
          </p>
          <p className={classes.reason}>{device.reason}</p>
          {device.adapter !== '' && !device.reason.includes(device.adapter) && (
            <p className={classes.reason}>Graphics: {device.adapter}</p>
          )}
          <p className={classes.reason}>
            {/* In a tab of its own: what was chosen on this page would be lost. */}
            <Anchor href="/bench" target="_blank" inherit>
              Measure how fast it is
            </Anchor>
          </p>
          {!window.isSecureContext && (
            <p className={classes.reason}>
              This page came over an unprotected connection (http), and browsers keep the graphics chip from
              such pages. Over https it could be used.
            </p>
          )}
        </div>
      </div>
    </Card>
  );
}
