import { Button, type ButtonProps } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { notifyError } from '../../shared/components/notify-error.ts';
import { commandRun, createRun, getCatalog } from '../api.ts';
import { sampleRun } from '../create/defaults.ts';
import { demoParticipants } from '../demo/demo-participants.ts';

const demoClients = 3;

/** One click: a run on built-in data, participants in this tab, started. */
export function TrySample(props: Pick<ButtonProps, 'variant' | 'size'>) {
  const [busy, setBusy] = useState(false);
  const [, navigate] = useLocation();

  const start = async () => {
    setBusy(true);
    try {
      const { config, sample } = sampleRun(await getCatalog(AbortSignal.timeout(15_000)), demoClients);
      const run = await createRun(config);
      demoParticipants.add(run, sample, demoClients);
      navigate(`/operator/runs/${run.id}`);
      await commandRun(run.id, 'start');
    } catch (error) {
      notifyError(error);
      setBusy(false);
    }
  };

  return (
    <Button {...props} loading={busy} leftSection={<IconPlayerPlay size={16} />} onClick={() => void start()}>
      Try it with sample data
    </Button>
  );
}
