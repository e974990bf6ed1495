import { Button, Code, Table, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Columns } from '../../shared/components/Columns.tsx';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { notifyError } from '../../shared/components/notify-error.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { saveAs } from '../../shared/files/save-as.ts';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { auditFile, newestAudit, useLookAgain } from '../session/session.ts';
import { auditText } from './audit-text.ts';
import { moment } from './day.ts';

/** What operators decided and which models were committed, for owners. */
export function AuditPanel() {
  const audit = useLoaded(['audit'], newestAudit, { everyMs: 10_000 });
  useLookAgain(audit.kind === 'failed' ? audit.error : null);
  const save = () => void auditFile().then((file) => saveAs(file, 'strata-audit.jsonl'), notifyError);
  return (
    <Panel
      title="Audit log"
      hint="What operators decided, and every model that was committed, in a chain of hashes: “npm run audit -- FILE” says whether a saved log is whole."
      testId="audit"
      flush
      fill
      controls={
        <Button size="compact-sm" variant="default" leftSection={<IconDownload size={15} />} onClick={save}>
          Save all
        </Button>
      }
    >
      {audit.kind === 'failed' && <ErrorNotice error={audit.error} onRetry={audit.reload} />}
      {audit.kind === 'ready' && (
        <>
          <Text size="sm" px="md" pt="sm">
            Entry {audit.value.count}: <Code style={{ overflowWrap: 'anywhere' }}>{audit.value.head}</Code>
            <br />
            <Text span size="xs" c="dimmed">
              Note this hash elsewhere now and then: with it nobody can cut off the end or make the log anew
              unseen.
            </Text>
          </Text>
          <Table miw={640} verticalSpacing="xs" horizontalSpacing="md">
            <Columns names={['When', 'Who', 'What', 'Run']} />
            <Table.Tbody>
              {audit.value.entries.map((entry) => (
                <Table.Tr key={entry.seq} data-audit={entry.kind}>
                  <Table.Td>
                    <Text size="sm">{moment(entry.at)}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{entry.who}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{auditText(entry)}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm" ff="monospace">
                      {entry.run ?? ''}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </>
      )}
    </Panel>
  );
}
