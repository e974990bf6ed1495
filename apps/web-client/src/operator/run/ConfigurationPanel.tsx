import { Anchor } from '@mantine/core';
import { type RunView, routes } from '@strata/fl-core/protocol';
import { server } from '../../shared/api/api.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import classes from './ConfigurationPanel.module.css';
import { configurationFacts } from './configuration.ts';

/** What the figures of this run are figures of. */
export function ConfigurationPanel({ run: { id, config } }: { run: Pick<RunView, 'id' | 'config'> }) {
  return (
    <Panel title="Configuration" testId="configuration">
      <dl className={classes.facts}>
        {configurationFacts(config).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Anchor
        size="sm"
        href={server.url(routes.dataSheet, { params: { run: id } })}
        download
        data-testid="data-sheet"
      >
        Data sheet, for an ethics board
      </Anchor>
    </Panel>
  );
}
