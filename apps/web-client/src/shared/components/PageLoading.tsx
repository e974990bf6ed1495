import { Center, Loader } from '@mantine/core';

export function PageLoading({ label = 'Loading' }: { label?: string }) {
  return (
    <Center mih="60vh" role="status" aria-label={label}>
      <Loader type="bars" />
    </Center>
  );
}
