import { Button, Collapse, Radio, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useId } from '@mantine/hooks';
import type { RunConfig } from '@strata/fl-core/protocol';
import {
  type LayerCosts,
  type ScoreScale,
  type StrategyName,
  strategies,
  strategyNamed,
} from '@strata/fl-core/selection';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { Choice } from '../../shared/components/Choice.tsx';
import { drawable } from './example.ts';
import classes from './StrategyCards.module.css';
import { StrategyPicture } from './StrategyPicture.tsx';
import { moreStrategies, strategiesInSight } from './strategy-choices.ts';

type Strategy = RunConfig['strategy'];

interface StrategyCardsProps {
  readonly strategy: Strategy;
  /** What the five clients of the pictures can afford, in the unit of `costs`. */
  readonly budgets: readonly number[];
  /** Of the pictures' eight layers. */
  readonly costs: LayerCosts;
  /** How their scores compare. */
  readonly scale: ScoreScale;
  readonly onChoose: (strategy: Strategy) => void;
}

/** The strategies to compare first, and all the others where one asks for them. */
export function StrategyCards({ strategy, budgets, costs, scale, onChoose }: StrategyCardsProps) {
  const [unfolded, setUnfolded] = useState(false);
  const more = useId();
  const choose = (name: string) => {
    const chosen = strategies.find((s) => s.name === name);
    if (chosen !== undefined && name !== strategy.name) onChoose(chosen.startConfig());
  };
  const card = (name: StrategyName) => (
    <StrategyCard key={name} name={name} strategy={strategy} budgets={budgets} costs={costs} scale={scale} />
  );
  const hidden = moreStrategies.reduce((n, group) => n + group.names.length, 0);
  return (
    <Radio.Group value={strategy.name} onChange={choose} aria-label="Strategy">
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {strategiesInSight(strategy.name, unfolded).map(card)}
      </SimpleGrid>
      <Button
        variant="subtle"
        size="compact-sm"
        mt="sm"
        onClick={() => setUnfolded(!unfolded)}
        aria-expanded={unfolded}
        aria-controls={more}
        rightSection={
          <IconChevronDown size={15} className={classes.chevron} data-up={unfolded || undefined} />
        }
        data-testid="more-strategies"
      >
        {unfolded ? 'Fewer strategies' : `${hidden} more strategies`}
      </Button>
      <Collapse expanded={unfolded} id={more}>
        {unfolded && (
          <Stack gap="md" mt="xs">
            {moreStrategies.map((group) => (
              <div key={group.title}>
                <Title order={3} fz="sm" className={classes.group}>
                  {group.title}
                </Title>
                <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
                  {group.names.map(card)}
                </SimpleGrid>
              </div>
            ))}
          </Stack>
        )}
      </Collapse>
    </Radio.Group>
  );
}

interface StrategyCardProps {
  readonly name: StrategyName;
  readonly strategy: Strategy;
  readonly budgets: readonly number[];
  readonly costs: LayerCosts;
  readonly scale: ScoreScale;
}

function StrategyCard({ name, strategy, budgets, costs, scale }: StrategyCardProps) {
  const { title, text, source, startConfig } = strategyNamed(name);
  const drawn = name === strategy.name ? drawable(strategy) : startConfig();
  return (
    <Choice
      value={name}
      title={title}
      text={
        <>
          {text}
          <Text component="span" display="block" size="xs" mt={4}>
            {source}
          </Text>
        </>
      }
      picture={<StrategyPicture strategy={drawn} budgets={budgets} costs={costs} scale={scale} />}
    />
  );
}
