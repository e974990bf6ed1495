import type { RunPublic } from '@strata/fl-core/protocol';
import type { LayerInfo } from '../client/index.ts';
import { Card } from './Card.tsx';
import { dataEstimate, dataText, timeText } from './estimates.ts';
import { Facts } from './Facts.tsx';
import type { Share } from './share.ts';

/** What taking part takes, before one joins: a phone's data has a price. */
export function Costs({
  run,
  share,
  layers,
}: {
  readonly run: RunPublic;
  readonly share: Share;
  readonly layers: readonly LayerInfo[];
}) {
  const data = dataEstimate(run, share, layers);
  const facts = [
    ['Data over the network', data === null ? 'Known in a moment' : dataText(data)],
    ['Time', timeText(run)],
  ] as const;
  return (
    <Card title="What it takes" testId="costs">
      <Facts facts={facts} />
    </Card>
  );
}
