import { ActionIcon, Menu } from '@mantine/core';
import { IconDownload, IconPhoto, IconTable } from '@tabler/icons-react';
import { notifyError } from '../../shared/components/notify-error.ts';
import { csv } from '../../shared/files/csv.ts';
import { saveAs } from '../../shared/files/save-as.ts';

interface SaveMenuProps {
  /** What is saved: in the name of the button, and of the files. */
  readonly title: string;
  /** Headings first. */
  readonly rows: () => readonly (readonly (string | number | null)[])[];
  /** A PNG of the chart; absent where there is only the table. */
  readonly picture?: () => Promise<Blob>;
}

/** Takes what a panel shows home: as a picture, as numbers. In the page and not on the canvas, where no key reaches. */
export function SaveMenu({ title, rows, picture }: SaveMenuProps) {
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size="md" aria-label={`Save ${title}`} data-testid={`save-${name}`}>
          <IconDownload size={16} stroke={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {picture && (
          <Menu.Item
            leftSection={<IconPhoto size={16} />}
            onClick={() => void picture().then((png) => saveAs(png, `${name}.png`), notifyError)}
          >
            Picture (PNG)
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<IconTable size={16} />}
          onClick={() => saveAs(new Blob([csv(rows())], { type: 'text/csv' }), `${name}.csv`)}
        >
          Numbers (CSV)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
