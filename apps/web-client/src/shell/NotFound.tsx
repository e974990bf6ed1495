import { Button, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'wouter';
import { PageFrame } from '../shared/components/PageFrame.tsx';

export function NotFound() {
  useDocumentTitle('Not found · Strata');
  return (
    <PageFrame>
      <Stack align="center" gap="sm" py="15vh" ta="center">
        <Title order={1}>There is nothing at this address</Title>
        <Text c="dimmed">Check the link, or start from the list of open runs.</Text>
        <Button component={Link} href="/" mt="sm">
          Open runs
        </Button>
      </Stack>
    </PageFrame>
  );
}
