import { Title } from '@mantine/core';
import { Shell } from '../../app/Shell.tsx';

export default function RunsPage() {
  return (
    <Shell home="/operator">
      <Title order={1}>Runs</Title>
    </Shell>
  );
}
