import type { RunConfig } from '@strata/fl-core/protocol';
import { Panel } from '../../shared/components/Panel.tsx';
import classes from './ConfigurationPanel.module.css';
import { configurationFacts } from './configuration.ts';

/** What the figures of this run are figures of. */
export function ConfigurationPanel({ config }: { config: RunConfig }) {
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
    </Panel>
  );
}
