import { Anchor, Breadcrumbs, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'wouter';
import { PageError } from '../../shared/components/PageError.tsx';
import { PageFrame } from '../../shared/components/PageFrame.tsx';
import { PageLoading } from '../../shared/components/PageLoading.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { getCatalog } from '../api.ts';
import { useForgetRefusedToken } from '../forget-token.ts';
import { TokenGate } from '../TokenGate.tsx';
import { CreateForm } from './CreateForm.tsx';

export default function CreatePage() {
  useDocumentTitle('New run · Strata');
  return (
    <TokenGate>
      <Create />
    </TokenGate>
  );
}

function Create() {
  const catalog = useLoaded(['catalog'], getCatalog);
  useForgetRefusedToken(catalog.kind === 'failed' ? catalog.error : null);
  return (
    <PageFrame
      home="/operator"
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
    </PageFrame>
  );
}
