import { Input, SegmentedControl } from '@mantine/core';
import type { RunConfig } from '@strata/fl-core/protocol';
import { amountText } from '../shared/texts/budget-text.ts';
import { type Share, shareBudget } from './share.ts';

const labels: Readonly<Record<Share, string>> = {
  less: 'A little',
  suggested: 'As suggested',
  more: 'A lot',
};

interface ShareChooserProps {
  readonly budget: RunConfig['budget'];
  readonly share: Share;
  readonly onChange: (share: Share) => void;
}

/** How much this device may do; nothing where the run decides that. */
export function ShareChooser({ budget, share, onChange }: ShareChooserProps) {
  const amount = shareBudget(share, budget);
  if (amount === null) return null;
  const text = amountText(amount, budget.unit);
  return (
    <Input.Wrapper
      label="How much may this device do?"
      description={`Up to ${text} of the model in each round.`}
      data-testid="share"
    >
      <SegmentedControl
        fullWidth
        mt={6}
        value={share}
        onChange={onChange}
        data={Object.entries(labels).map(([value, label]) => ({ value: value as Share, label }))}
        aria-label="How much may this device do?"
      />
    </Input.Wrapper>
  );
}
