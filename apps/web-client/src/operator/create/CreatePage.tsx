import { Anchor, Breadcrumbs, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'wouter';
import { PageError } from '../../shared/components/PageError.tsx';
import { PageLoading } from '../../shared/components/PageLoading.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { getCatalog } from '../api.ts';
import { OperatorFrame } from '../OperatorFrame.tsx';
import { SessionGate } from '../session/SessionGate.tsx';
import { useLookAgain } from '../session/session.ts';
import { CreateForm } from './CreateForm.tsx';

export default function CreatePage() {
  useDocumentTitle('New run · Strata');
  return (
    <SessionGate needs="operator">
      <Create />
    </SessionGate>
  );
}

function Create() {
  const catalog = useLoaded(['catalog'], getCatalog);
  useLookAgain(catalog.kind === 'failed' ? catalog.error : null);
  return (
    <OperatorFrame
      trail={
        <Breadcrumbs separatorMargin={8} component="nav" aria-label="Breadcrumb">
          <Anchor component={Link} href="/operator" size="sm" c="dimmed" underline="hover">
            Runs
          </Anchor>
          <Text size="sm">New run</Text>
        </Breadcrumbs>
      }
    >
      {catalog.kind === 'loading' && <PageLoading label="Loading what this server offers" />}
      {catalog.kind === 'failed' && (
        <PageError title="No run can be made now" error={catalog.error} onRetry={catalog.reload} />
      )}
      {catalog.kind === 'ready' && <CreateForm catalog={catalog.value} />}
    </OperatorFrame>
  );
}
