import { Alert, Button, Group, NativeSelect, NumberInput, Stack, TextInput } from '@mantine/core';
import { QRCodeSVG } from 'qrcode.react';
import { useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { createInvitation, getJoinAddresses, joinAddress } from '../api.ts';
import { joinChoices } from '../run/join-choices.ts';
import { useSubmit } from '../session/use-submit.ts';

const lives = [
  { value: '1', label: 'One day' },
  { value: '7', label: 'A week' },
  { value: '30', label: '30 days' },
  { value: '365', label: 'A year' },
];

interface NewInvitationProps {
  readonly run: string;
  readonly onMade: () => void;
}

export function NewInvitation({ run, onMade }: NewInvitationProps) {
  const addresses = useLoaded(['join-addresses'], getJoinAddresses);
  const [best] = joinChoices(
    addresses.kind === 'ready' ? addresses.value : { addresses: [] },
    location.origin,
  );
  const [site, setSite] = useState('');
  const [uses, setUses] = useState<number | string>(1);
  const [days, setDays] = useState('7');
  const [secret, setSecret] = useState<string | null>(null);
  const { busy, error, submit } = useSubmit(async () => {
    const made = await createInvitation(run, { site, uses: Number(uses), days: Number(days) });
    setSecret(made.secret);
    setSite('');
    onMade();
  });
  const link =
    secret === null ? null : joinAddress({ id: run, joinKey: secret }, best?.url ?? location.origin);
  return (
    <Panel title="New invitation" testId="new-invitation">
      <Stack component="form" onSubmit={submit} gap="sm" maw={420}>
        {error !== null && <ErrorNotice error={error} />}
        {link !== null && (
          <Alert
            color="ochre"
            variant="light"
            title="Send this link now: it is shown this once"
            role="status"
          >
            <TextInput
              readOnly
              value={link}
              aria-label="Link of the new invitation"
              data-testid="invitation-link"
              onFocus={(event) => event.currentTarget.select()}
            />
            <Group justify="center" mt="sm">
              <QRCodeSVG
                value={link}
                size={132}
                marginSize={2}
                bgColor="#ffffff"
                fgColor="#10171b"
                title="QR code of the invitation"
              />
            </Group>
          </Alert>
        )}
        <TextInput
          label="For"
          description="A site or a person; may be left empty."
          maxLength={80}
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
        />
        <NumberInput
          label="Participants"
          description="So many may come by this link."
          min={1}
          max={1000}
          allowDecimal={false}
          value={uses}
          onChange={setUses}
        />
        <NativeSelect
          label="Good for"
          data={lives}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={busy} disabled={Number(uses) < 1}>
            Create the invitation
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
