import { IconCheck, IconSnowflake } from '@tabler/icons-react';
import type { ClientSnapshot, LayerInfo } from '../client/index.ts';
import { percent } from '../shared/texts/format.ts';
import { Card } from './Card.tsx';
import classes from './LayerStack.module.css';

interface LayerStackProps extends Pick<ClientSnapshot, 'layers' | 'scores' | 'mask'> {
  /** The work is over. */
  readonly past?: boolean;
}

/** The model as a stack, the input at the bottom: own importance as bars, the chosen layers set off. */
export function LayerStack({ layers, scores, mask, past = false }: LayerStackProps) {
  const most = Math.max(Number.MIN_VALUE, ...Object.values(scores ?? {}));
  return (
    <Card title="The model, layer by layer" testId="layers">
      <p className={classes.lead}>{lead(scores !== null, mask !== null, past)}</p>
      <ol className={classes.stack} aria-label="Layers, from output to input">
        {layers.toReversed().map((layer) => (
          <Slab
            key={layer.name}
            layer={layer}
            importance={scores?.[layer.name] === undefined ? null : scores[layer.name]! / most}
            chosen={mask?.includes(layer.name) ?? false}
            past={past}
          />
        ))}
      </ol>
    </Card>
  );
}

function lead(measured: boolean, chosen: boolean, past: boolean): string {
  if (!measured && !chosen)
    return 'Once the layers are measured, you see here which of them matter most for your data.';
  const bars = measured ? 'The longer the bar, the more the layer matters for your data. ' : '';
  if (!chosen) return bars;
  return `${bars}Your device ${past ? 'trained' : 'trains'} the ones set off.`;
}

interface SlabProps {
  readonly layer: LayerInfo;
  /** In [0, 1], relative to the most important layer; null when it was not measured. */
  readonly importance: number | null;
  readonly chosen: boolean;
  readonly past: boolean;
}

function Slab({ layer, importance, chosen, past }: SlabProps) {
  const fate = fateOf(layer, chosen, past);
  return (
    <li className={classes.slab} data-role={layer.role} data-chosen={chosen} data-layer={layer.name}>
      <span className={classes.fill} style={{ width: `${100 * (importance ?? 0)}%` }} aria-hidden="true" />
      <span className={classes.name}>{layer.name}</span>
      <span className={classes.fate}>
        {importance !== null && <span className={classes.share}>{percent(importance, 0)}</span>}
        {chosen && <IconCheck size={14} aria-hidden="true" />}
        {layer.role === 'embed' && <IconSnowflake size={14} aria-hidden="true" />}
        {fate}
      </span>
    </li>
  );
}

function fateOf({ role }: LayerInfo, chosen: boolean, past: boolean): string {
  switch (role) {
    case 'head':
      return 'always trained';
    case 'embed':
      return 'fixed';
    case 'block':
      return chosen ? (past ? 'you trained this' : 'you train this') : '';
  }
}
